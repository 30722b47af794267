import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { id, look, text } from './fields.ts'

/** What answers are computed from where PostHog keeps an operation from API keys; none of these is a tool. */
const page = z.strictObject({ limit: z.int(), offset: z.int().optional() })
const numbered = z.strictObject({ page: z.int().optional() })
const one = z.strictObject({ id })
const rows = { method: 'GET', large: true } as const

const views = operation({
  ...look,
  ...rows,
  toolset: 'warehouse_saved_queries',
  name: 'listed_views',
  title: 'the list of views',
  description: 'A page of views without SQL.',
  path: 'warehouse_saved_queries/',
  scopes: ['warehouse_view:read'],
  input: numbered,
})

const view = operation({
  ...look,
  toolset: 'warehouse_saved_queries',
  name: 'one_view',
  title: 'the SQL and the state of single views',
  description: 'One view.',
  method: 'GET',
  path: 'warehouse_saved_queries/{id}/',
  scopes: ['warehouse_view:read'],
  input: one,
})

const tables = operation({
  ...look,
  ...rows,
  toolset: 'warehouse_tables',
  name: 'listed_tables',
  title: 'the list of tables',
  description: 'A page of tables.',
  path: 'warehouse_tables/',
  scopes: ['warehouse_table:read'],
  input: page,
})

const sources = operation({
  ...look,
  ...rows,
  toolset: 'external_data_sources',
  name: 'listed_sources',
  title: 'the list of sources',
  description: 'A page of sources with the state of their tables.',
  path: 'external_data_sources/',
  scopes: ['external_data_source:read'],
  input: page,
})

const jobs = operation({
  ...look,
  toolset: 'external_data_sources',
  name: 'source_jobs',
  title: 'the syncs of sources',
  description: 'The newest runs of a source.',
  method: 'GET',
  path: 'external_data_sources/{id}/jobs/',
  scopes: ['external_data_source:read'],
  input: z.strictObject({ id, after: text.optional(), before: text.optional() }),
  // A bare array (fact sheet: sources 2.6).
  reply: { kind: 'list', paging: 'none', limit: 50, row: z.looseObject({}) },
})

const models = operation({
  ...look,
  toolset: 'warehouse_saved_queries',
  name: 'view_runs',
  title: 'the runs of all views',
  description: 'The newest runs of views.',
  method: 'GET',
  path: 'data_modeling_jobs/',
  scopes: ['warehouse_view:read'],
  input: page.extend({ saved_query_id: id.optional() }),
})

const history = operation({
  ...look,
  toolset: 'warehouse_saved_queries',
  name: 'view_history',
  title: 'the run histories of views',
  description: 'The last runs of a view.',
  method: 'GET',
  path: 'warehouse_saved_queries/{id}/run_history/',
  scopes: ['warehouse_view:read'],
  input: one,
})

const project = operation({
  ...look,
  toolset: 'data_warehouse',
  name: 'project',
  title: 'the time zone of the project',
  description: 'The project.',
  method: 'GET',
  path: '',
  scopes: ['project:read'],
  input: z.strictObject({}),
})

const entry = operation({
  ...look,
  toolset: 'file_system',
  name: 'one_entry',
  title: 'the path of the entry',
  description: 'One entry of the tree.',
  method: 'GET',
  path: 'file_system/{id}/',
  scopes: ['file_system:read'],
  input: one,
})

const entries = operation({
  ...look,
  toolset: 'file_system',
  name: 'listed_entries',
  title: 'the list of what is below it',
  description: 'What is below a path.',
  method: 'GET',
  path: 'file_system/',
  scopes: ['file_system:read'],
  input: z.strictObject({ parent: text, limit: z.int() }),
})

/** From what lineage is derived. */
export const lineageReads = { view, views, tables }
/** From what runs are derived. */
export const runReads = { sources, jobs, views, models, history, project }
/** From what the last run of a view is derived. */
export const lastRunReads = { view }
/** From what the size of a folder is derived. */
export const belowReads = { entry, entries }
