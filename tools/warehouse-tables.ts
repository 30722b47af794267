import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { changesSomething, id, nothingToChange, paging, part, string, text } from './fields.ts'
import { tableLoss } from './losses.ts'
import {
  credential,
  format,
  options,
  read,
  refuseRowsOfView,
  secret,
  table,
  withoutBlankSchema,
  write,
} from './table-parts.ts'
import { warehouseTableActions } from './warehouse-table-actions.ts'

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
  loss: tableLoss,
  reply: {
    kind: 'done',
    says: () => 'PostHog deleted the table and the joins on its name. Views that read it fail from now on.',
  },
})

/** Linked files and the tables they make (fact sheet: tables 2). */
export const warehouseTables = [list, create, get, update, remove, ...warehouseTableActions]
