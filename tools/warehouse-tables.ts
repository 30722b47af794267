import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { changesSomething, id, nothingToChange, paging, part, string, text } from './fields.ts'
import {
  credential,
  format,
  formatOf,
  ignored,
  options,
  refuseRowsOfView,
  refuseUpload,
  secret,
  table,
  withoutBlankSchema,
} from './table-parts.ts'

const toolset = 'warehouse_tables'
const base = { toolset, documented: ['environments', 'projects'] } as const
const read = {
  ...base,
  keys: 'allowed',
  openWorld: false,
  effect: 'read',
  tier: 'read',
  idempotent: true,
  scopes: ['warehouse_table:read'],
} as const
const write = { ...base, tier: 'write', scopes: ['warehouse_table:write'], check: 'warehouse_tables_get' } as const

const list = operation({
  name: 'warehouse_tables_list',
  title: 'List tables',
  description:
    'Lists tables: linked files, synced, and those behind materialized views. Views: warehouse_saved_queries_list. Columns: warehouse_tables_get.',
  method: 'GET',
  path: 'warehouse_tables/',
  ...read,
  input: z.strictObject({ search: z.string().optional().describe('part of the name'), ...paging }),
  reply: {
    kind: 'list',
    at: 'results',
    paging: 'offset',
    limit: 50,
    row: z.looseObject({ id: string, name: string, format: string, source_type: string, created_via: string }),
    from: (row) => ({ ...row, source_type: part(row.external_data_source).source_type }),
  },
  deviations: ['Rows are cut down: url_pattern, columns and dates are in warehouse_tables_get.'],
})

const create = operation({
  name: 'warehouse_tables_create',
  title: 'Link a table',
  description:
    'Links files in your own bucket as a table; PostHog reads them at once to infer columns. A local or pasted file: warehouse_tables_upload_file; a database or SaaS: external_data_sources_create.',
  method: 'POST',
  path: 'warehouse_tables/',
  ...write,
  effect: 'write',
  idempotent: false,
  // PostHog opens the bucket while it answers.
  openWorld: true,
  keys: 'allowed',
  input: z.strictObject({
    name: text.max(128),
    format,
    url_pattern: text.max(500).describe('https, * allowed: https://bucket.s3.us-east-1.amazonaws.com/x/*.parquet'),
    credential: credential.describe('needed even for public buckets'),
    options: options.optional(),
  }),
  reply: { kind: 'object', fields: table, from: withoutBlankSchema },
  creates: 'the table',
  ...secret,
  deadline: 'long',
  check: 'warehouse_tables_list',
  residue: 'PostHog may keep the unused bucket credential of a create that it refused after reading.',
  leftOut: { deleted: 'A table cannot usefully be created deleted.' },
  deviations: [
    'credential is required, and never comes back.',
    'Columns are inferred by reading the bucket inside the call.',
  ],
})

const get = operation({
  name: 'warehouse_tables_get',
  title: 'Get a table',
  description: 'One table with its columns, types, file location and source.',
  method: 'GET',
  path: 'warehouse_tables/{id}/',
  ...read,
  input: z.strictObject({ id }),
  reply: { kind: 'object', fields: table, from: withoutBlankSchema },
  deviations: ['columns is a list of objects, not a string; credential comes back without key and secret.'],
})

const update = operation({
  name: 'warehouse_tables_update',
  title: 'Update a table',
  description:
    'Renames a table (views on the old name break) or changes its location, format or keys. Columns are not read again: warehouse_tables_refresh_schema does. Types: warehouse_tables_update_schema.',
  method: 'PATCH',
  path: 'warehouse_tables/{id}/',
  ...write,
  effect: 'write',
  idempotent: true,
  // A changed CSV option makes PostHog read the bucket again.
  openWorld: true,
  keys: 'allowed',
  input: z
    .strictObject({
      id,
      name: text.max(128).optional(),
      format: format.optional(),
      url_pattern: text.max(500).optional(),
      credential: credential.partial().optional(),
      options: options.optional().describe('replaces all options'),
    })
    .refine(changesSomething, nothingToChange),
  reply: { kind: 'object', fields: table, from: withoutBlankSchema },
  ...secret,
  leftOut: { deleted: 'Hides even a synced table, past the guard and join clean-up: use warehouse_tables_delete.' },
})

const remove = operation({
  name: 'warehouse_tables_delete',
  title: 'Delete a table',
  description:
    'Deletes a linked or uploaded table and its joins, without undo; views that read it break, your bucket is untouched. A synced table: external_data_sources_delete. A materialized one: warehouse_saved_queries_revert_materialization.',
  method: 'DELETE',
  path: 'warehouse_tables/{id}/',
  ...write,
  effect: 'destructive',
  idempotent: true,
  openWorld: false,
  keys: 'allowed',
  input: z.strictObject({ id }),
  guard: { of: 'object', path: 'warehouse_tables/{id}/', refuse: refuseRowsOfView },
  reply: {
    kind: 'done',
    says: () => 'PostHog deleted the table and the joins on its name. Views that read it fail from now on.',
  },
})

