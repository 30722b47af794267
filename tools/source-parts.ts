import { z } from 'zod'
import type { Json } from '../src/operation.ts'
import { object, part, present, repeated, rowsOf, string, strings, text } from './fields.ts'

/** A source type; text, because upstream adds some with almost every release (fact sheet: sources, appendix A). */
export const sourceType = text.describe('case-sensitive: Postgres, Stripe')

/** How a source is used: rows copied on a schedule, or the database queried live. */
export const accessMethod = z.enum(['warehouse', 'direct'])

/** Tells the form of a source type. */
export const WIZARD = 'external_data_sources/wizard/'

/** Connection keys of a source, flat; they differ by type. */
export const connection = z.record(z.string(), z.unknown()).describe('keys from external_data_sources_wizard')

/** One table of a new source (fact sheet: sources 2.2, `payload.schemas[]`). */
export const syncedTable = z.strictObject({
  name: text,
  // Upstream reads an absent one as "not configured"; how a table syncs is the caller's choice.
  sync_type: z.enum(['full_refresh', 'incremental', 'append', 'webhook', 'cdc', 'xmin']),
  should_sync: z.boolean().optional().describe('default true'),
  incremental_field: text.optional(),
  incremental_field_type: text.optional(),
  incremental_field_lookback_seconds: z.int().min(0).optional(),
  primary_key_columns: z.array(text).optional(),
  enabled_columns: z.array(text).optional(),
  row_filters: z.array(z.record(z.string(), z.unknown())).optional().describe('column, operator, value'),
  sync_time_of_day: text.optional().describe('HH:MM:SS'),
  cdc_table_mode: text.optional(),
})

/** A named table syncs unless the caller says otherwise; upstream takes an absent should_sync for false. */
export const toSchemaChoice = (table: z.output<typeof syncedTable>): Json => ({
  ...table,
  should_sync: table.should_sync ?? true,
})

/** Message of `hasGoodPrefix`. */
export const badPrefix = {
  path: ['prefix'],
  message: 'letters, digits and _ only, not starting with a digit and not underscores alone',
}

/**
 * Whether a create would take the prefix; source_prefix itself does not look at its form (fact sheet: sources
 * 2.10). A direct source has a free display name there.
 */
export const hasGoodPrefix = (input: {
  prefix?: string | undefined
  access_method?: 'warehouse' | 'direct' | undefined
}): boolean =>
  input.access_method === 'direct' || !input.prefix || /^[A-Za-z]\w*$/.test(input.prefix.replace(/^_+|_+$/g, ''))

/** The fields of a source a reader asks for first. */
export const source = z.looseObject({
  id: string,
  source_type: string,
  status: string,
  latest_error: string,
  schemas: z.array(z.looseObject({ name: string, status: string })).optional(),
  job_inputs: object,
})

const withoutColumns = (schema: Json): Json => {
  const { available_columns: _available, row_filter_columns: _filters, table, ...rest } = schema
  const { columns: _columns, ...synced } = part(table)
  return table ? { ...rest, table: synced } : rest
}

/** A source without the column lists of its tables, which can be megabytes (fact sheet: sources 2.3). */
export const withoutColumnLists = (body: Json): Json => ({
  ...body,
  schemas: rowsOf(body, 'schemas').map(withoutColumns),
})

/** Where the column lists are that `withoutColumnLists` takes away. */
export const columnsElsewhere = "schemas come without column lists: warehouse_tables_get has those of each table's id."

/** A source in a list: its tables are counted, because hundreds of them would bury it. */
export const toSourceRow = (row: Json): Json => {
  const schemas = rowsOf(row, 'schemas')
  return {
    ...row,
    tables: schemas.length,
    enabled_tables: schemas.filter((schema) => schema.should_sync === true).length,
  }
}

/** A table that a source offers, with the ways to sync it in the words of create. */
export const offeredTable = z.looseObject({
  table: string,
  sync_types: strings,
  incremental_fields: z.array(z.looseObject({})).optional(),
  detected_primary_keys: strings,
  columns: strings,
  rows: z.number().optional(),
  permission_error: string,
})

/** Condenses a row of database_schema (fact sheet: sources 2.9). */
export const toOfferedTable = (row: Json): Json => ({
  ...row,
  sync_types: [
    ...(row.webhook_only ? [] : ['full_refresh']),
    ...['incremental', 'append', 'cdc', 'xmin'].filter((type) => row[`${type}_available`] === true),
    ...(row.supports_webhooks ? ['webhook'] : []),
  ],
  incremental_fields: rowsOf(row, 'incremental_fields').map(({ field, field_type }) => ({ field, field_type })),
  columns: rowsOf(row, 'available_columns').map(({ field, type }) => `${field} ${type}`),
})

/** One field to fill in; fields nest in options and groups (fact sheet: sources 2.11). */
const toFormField = (field: Json): Json =>
  present({
    name: field.name,
    type: field.type,
    required: field.required,
    secret: field.secret,
    caption: field.caption,
    kind: field.kind,
    fileFormat: field.fileFormat,
    fields: Array.isArray(field.fields) ? rowsOf(field, 'fields').map(toFormField) : undefined,
    options: Array.isArray(field.options)
      ? rowsOf(field, 'options').map(({ value, fields }) =>
          Array.isArray(fields) ? { value, fields: rowsOf({ fields }, 'fields').map(toFormField) } : { value },
        )
      : undefined,
  })

/** A source type and what it takes to connect it. */
export const connector = z.looseObject({
  name: string,
  caption: string,
  permissionsCaption: string,
  docsUrl: string,
  unreleasedSource: z.boolean().optional(),
  fields: z.array(z.looseObject({})).optional(),
})

/** Keeps what somebody filling in a payload needs of a wizard entry. */
export const toConnector = (row: Json): Json => ({ ...row, fields: rowsOf(row, 'fields').map(toFormField) })

/** The pages show the source's own fields as the body of actions that read none of them. */
export const repeatedSource = repeated(['client_secret', 'account_id', 'description', 'job_inputs'])
