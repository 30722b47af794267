import { tablesIn } from '../hogql/tables.ts'
import type { Json } from '../operation.ts'
import { defined, toObjects, toText } from './reply-parts.ts'
import type { Read } from './schema-reply.ts'
import type { Column, Entry, Origin, Snapshot, Source, SourceTable, ViewState } from './snapshot.ts'
import { compare, nameOf } from './source-replies.ts'

/** What the replies said; `missing` tells which of them could not be had. */
export interface Replies {
  readonly project: number
  readonly tables: readonly Read[]
  readonly sources: readonly Source[]
  readonly views: readonly Json[]
  readonly missing: readonly string[]
  readonly isPartial: boolean
  readonly knowsSources: boolean
  readonly takenAt: number
}

/** Names of the views that read each name, from the text of their SQL. */
const toDependents = (tables: readonly Read[]): ReadonlyMap<string, readonly string[]> => {
  const dependents = new Map<string, string[]>()
  for (const { name, sql } of tables) {
    for (const read of sql === undefined ? [] : tablesIn(sql)) {
      const views = dependents.get(read) ?? []
      dependents.set(read, views)
      views.push(name)
    }
  }
  for (const views of dependents.values()) views.sort(compare)
  return dependents
}

/** A source and its tables, by the name they have there and by the one they have in SQL. */
interface Known {
  readonly source: Source
  readonly tables: ReadonlyMap<string, SourceTable>
}

const toKnown = (source: Source): Known => ({
  source,
  tables: new Map([
    ...source.tables.map((table) => [table.name, table] as const),
    ...source.tables.flatMap((table) => (table.table === undefined ? [] : [[table.table, table] as const])),
  ]),
})

const toOrigin = ({ source, schema, name }: Read, known: ReadonlyMap<string, Known>): Origin | undefined => {
  const id = toText(source?.id)
  if (source === undefined || id === undefined) return undefined
  const label = toText(schema?.name)
  const from = known.get(id)
  const listed = from?.tables.get(name) ?? (label === undefined ? undefined : from?.tables.get(label))
  const { name: _name, table: _table, rows: _rows, ...state } = listed ?? { name: '' }
  return {
    // Without the list of sources the schema still says how this one is called.
    source: from?.source.name ?? nameOf(toText(source.source_type) ?? '?', toText(source.prefix)),
    source_id: id,
    ...defined({ schema: label, status: toText(schema?.status), last_synced_at: toText(schema?.last_synced_at) }),
    // The list of sources is the newer word, and the only one on errors and frequency.
    ...state,
  }
}

const toViewState = ({ kind, status, last_run_at }: Read, row: Json | undefined): ViewState => ({
  materialized: kind === 'materialized_view' || row?.is_materialized === true,
  ...defined({
    sync_frequency: toText(row?.sync_frequency),
    status: toText(row?.status) ?? status,
    last_run_at: toText(row?.last_run_at) ?? last_run_at,
    latest_error: toText(row?.latest_error),
  }),
})

/** PostHog has descriptions of columns only in its list of views (fact sheet: tables 1.6). */
const withDescriptions = (columns: readonly Column[], row: Json | undefined): readonly Column[] => {
  const described = new Map(
    toObjects(row?.columns).flatMap(({ name, description }) => {
      const text = toText(description)
      return text === undefined ? [] : [[name, text] as const]
    }),
  )
  return columns.map((column) => ({
    ...column,
    ...defined({ description: described.get(column.name) ?? column.description }),
  }))
}

/** Lists of sources know their tables by the name they are stored under; SQL may have another for them. */
const withSqlNames = (sources: readonly Source[], entries: readonly Entry[]): readonly Source[] => {
  const names = new Map(
    entries.flatMap(({ name, origin }) => (origin ? [[`${origin.source_id} ${origin.schema}`, name]] : [])),
  )
  return sources.map((source) => ({
    ...source,
    tables: source.tables.map((table) => ({
      ...table,
      ...defined({ table: names.get(`${source.id} ${table.name}`) ?? table.table }),
    })),
  }))
}

/** PostHog's own first, because they are few; then tables, then views. */
const rankOf = ({ kind, group }: Pick<Entry, 'kind' | 'group'>): number =>
  kind === 'posthog' ? 0 : group === 'tables' ? 1 : 2

/** Joins what the replies say into one picture of the project. Pure. */
export const assemble = ({ project, tables, sources, views, ...known }: Replies): Snapshot => {
  const dependents = toDependents(tables)
  const origins = new Map(sources.map((source) => [source.id, toKnown(source)]))
  const rows = new Map(views.flatMap((row) => [row.id, row.name].map((key) => [key, row] as const)))
  const entries = tables.map((read): Entry => {
    const { source: _source, schema: _schema, status: _status, last_run_at: _ran, ...entry } = read
    const row = read.kind === 'posthog' ? undefined : (rows.get(read.id) ?? rows.get(read.name))
    // The older form of the schema does not tell views from tables; the list of views does.
    const isView = read.group === 'views' || (read.kind === 'table' && row !== undefined)
    const origin = toOrigin(read, origins)
    return {
      ...entry,
      group: isView ? 'views' : 'tables',
      columns: withDescriptions(entry.columns, row),
      used_by: dependents.get(read.name) ?? [],
      ...defined({ description: entry.description ?? toText(row?.description) }),
      ...(origin && { origin }),
      ...(isView && { view: toViewState(read, row) }),
    }
  })
  entries.sort((a, b) => rankOf(a) - rankOf(b) || compare(a.name, b.name))
  const named = withSqlNames(sources, entries)
  return {
    project,
    entries,
    byName: new Map(entries.map((entry) => [entry.name, entry])),
    sources: named,
    sourceByName: new Map(named.map((source) => [source.name, source])),
    ...known,
  }
}
