import { expect, it } from 'vitest'
import { useRecorder } from '../fake/recorder.ts'
import { callTool, post, startHttpServer } from './server.ts'

const id = /^[0-9a-f]{8}-[0-9a-f-]{27}$/

it('the id of a response is in the lines of its request, and of the calls made in it', async () => {
  const posthog = await useRecorder(() => ({ json: { count: 0, results: [] } }))
  const server = await startHttpServer(posthog.origin)
  const [first, second] = await Promise.all([
    callTool(server.url, 'warehouse_tables_list'),
    callTool(server.url, 'external_data_sources_list'),
  ])
  const ids = [first, second].map(({ headers }) => headers.get('x-request-id'))
  expect(ids).toEqual([expect.stringMatching(id), expect.stringMatching(id)])
  expect(ids[0]).not.toBe(ids[1])
  for (const [at, tool] of ['warehouse_tables_list', 'external_data_sources_list'].entries()) {
    expect(await server.logged((line) => line.tool === tool)).toMatchObject({ msg: 'call', request: ids[at] })
    expect(await server.logged(({ msg, request }) => msg === 'request' && request === ids[at])).toMatchObject({
      method: 'POST',
      status: 200,
    })
  }
})

it('so it is in a session', async () => {
  const posthog = await useRecorder(() => ({ json: { count: 0, results: [] } }))
  const server = await startHttpServer(posthog.origin)
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  const begun = await post(server.url, { method: 'initialize', params })
  const session = begun.headers.get('mcp-session-id') ?? ''
  expect(session).not.toBe('')
  const headers = { 'Mcp-Session-Id': session }
  const called = await callTool(server.url, 'warehouse_tables_list', {}, { headers })
  const request = called.headers.get('x-request-id')
  expect(request).toMatch(id)
  expect(request).not.toBe(begun.headers.get('x-request-id'))
  expect(await server.logged(({ msg }) => msg === 'call')).toMatchObject({ request })
})

it('every response has one, refusals too, and it is never the caller’s', async () => {
  const posthog = await useRecorder()
  const server = await startHttpServer(posthog.origin)
  const asked: readonly [string, number, RequestInit][] = [
    ['/mcp', 403, { method: 'POST', headers: { Origin: 'https://evil.example.com' } }],
    ['/mcp', 415, { method: 'POST', body: 'x', headers: { 'X-Request-Id': 'forged' } }],
    ['/nothing', 404, {}],
  ]
  for (const [path, status, init] of asked) {
    const response = await fetch(server.at(path), init)
    expect(response.status).toBe(status)
    expect(response.headers.get('x-request-id')).toMatch(id)
  }
  // The refusal of a web page is told too.
  expect(await server.logged((line) => line.status === 403)).toMatchObject({ msg: 'request' })
})
