import type { Json } from '../operation.ts'
import type { Redactor } from '../redact.ts'
import { type Contents, KINDS, masked } from './contents.ts'
import { toNumber, toObjects } from './reply-parts.ts'
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
    ...(more && { next: { ...present({ search, kind, source }), limit, offset: offset + limit } }),
    ...(isWhole && snapshot.sources.length > 0 && { sources: snapshot.sources.map(toSourceRow) }),
    tables,
    ...(snapshot.missing.length > 0 && { missing: snapshot.missing }),
  }
}

const present = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const toRowLine = (row: unknown): string => {
  const [name, columns, rows, state] = Array.isArray(row) ? row : []
  const counted = typeof rows === 'number' ? ` ${rows}` : state === undefined ? '' : ' -'
  return `${String(name).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')} ${columns}${counted}${state === undefined ? '' : ` ${state}`}`
}

const toText = (json: Json): string => {
  const { total, returned, more, next, tables, missing } = json
  const sources = toObjects(json.sources)
  const start = toNumber(json.offset) ?? 0
  const here = returned === total ? '' : `, ${start + 1} to ${start + (toNumber(returned) ?? 0)} here`
  const cut = more === true ? `${here}; the rest with ${JSON.stringify(next)}` : here
  return [
    `Project ${json.project_id}: ${total} tables and views${cut}. Each line: name, columns, rows, state of the last sync or run.`,
    ...sources.map(
      ({ name, type, status, tables: all, enabled }) =>
        `source ${name} (${type}): ${[status, `${enabled} of ${all} tables on`].filter((part) => part !== undefined).join(', ')}`,
    ),
    ...Object.entries(tables ?? {}).flatMap(([kind, rows]) => [
      `${kind}s:`,
      ...(Array.isArray(rows) ? rows.map(toRowLine) : []),
    ]),
    ...(Array.isArray(missing) ? missing.map((why) => `not known: ${why}`) : []),
  ].join('\n')
}

/** The overview of a project, masked, in both forms. */
export const toOverview = (snapshot: Snapshot, filter: Filter, redactor: Redactor): Contents => {
  const json = masked(toJson(snapshot, filter), redactor)
  return { json, text: toText(json) }
}
