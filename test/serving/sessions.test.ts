import { expect, test } from 'vitest'
import { initialize, send, useHttp } from '../fake/http.ts'

test('HEAD is 405, and keeps no session from being idle', async () => {
  const server = await useHttp({ flags: ['--max-sessions', '1'] })
  const { status, headers } = await send(server.url, initialize)
  expect(status).toBe(200)
  const head = await send(server.url, {
    method: 'HEAD',
    headers: { 'Mcp-Session-Id': String(headers['mcp-session-id']), 'MCP-Protocol-Version': '2025-06-18' },
  })
  expect(head.status).toBe(405)
  // The idle one makes room.
  expect((await send(server.url, initialize)).status).toBe(200)
})