const refreshSchema = operation({
  name: 'warehouse_tables_refresh_schema',
  title: 'Re-read columns',
  description:
    'Reads the columns of a linked table from its files again; column types set by hand are lost. Moves no rows: a sync is external_data_sources_reload.',
  method: 'POST',
  path: 'warehouse_tables/{id}/refresh_schema/',
  ...write,
  // Overwrites types that somebody set by hand with update_schema (fact sheet: tables 2.3).
  effect: 'destructive',
  idempotent: true,
  openWorld: true,
  keys: 'newer',
  instead: 'Refresh the table in the PostHog app under Data warehouse.',
  input: z.strictObject({ id }),
  body: () => undefined,
  reply: {
    kind: 'done',
    says: () => 'PostHog read the columns again and replaced the stored ones. warehouse_tables_get shows them.',
  },
  deadline: 'long',
  leftOut: ignored,
})

const updateSchema = operation({
  name: 'warehouse_tables_update_schema',
  title: 'Set column types',
  description: 'Sets column types of a linked or uploaded table by hand. All or nothing. Not for synced tables.',
  method: 'POST',
  path: 'warehouse_tables/{id}/update_schema/',
  ...write,
  // None is declared upstream, which is why every key is refused (fact sheet: tables 1.2).
  scopes: [],
  effect: 'write',
  idempotent: true,
  openWorld: false,
  keys: 'refused',
  instead:
    'Set column types in the PostHog app under Data warehouse, or cast in a view (warehouse_saved_queries_create).',
  input: z.strictObject({
    id,
    updates: z
      .record(
        z.string(),
        z.enum(['integer', 'float', 'decimal', 'string', 'datetime', 'date', 'boolean', 'array', 'json']),
      )
      .refine((updates) => Object.keys(updates).length > 0, 'name at least one column')
      .describe('column: type'),
  }),
  reply: {
    kind: 'done',
    says: ({ updates }) =>
      `PostHog set the types of: ${Object.keys(updates).join(', ')}. warehouse_tables_get shows whether they fit (schema_valid).`,
  },
  leftOut: ignored,
})

const uploadFile = operation({
  name: 'warehouse_tables_upload_file',
  title: 'Upload a file',
  description:
    'Makes a table from a CSV, JSON-lines or Parquet file, at most 50 MB: path on this machine, or content as text. replace overwrites the table of that name.',
  method: 'POST',
  path: 'warehouse_tables/file/',
  ...write,
  // Upstream overwrites a live table of that name without asking (fact sheet: tables 2.3 "Upsert by name").
  effect: 'destructive',
  destructiveWhen: { says: 'replace is true', is: (input) => input.replace === true },
  idempotent: false,
  openWorld: false,
  keys: 'allowed',
  input: z
    .strictObject({
      name: z
        .string()
        .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'letters, digits and _ only, not starting with a digit')
        .max(128),
      format: format.exclude(['Delta', 'DeltaS3Wrapper']).optional().describe('CSVWithNames if absent'),
      path: text.optional(),
      content: z.string().min(1).max(1_048_576).optional(),
      replace: z.boolean().optional(),
    })
    .refine(({ path, content }) => (path === undefined) !== (content === undefined), {
      message: 'give either path or content, one of the two',
    }),
  guard: {
    of: 'list',
    path: 'warehouse_tables/',
    query: ({ name }) => ({ search: name, limit: '1000' }),
    refuse: refuseUpload,
  },
  upload: ({ name, path, content, format: kind = formatOf(path) }) => ({
    fields: { name, format: kind },
    fileName: `${name}.${kind === 'Parquet' ? 'parquet' : kind === 'JSONEachRow' ? 'jsonl' : 'csv'}`,
    from: path === undefined ? { text: content ?? '' } : { path },
  }),
  reply: { kind: 'object', fields: table, from: withoutBlankSchema },
  creates: 'the table',
  deadline: 'long',
  check: 'warehouse_tables_list',
  hint: 'Check that the file is what format says: one header line, as many cells in every row, UTF-8, not empty',
  residue: 'A file PostHog could not read may leave a table without columns (warehouse_tables_list shows it).',
  deviations: ['Multipart parts name, format and file; the reply is 201 with the table, not an empty 200.'],
})

/** Linked files and the tables they make (fact sheet: tables 2). */
export const warehouseTables = [list, create, get, update, remove, refreshSchema, updateSchema, uploadFile]
