/**
 * Times what a client feels on a project of 5,000 tables: the built server over stdio, a PostHog on loopback that
 * answers at once, and everything but the first answer from the warm cache. Prints medians in milliseconds, and fails
 * where one is too many times a round trip that does nothing (`prompts/list`), measured in the same run.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { answerSchema, largeSchema } from './large-schema.ts'

const TABLES = 5_000
const ROUNDS = 60
const schema = JSON.stringify(largeSchema(TABLES))

const posthog = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? ''
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(path.endsWith('/query/') ? schema : JSON.stringify(answerSchema({}, path)))
})
posthog.listen(0, '127.0.0.1')
await once(posthog, 'listening')
// A TCP server that listens has an AddressInfo, not a pipe's name.
const { port } = posthog.address() as AddressInfo

const client = new Client({ name: 'bench', version: '1' })
const transport = new StdioClientTransport({
  command: process.execPath,
  args: [fileURLToPath(new URL('../src/main.js', import.meta.url))],
  env: {
    POSTHOG_HOST: `http://127.0.0.1:${port}`,
    POSTHOG_PERSONAL_API_KEY: 'phx_bench-0123456789',
    POSTHOG_PROJECT_ID: '7',
    LOG_LEVEL: 'silent',
  },
})
await client.connect(transport)

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const median = async (work: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) times.push(await timed(work))
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
}

const template = 'posthog://projects/{project_id}/tables/{name}'
const complete = (value: string) => () =>
  client.complete({ ref: { type: 'ref/resource', uri: template }, argument: { name: 'name', value } })
const tool = (name: string, args: Record<string, unknown>) => () => client.callTool({ name, arguments: args })

// A page at a time: the client's own listResources walks all of them.
const firstPage = () => client.request({ method: 'resources/list', params: {} })
const cold = await timed(firstPage)

/** What is measured, with how many idle round trips it may cost at most. */
const rows = [
  ['prompts/list (the baseline)', () => client.request({ method: 'prompts/list', params: {} }), 1],
  ['resources/list, first page', firstPage, 25],
  ['completion, 10 of 5,000', complete('table_0012'), 15],
  ['completion, all of 5,000', complete('t'), 20],
  [
    'resources/read',
    () =>
      client.readResource({ uri: 'posthog://projects/7/tables/postgres.prod.table_02500' }, { cacheMode: 'bypass' }),
    15,
  ],
  ['schema_list, 200 of 5,000', tool('schema_list', {}), 30],
  ['schema_list, a search', tool('schema_list', { search: 'table_0123' }), 25],
  ['schema_describe', tool('schema_describe', { names: ['postgres.prod.table_02500'] }), 20],
] as const

console.log(`${TABLES} tables, ${(schema.length / 1e6).toFixed(1)} MB of schema; medians of ${ROUNDS}`)
console.log(`${cold.toFixed(1).padStart(9)} ms        first list, cold: the schema is fetched, read and joined`)
let base = 0
for (const [what, work, most] of rows) {
  const ms = await median(work)
  base ||= ms
  const ratio = ms / base
  console.log(`${ms.toFixed(2).padStart(9)} ms ${ratio.toFixed(1).padStart(6)}×  ${what}`)
  if (ratio > most) {
    console.error(`${what}: more than ${most} times the baseline`)
    process.exitCode = 1
  }
}
await client.close()
posthog.close()
