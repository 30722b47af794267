import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { id, text } from './fields.ts'
import { columnTypesLoss, replacedTableLoss } from './losses.ts'
import { format, formatOf, ignored, refuseUpload, table, withoutBlankSchema, write } from './table-parts.ts'

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
  loss: columnTypesLoss,
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
  loss: replacedTableLoss,
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

/** What else is done with tables. */
export const warehouseTableActions = [refreshSchema, updateSchema, uploadFile]
