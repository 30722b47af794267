/**
 * The tour: a real MCP client, the built server and a real local warehouse, with nothing installed but npm packages
 * and no account. `npm start` runs it; it exits 0 when every step did what it shows.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { type LocalHandle, startLocal } from '../src/local/start.ts'
import { clientConfigurations } from './client-configurations.ts'

type Json = Record<string, unknown>
type Tool = (name: string, args?: Json) => Promise<Json>

// Compiled, this file is dist/docs/tour.js.
const inRepo = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const sample = inRepo('docs/sample')
const server = inRepo('dist/src/main.js')
const revenue = `select c.country as country, count() as orders, round(sum(o.amount), 2) as revenue
  from orders as o join customers as c on o.customer_id = c.customer_id
  group by c.country order by revenue desc`

const say = (text = ''): void => console.log(text)
const step = (title: string): void => say(`\n── ${title}`)

/** The sample tables that are there from the start, linked from files as a bucket's would be. */
const linkSample = async (local: LocalHandle): Promise<void> => {
  for (const [name, format] of [
    ['customers.csv', 'CSVWithNames'],
    ['refunds.parquet', 'Parquet'],
  ] as const) {
    const answer = await fetch(`${local.origin}/api/projects/${local.projectId}/warehouse_tables/`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${local.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        name: name.split('.')[0],
        format,
        url_pattern: pathToFileURL(join(sample, name)).href,
        credential: { access_key: 'none', access_secret: 'needed' },
      }),
    })
    if (answer.status !== 201) throw new Error(`the sample ${name} could not be linked: ${await answer.text()}`)
  }
}

const connect = async (local: LocalHandle): Promise<Client> => {
  const client = new Client({ name: 'tour', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [server, '--allow-dir', sample],
    env: { POSTHOG_HOST: local.origin, POSTHOG_PERSONAL_API_KEY: local.key, LOG_LEVEL: 'warn' },
    stderr: 'inherit',
  })
  await client.connect(transport)
  return client
}

/** Calls a tool and shows the call and the start of its answer. */
const show = async (client: Client, name: string, args: Json, failing: boolean): Promise<Json> => {
  say(`> ${name} ${JSON.stringify(args).replaceAll('\\n ', '')}`)
  const result = await client.callTool({ name, arguments: args })
  const text = result.content.map((block) => (block.type === 'text' ? block.text : block.type)).join('\n')
  say(text.length > 420 ? `${text.slice(0, 420)} … (${text.length} characters)` : text)
  if ((result.isError === true) !== failing) throw new Error(`${name} ${failing ? 'should have failed' : 'failed'}`)
  // A tool of this server answers with an object, or with an error and none.
  return (result.structuredContent ?? {}) as Json
}

const rowsOf = (answer: Json): readonly Json[] => (Array.isArray(answer.results) ? answer.results : [])

const waitForRun = async (client: Client, id: unknown): Promise<void> => {
  for (;;) {
    const { structuredContent } = await client.callTool({
      name: 'warehouse_saved_queries_run_history',
      arguments: { id },
    })
    const status = rowsOf((structuredContent ?? {}) as Json)[0]?.status
    if (status === 'Failed') throw new Error('the run failed')
    if (status === 'Completed') return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** PostHog's query endpoint, as its app uses it; the 54 operations administer, they do not read rows. */
const readRows = async (local: LocalHandle, sql: string): Promise<void> => {
  const answer = await fetch(`${local.origin}/api/projects/${local.projectId}/query/`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${local.key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: { kind: 'HogQLQuery', query: sql } }),
  })
  const { columns, results } = (await answer.json()) as { columns?: string[]; results?: unknown[][] }
  if (columns === undefined || results === undefined || results.length === 0) throw new Error('the view has no rows')
  say(`  ${columns.map((name) => name.padEnd(12)).join('')}`)
  for (const row of results) say(`  ${row.map((value) => String(value).padEnd(12)).join('')}`)
}

const tour = async (client: Client, local: LocalHandle): Promise<void> => {
  const call: Tool = (name, args = {}) => show(client, name, args, false)
  const { tools } = await client.listTools()
  say(`Connected over stdio: ${tools.length} tools.`)
  step('Which tables are there?')
  await call('warehouse_tables_list')
  step('Upload a CSV from this machine')
  const orders = await call('warehouse_tables_upload_file', { name: 'orders', path: 'orders.csv' })
  step('Make a view on it, joined with a linked file')
  const view = await call('warehouse_saved_queries_create', { name: 'revenue_by_country', query: revenue })
  step('Materialize it, and follow the run')
  await call('warehouse_saved_queries_materialize', { id: view.id, sync_frequency: '24hour' })
  await waitForRun(client, view.id)
  await call('warehouse_saved_queries_run', { id: view.id })
  await waitForRun(client, view.id)
  await call('warehouse_saved_queries_run_history', { id: view.id })
  step('Its rows, read with HogQL')
  await readRows(local, 'select * from revenue_by_country limit 5')
  step('Who depends on what?')
  await call('warehouse_saved_queries_create', {
    name: 'top_country',
    query: 'select country from revenue_by_country limit 1',
  })
  await call('warehouse_saved_queries_ancestors', { id: view.id })
  say(`  (${String(orders.id)} is orders)`)
  await call('warehouse_saved_queries_descendants', { id: view.id })
  step('A call that fails, and says what to do')
  await show(client, 'warehouse_saved_queries_create', { name: 'broken', query: 'select prize from orders' }, true)
}

const main = async (): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'posthog-warehouse-tour-'))
  say("A local warehouse on a real engine (chDB), with PostHog's API. Session-only operations are opened to its key")
  say('(--session-actions allow); PostHog itself refuses them to API keys.')
  const local = await startLocal({ directory, sessionActions: 'allow', allowDirs: [sample] })
  try {
    await linkSample(local)
    const client = await connect(local)
    await tour(client, local).finally(() => client.close())
  } finally {
    await local.close()
    await rm(directory, { recursive: true, force: true })
  }
  step('Put it into your assistant')
  say(clientConfigurations(server))
}

await main()
