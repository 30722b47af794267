import type { Json } from '../operation.ts'
import { toOutgoing } from '../outgoing.ts'
import type { Redactor } from '../redact.ts'
import { toName } from '../text/line.ts'
import { type Contents, KINDS, toKind, toRemarks } from './contents.ts'
import { defined, toNumber, toObjects } from './reply-parts.ts'
import type { Entry, Snapshot, Source } from './snapshot.ts'

/** What part of everything is wanted. */
export interface Filter {
  /** Words; each is part of the name. */
  readonly search?: string | undefined
  readonly kind?: 'posthog' | 'table' | 'view' | undefined
  /** A source's name; its tables. */
  readonly source?: string | undefined
  readonly limit: number
  readonly offset: number
}

/** Lines of a page when nobody says how many: 15 tokens each. */
export const OVERVIEW_PAGE = 200

/** The page that the index resource shows. */
export const WHOLE: Filter = { limit: OVERVIEW_PAGE, offset: 0 }

const kindOf = ({ kind, group }: Entry): Filter['kind'] =>
  kind === 'posthog' ? kind : group === 'views' ? 'view' : 'table'

const isWanted =
  ({ search, kind, source }: Filter) =>
  (entry: Entry): boolean => {
    const words = search?.toLowerCase().split(/\s+/) ?? []
    const name = entry.name.toLowerCase()
    return (
      words.every((word) => name.includes(word)) &&
      (kind === undefined || kindOf(entry) === kind) &&
      (source === undefined || entry.origin?.source === source)
    )
  }

/** Name, number of columns, rows if known, and the state of its last sync or run if there was one. */
const toRow = ({ name, columns, rows, origin, view }: Entry): readonly (string | number | null)[] => {
  const row = [name, columns.length, rows ?? null, origin?.status ?? view?.status ?? null]
  // What is not known at the end of a row need not be said.
  while (row.at(-1) === null) row.pop()
  return row
}

const toSourceRow = ({ name, type, status, tables }: Source): Json => ({
  name,
  type,
  ...(status === undefined ? {} : { status }),
  tables: tables.length,
  enabled: tables.filter(({ enabled }) => enabled === true).length,
})

/** Sources told in an overview; those that fail are the first. */
const MOST_SOURCES = 30

const toSourceRows = (sources: readonly Source[]): Json => {
  const failing = (source: Source): number => (source.latest_error === undefined ? 1 : 0)
  const rows = [...sources]
    .sort((a, b) => failing(a) - failing(b))
    .slice(0, MOST_SOURCES)
    .map(toSourceRow)
  return {
    ...(rows.length > 0 && { sources: rows }),
    ...(rows.length < sources.length && { more_sources: sources.length - rows.length }),
  }
}

/** Everything that can be queried, a row each; sources too where nothing narrower was asked for. Pure. */
const toJson = (snapshot: Snapshot, filter: Filter): Json => {
  const { search, kind, source, limit, offset } = filter
  const wanted = snapshot.entries.filter(isWanted(filter))
  const page = wanted.slice(offset, offset + limit)
  const tables: Record<string, unknown[]> = {}
  for (const entry of page) {
    const label = KINDS[entry.kind] ?? entry.kind
    tables[label] ??= []
    tables[label].push(toRow(entry))
  }
  const more = offset + page.length < wanted.length
  const isWhole = search === undefined && kind === undefined && source === undefined && offset === 0
  return {
    project_id: snapshot.project,
    total: wanted.length,
    ...(offset > 0 && { offset }),
    returned: page.length,
    more,
    ...(more && { next: { ...defined({ search, kind, source }), limit, offset: offset + limit } }),
    ...(isWhole && toSourceRows(snapshot.sources)),
    tables,
    ...(snapshot.missing.length > 0 && { missing: snapshot.missing }),
  }
}

const toRowLine = (row: unknown): string => {
  const [name, columns, rows, state] = Array.isArray(row) ? row : []
  const counted = typeof rows === 'number' ? ` ${rows}` : state === undefined ? '' : ' -'
  return `${toName(String(name))} ${columns}${counted}${state === undefined ? '' : ` ${toName(String(state))}`}`
}

const toSourceLine = ({ name, type, status, tables, enabled }: Json): string =>
  `source ${toName(String(name))} (${toName(String(type))}): ${status === undefined ? '' : `${toName(String(status))}, `}${enabled} of ${tables} tables on`

const toText = (json: Json): string => {
  const { total, returned, more, next, tables, missing, more_sources } = json
  const start = toNumber(json.offset) ?? 0
  const here = returned === total ? '' : `, ${start + 1} to ${start + (toNumber(returned) ?? 0)} here`
  const cut = more === true ? `${here}; the rest with ${JSON.stringify(next)}` : here
  return [
    `Project ${json.project_id}: ${total} tables and views${cut}. Each line: name, columns, rows, state of the last sync or run.`,
    ...toObjects(json.sources).map(toSourceLine),
    ...(more_sources === undefined ? [] : [`and ${more_sources} more sources`]),
    ...Object.entries(tables ?? {}).flatMap(([kind, rows]) => [
      `${toKind(kind)}s:`,
      ...(Array.isArray(rows) ? rows.map(toRowLine) : []),
    ]),
    ...(Array.isArray(missing) ? missing.map((why) => `not known: ${String(why)}`) : []),
    ...toRemarks(json),
  ].join('\n')
}

/** The overview of a project, masked, in both forms. */
export const toOverview = (snapshot: Snapshot, filter: Filter, redactor: Redactor): Contents => {
  const json = toOutgoing(toJson(snapshot, filter), redactor)
  return { json, text: toText(json) }
}
