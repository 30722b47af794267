import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

/**
 * A PostHog that accepts a call and then says nothing: the built server has to answer at its 45 s deadline with a
 * tool error, and to answer the next call. Takes 45 s of real time, so it is no test; exits 1 when it is not so.
 */
const ID = '0198bb00-0000-0000-0000-000000000001'
let silent = true
const upstream = createServer((_request, response) => {
  if (silent) return
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ id: ID, name: 'alive' }))
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
// A TCP server that listens has an AddressInfo, not a pipe's name.
const { port } = upstream.address() as AddressInfo

const transport = new StdioClientTransport({
  command: process.execPath,
  args: [fileURLToPath(new URL('../src/main.js', import.meta.url))],
  env: {
    POSTHOG_HOST: `http://127.0.0.1:${port}`,
    POSTHOG_PERSONAL_API_KEY: 'phx_silence-0123456789',
    POSTHOG_PROJECT_ID: '7',
    LOG_LEVEL: 'silent',
  },
})
const client = new Client({ name: 'silence', version: '1' })
await client.connect(transport)
const get = () => client.callTool({ name: 'warehouse_tables_get', arguments: { id: ID } }, { timeout: 100_000 })

const started = performance.now()
const failed = await get()
const seconds = Math.round((performance.now() - started) / 1000)
silent = false
const next = await get()
console.log(JSON.stringify({ seconds, failed: failed.content, next: next.structuredContent }, null, 2))
await client.close()
upstream.closeAllConnections()
upstream.close()
const good = failed.isError === true && seconds >= 44 && seconds <= 47 && next.isError !== true
process.exitCode = good ? 0 : 1
