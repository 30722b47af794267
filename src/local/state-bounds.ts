import { type Bounds, bound, lengthOf, removeAll } from './bounded-list.ts'
import type { State } from './state.ts'

/** Runs of one view or table; the API shows fifty of them, and statistics count thirty days. */
const OF_ONE = 1_000

const RUNS = 10_000

/** Lines of the log and their characters: each change of a view holds its SQL twice. */
const LINES = 10_000
const LINE_CHARACTERS = 8_000_000

/** Deleted tables, views, sources and synced tables, each, with the characters of their columns and SQL. */
const DELETED = 1_000
const DELETED_CHARACTERS = 4_000_000

const VIEWED = 10_000
const TOKENS = 10_000
const CODES = 1_000
/** Applications that nobody granted anything; anyone can register them. */
const CLIENT_CHARACTERS = 4_000_000

type Run = State['jobs'][number] | State['syncs'][number]

/** The newest run says how its view or table is, and the newest good one when it was read last. */
const runsOf = <T extends Run>(ownerOf: (run: T) => string): Bounds<T> => ({
  most: RUNS,
  mostOfOne: OF_ONE,
  ownerOf,
  pinOf: (run) => `${ownerOf(run)}/${run.status}`,
})

const boundDeleted = <T extends { readonly deleted: boolean }>(
  list: T[],
  lengthOf: (item: T) => number,
): ReadonlySet<T> => {
  const bounds = { most: DELETED, mostLength: DELETED_CHARACTERS, lengthOf }
  return bound(
    list,
    bounds,
    list.filter(({ deleted }) => deleted),
  )
}

const idsOf = (items: ReadonlySet<{ readonly id: string }>): ReadonlySet<string> =>
  new Set([...items].map(({ id }) => id))

const removeOwned = <T>(list: T[], ownerOf: (item: T) => string, owners: ReadonlySet<string>): void => {
  if (owners.size > 0) removeAll(list, new Set(list.filter((item) => owners.has(ownerOf(item)))))
}

const boundViews = ({ views, jobs, activity }: State): void => {
  const gone = idsOf(boundDeleted(views, ({ query, columns }) => lengthOf(query) + lengthOf(columns)))
  removeOwned(jobs, ({ viewId }) => viewId, gone)
  removeOwned(activity, ({ viewId }) => viewId, gone)
  bound(
    jobs,
    runsOf(({ viewId }) => viewId),
  )
  // The older release's concurrency token is the newest line.
  bound(activity, {
    most: LINES,
    mostOfOne: OF_ONE,
    mostLength: LINE_CHARACTERS,
    ownerOf: ({ viewId }) => viewId,
    pinOf: ({ viewId }) => viewId,
    lengthOf,
  })
}

const boundSources = ({ sources, schemas, syncs }: State): void => {
  const gone = idsOf(boundDeleted(sources, ({ inputs }) => lengthOf(inputs)))
  removeOwned(schemas, ({ sourceId }) => sourceId, gone)
  removeOwned(syncs, ({ sourceId }) => sourceId, gone)
  const tables = idsOf(boundDeleted(schemas, ({ columns }) => lengthOf(columns)))
  removeOwned(syncs, ({ schemaId }) => schemaId, tables)
  bound(
    syncs,
    runsOf(({ schemaId }) => schemaId),
  )
}

const boundOAuth = ({ clients, codes, grants, tokens }: State['oauth']): void => {
  bound(codes, { most: CODES })
  if (bound(tokens, { most: TOKENS }).size > 0) {
    const used = new Set(tokens.map(({ grant }) => grant))
    removeAll(grants, new Set(grants.filter(({ id }) => !used.has(id))))
  }
  const granted = new Set(grants.map(({ clientId }) => clientId))
  const pinOf = ({ id }: { readonly id: string }): string | undefined => (granted.has(id) ? id : undefined)
  bound(clients, { most: Number.POSITIVE_INFINITY, mostLength: CLIENT_CHARACTERS, lengthOf, pinOf })
}

/**
 * Forgets the oldest of what grows by itself: history, and what was deleted. What people have made and not deleted stays,
 * however much it is. Exports bound themselves, because they have files.
 */
export const boundState = (state: State): void => {
  boundViews(state)
  boundSources(state)
  boundDeleted(state.tables, ({ columns }) => lengthOf(columns))
  bound(state.tree.viewed, { most: VIEWED })
  boundOAuth(state.oauth)
}
