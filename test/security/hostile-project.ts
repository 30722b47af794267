import type { Recorded, Script } from '../fake/recorder.ts'
import { payloads } from './payloads.ts'

/** Names of a table, a view and a table of an unknown kind for each payload. */
export const tableNames: readonly string[] = payloads
export const viewNames = payloads.map((payload) => `view ${payload}`)
const oddNames = payloads.map((payload) => `odd ${payload}`)
export const names = [...tableNames, ...viewNames, ...oddNames]

const fieldsOf = (evil: string) => [
  { name: evil, type: evil, hogql_value: evil, description: evil, table: evil, fields: [evil], schema_valid: false },
]
const table = (evil: string) => ({
  id: evil,
  type: 'data_warehouse',
  description: evil,
  format: evil,
  url_pattern: evil,
  status: evil,
  source: { id: evil, source_type: evil, prefix: evil },
  schema: { name: evil, status: evil, last_synced_at: evil },
  fields: fieldsOf(evil),
})
const view = (evil: string) => ({
  ...table(evil),
  type: 'materialized_view',
  query: { query: `select * from \`${evil}\`\n\nunion all\nselect '${evil}'` },
  last_run_at: evil,
})

const schema = {
  tables: Object.fromEntries([
    ...payloads.map((evil, at) => [tableNames[at], table(evil)]),
    ...payloads.map((evil, at) => [viewNames[at], view(evil)]),
    ...payloads.map((evil, at) => [oddNames[at], { ...table(evil), type: evil }]),
  ]),
  joins: payloads.map((evil) => ({
    source_table_name: evil,
    source_table_key: evil,
    joining_table_name: evil,
    joining_table_key: evil,
    field_name: evil,
  })),
}
const sources = payloads.map((evil, at) => ({
  id: `${at} ${evil}`,
  source_type: evil,
  prefix: evil,
  description: evil,
  status: evil,
  latest_error: evil,
  last_run_at: evil,
  access_method: evil,
  schemas: [
    {
      name: evil,
      should_sync: true,
      sync_type: evil,
      sync_frequency: evil,
      status: evil,
      last_synced_at: evil,
      latest_error: evil,
      table: { name: evil },
    },
  ],
}))
const views = payloads.map((evil, at) => ({
  id: evil,
  name: viewNames[at],
  description: evil,
  status: evil,
  sync_frequency: evil,
  last_run_at: evil,
  latest_error: evil,
  is_materialized: true,
  columns: [{ name: evil, type: evil, description: evil }],
}))

const isSchema = ({ json }: Recorded): boolean =>
  (json as { query?: { kind?: unknown } } | undefined)?.query?.kind === 'DatabaseSchemaQuery'

/** A project in which every name and every text is a payload; each third query is refused with one. */
export const hostileScript: Script = (request) => {
  if (isSchema(request)) return { json: schema }
  if (request.path.includes('external_data_sources')) return { json: { results: sources, next: null } }
  if (request.path.includes('warehouse_saved_queries')) return { json: { results: views, next: null } }
  const turn = Number(request.body.length) % payloads.length
  const evil = payloads[turn] ?? ''
  if (turn % 3 === 0) return { status: 400, json: { detail: evil, code: evil, attr: evil } }
  return {
    json: {
      results: [[evil, { [evil]: evil }]],
      columns: [evil, 'x'],
      types: [evil, evil],
      is_cached: true,
      last_refresh: evil,
    },
  }
}

/** The prompts that are about something, the argument that names it, and what else they need. */
export const PROMPTED = [
  ['explore_table', 'table', {}],
  ['model_view', 'table', { goal: 'count the orders' }],
  ['diagnose_sync', 'source', {}],
] as const
