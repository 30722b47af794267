import { z } from 'zod'
import type { Json } from '../src/operation.ts'
import { columns, object, part, repeated, rowsOf, string, text, withId } from './fields.ts'

/** What every operation of tables shares. */
const base = { toolset: 'warehouse_tables', documented: ['environments', 'projects'] } as const

/** What every read of tables shares. */
export const read = {
  ...base,
  keys: 'allowed',
  openWorld: false,
  effect: 'read',
  tier: 'read',
  idempotent: true,
  scopes: ['warehouse_table:read'],
} as const

/** What every write of tables shares. */
export const write = {
  ...base,
  tier: 'write',
  scopes: ['warehouse_table:write'],
  check: 'warehouse_tables_get',
} as const

/** Formats PostHog knows (fact sheet: tables 2.1). */
export const format = z.enum(['CSV', 'CSVWithNames', 'Parquet', 'JSONEachRow', 'Delta', 'DeltaS3Wrapper'])

/** Keys of the caller's bucket; write-only upstream. */
export const credential = z.strictObject({ access_key: text, access_secret: text })

/** What of that is secret, and where it goes. */
export const secret = {
  secrets: ['credential.access_key', 'credential.access_secret'],
  secretsGo: { is: 'Table', url: 'url_pattern' },
} as const

/** The one option upstream reads. */
export const options = z.strictObject({ csv_allow_double_quotes: z.boolean() })

/** The fields of a table a reader asks for first. */
export const table = z.looseObject({
  id: string,
  name: string,
  hogql_name: string,
  format: string,
  url_pattern: string,
  columns,
  external_data_source: object,
})

/** A seed-era reply has a blank `external_schema` without id for tables that have none (fact sheet: tables 2.1). */
export const withoutBlankSchema = (body: Json): Json =>
  part(body.external_schema).id ? body : { ...body, external_schema: null }

/** The pages show the table's own fields as the body of actions that read none of them. */
export const ignored = repeated(['deleted', 'name', 'format', 'url_pattern', 'credential', 'options'])

/** The type as a word before another, where it is one. */
const sourceType = (type: unknown): string =>
  typeof type === 'string' && /^[A-Za-z0-9]{1,40}$/.test(type) ? `${type} ` : ''

/** Why an upload must not go out: the name is taken, or by something an upload would ruin. */
export const refuseUpload = (
  body: Json,
  { name, replace }: { name: string; replace?: boolean | undefined },
): string | undefined => {
  const taken = rowsOf(body).find((row) => row.name === name)
  if (taken === undefined) return undefined
  const source = part(taken.external_data_source).source_type
  if (source !== undefined || taken.created_via === 'materialized_view')
    return `${name}${withId(taken)} is filled by ${source === undefined ? 'a materialized view' : `a ${sourceType(source)}source`}; an upload would overwrite it. Choose another name.`
  return replace === true
    ? undefined
    : `A table named ${name} exists already${withId(taken)}. Choose another name, or pass replace: true to overwrite it.`
}

/** The format a file's ending tells; CSVWithNames is upstream's default. */
export const formatOf = (path = ''): 'Parquet' | 'JSONEachRow' | 'CSVWithNames' => {
  if (/\.parquet$/i.test(path)) return 'Parquet'
  return /\.(jsonl|ndjson|json)$/i.test(path) ? 'JSONEachRow' : 'CSVWithNames'
}

/** Deleting the table behind a materialized view would leave a view that says it has rows (fact sheet: tables 4.14). */
export const refuseRowsOfView = ({ created_via }: Json): string | undefined =>
  created_via === 'materialized_view'
    ? `This table holds the rows of the materialized view of its name. Drop them with warehouse_saved_queries_revert_materialization.`
    : undefined
