import type { Json } from '../operation.ts'
import { defined, toNumber, toObject, toObjects, toText } from './reply-parts.ts'
import type { Source, SourceTable } from './snapshot.ts'

const toSourceTable = (schema: Json): SourceTable => {
  const table = toObject(schema.table)
  return {
    name: toText(schema.name) ?? toText(schema.label) ?? '?',
    ...(typeof schema.should_sync === 'boolean' ? { enabled: schema.should_sync } : {}),
    ...defined({
      table: toText(table.hogql_name) ?? toText(table.name),
      rows: toNumber(table.row_count),
      sync_type: toText(schema.sync_type),
      sync_frequency: toText(schema.sync_frequency),
      status: toText(schema.status),
      last_synced_at: toText(schema.last_synced_at),
      latest_error: toText(schema.latest_error),
    }),
  }
}

/** As the dotted names of its tables begin (fact sheet: tables 2.1 hogql_name). */
export const nameOf = (type: string, prefix: string | undefined): string => {
  const short = prefix?.replace(/^_+|_+$/g, '')
  return short === undefined || short === '' ? type.toLowerCase() : `${type.toLowerCase()}.${short}`
}

const toSource = (row: Json): readonly Source[] => {
  const id = toText(row.id)
  const type = toText(row.source_type)
  if (id === undefined || type === undefined) return []
  const prefix = toText(row.prefix)
  return [
    {
      name: nameOf(type, prefix),
      id,
      type,
      tables: toObjects(row.schemas).map(toSourceTable),
      ...defined({
        prefix,
        description: toText(row.description),
        status: toText(row.status),
        latest_error: toText(row.latest_error),
        last_run_at: toText(row.last_run_at),
        access_method: toText(row.access_method),
      }),
    },
  ]
}

/** The sources of all pages, by name; two of one name get a piece of their id. */
export const readSources = (rows: readonly Json[]): readonly Source[] => {
  const sources = rows.flatMap(toSource)
  const count = new Map<string, number>()
  for (const { name } of sources) count.set(name, (count.get(name) ?? 0) + 1)
  return sources
    .map((source) =>
      count.get(source.name) === 1 ? source : { ...source, name: `${source.name}~${source.id.slice(0, 8)}` },
    )
    .sort((a, b) => compare(a.name, b.name))
}

/** By code unit: the same order everywhere, whatever the locale. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
