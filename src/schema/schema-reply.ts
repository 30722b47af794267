import { toIdentifier } from '../hogql/identifiers.ts'
import type { Json } from '../operation.ts'
import { defined, toNumber, toObject, toObjects, toText } from './reply-parts.ts'
import type { Column, Entry, Join } from './snapshot.ts'

/** A table of the reply, before what other replies say of it is joined. */
export type Read = Omit<Entry, 'used_by' | 'origin' | 'view'> & {
  readonly status?: string
  readonly last_run_at?: string
  readonly source?: Json
  readonly schema?: Json
}

/** Releases until 2023 called it `key`, and had no text for SQL (fact sheet: cross-cutting 9.5). */
const toColumn = (field: Json): readonly Column[] => {
  const name = toText(field.name) ?? toText(field.key)
  if (name === undefined) return []
  const sql = toText(field.hogql_value) ?? toIdentifier(name)
  const fields = Array.isArray(field.fields) ? field.fields.filter((each) => typeof each === 'string') : []
  return [
    {
      name,
      type: toText(field.type) ?? 'unknown',
      ...(sql === name ? {} : { sql }),
      ...(field.schema_valid === false ? { invalid: true } : {}),
      ...defined({ description: toText(field.description), table: toText(field.table) }),
      ...(fields.length === 0 ? {} : { fields }),
    },
  ]
}

const toColumns = (fields: unknown): readonly Column[] =>
  (Array.isArray(fields) ? fields : Object.values(toObject(fields))).map(toObject).flatMap(toColumn)

const VIEWS = new Set(['view', 'materialized_view', 'managed_view'])

const toRead = (name: string, table: Json, joins: readonly Join[]): Read => {
  const kind = toText(table.type) ?? 'table'
  const source = toObject(table.source)
  const schema = toObject(table.schema)
  return {
    group: VIEWS.has(kind) ? 'views' : 'tables',
    kind,
    name,
    columns: toColumns(table.fields),
    joins,
    ...(Object.keys(source).length > 0 && { source }),
    ...(Object.keys(schema).length > 0 && { schema }),
    ...defined({
      // Of PostHog's own tables the id is the name again.
      id: table.id === name ? undefined : toText(table.id),
      description: toText(table.description),
      rows: toNumber(table.row_count),
      format: toText(table.format),
      url_pattern: toText(table.url_pattern),
      sql: toText(toObject(table.query).query),
      status: toText(table.status),
      last_run_at: toText(table.last_run_at),
    }),
  }
}

const toJoins = (body: Json): ReadonlyMap<string, readonly Join[]> => {
  const joins = new Map<string, Join[]>()
  for (const join of toObjects(body.joins)) {
    const from = toText(join.source_table_name)
    const table = toText(join.joining_table_name)
    const field = toText(join.field_name)
    if (from === undefined || table === undefined || field === undefined) continue
    const own = joins.get(from) ?? []
    joins.set(from, own)
    own.push({
      field,
      table,
      key: toText(join.source_table_key) ?? '?',
      table_key: toText(join.joining_table_key) ?? '?',
    })
  }
  return joins
}

/**
 * The tables of a DatabaseSchemaQuery's reply, in either of its forms: `{tables, joins}`, or the older
 * `{table: [field, …]}`. Undefined for anything else, which must not look like a project without tables.
 */
export const readSchemaReply = (body: Json): readonly Read[] | undefined => {
  if (typeof body.tables === 'object' && body.tables !== null && !Array.isArray(body.tables)) {
    const joins = toJoins(body)
    return Object.entries(body.tables).map(([name, table]) => toRead(name, toObject(table), joins.get(name) ?? []))
  }
  const tables = Object.entries(body)
  const isOlder =
    tables.every(([, fields]) => Array.isArray(fields)) && tables.some(([, fields]) => toColumns(fields).length > 0)
  if (!isOlder) return undefined
  return tables.map(([name, fields]) => toRead(name, { fields }, []))
}
