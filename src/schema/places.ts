import type { Redactor } from '../redact.ts'
import { toName } from '../text/line.ts'
import type { Contents } from './contents.ts'
import { describeEntry, describeSource } from './describe.ts'
import { toOverview, WHOLE } from './overview.ts'
import type { Place } from './resource-uri.ts'
import type { Snapshot } from './snapshot.ts'
import { compare } from './source-replies.ts'

/** What a place holds; undefined when nothing is there. */
export const contentsAt = (snapshot: Snapshot, place: Place, redactor: Redactor): Contents | undefined => {
  if (place.group === 'index') return toOverview(snapshot, WHOLE, redactor)
  if (place.group === 'sources') {
    const source = snapshot.sourceByName.get(place.name)
    return source && describeSource(snapshot, source, redactor)
  }
  const entry = snapshot.byName.get(place.name)
  return entry?.group === place.group ? describeEntry(snapshot, entry, redactor) : undefined
}

/** A place in the order of all lists, with the words that tell it from others. */
export interface Listed {
  readonly place: Place
  readonly name: string
  readonly description: string
  /** ISO time of the last sync or run, where there was one. */
  readonly changedAt?: string
}

/** PostHog writes times in several ways; what is none of them is no time. */
const toTime = (text: string | undefined): { readonly changedAt?: string } => {
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? {} : { changedAt: new Date(time).toISOString() }
}

const lists = new WeakMap<Snapshot, readonly Listed[]>()

/** Everything in a project that has an address, in one order: the overview, sources, tables, views, each by name. */
export const toListed = (snapshot: Snapshot): readonly Listed[] => {
  const known = lists.get(snapshot)
  if (known !== undefined) return known
  const listed = list(snapshot)
  lists.set(snapshot, listed)
  return listed
}

/** Longer names than PostHog takes would make addresses of any size; what has one can be described, but is not listed. */
export const LONGEST_ADDRESSED = 1_000

const isAddressed = ({ name }: { readonly name: string }): boolean => name.length <= LONGEST_ADDRESSED

const list = ({ project, sources, entries }: Snapshot): readonly Listed[] => {
  const inOrder = entries.filter(isAddressed).sort((a, b) => compare(a.group, b.group) || compare(a.name, b.name))
  return [
    {
      place: { project, group: 'index' },
      name: `Project ${project}`,
      description: `Overview of ${entries.length} tables and views and ${sources.length} sources`,
    },
    ...sources
      .filter(isAddressed)
      .map(({ name, type, tables, last_run_at }) => ({
        place: { project, group: 'sources' as const, name },
        name,
        description: `${toName(type)} source, ${tables.length} tables`,
        ...toTime(last_run_at),
      })),
    ...inOrder.map(({ group, name, kind, columns, rows, origin, view }) => ({
      place: { project, group, name },
      name,
      description: `${toName(kind).replaceAll('_', ' ')}, ${columns.length} columns${rows === undefined ? '' : `, ${rows} rows`}`,
      ...toTime(origin?.last_synced_at ?? view?.last_run_at),
    })),
  ]
}

const RANKS = ['index', 'sources', 'tables', 'views']

/** The order of lists, for a cursor whose own place may be gone by now. */
const isBehind = (place: Place, cursor: Place): boolean => {
  const rank = RANKS.indexOf(place.group) - RANKS.indexOf(cursor.group)
  if (rank !== 0 || place.group === 'index' || cursor.group === 'index') return rank > 0
  return compare(place.name, cursor.name) > 0
}

/** What comes behind a place, whether or not that is still there. */
export const after = (listed: readonly Listed[], cursor: Place): readonly Listed[] => {
  const start = listed.findIndex(({ place }) => isBehind(place, cursor))
  return start === -1 ? [] : listed.slice(start)
}
