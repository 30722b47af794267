import { byOffset } from '../paging.ts'
import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { baseSet, searchOf } from './file-filters.ts'
import { filesOf } from './file-rows.ts'
import { toFile, usersOf } from './file-shape.ts'
import type { FileRecord } from './tree-state.ts'

const MAX_LIMIT = 1000
const DEFAULT_LIMIT = 100

/** Whether a list is asked for in one of the two orders of last views. */
export const wantsRecent = ({ searchParams }: URL): boolean =>
  /^-?last_viewed_at$/.test(searchParams.get('order_by') ?? '')

const viewsOf = (world: World, { key, project }: ProjectCall): ReadonlyMap<string, string> =>
  new Map(
    world.store.state.tree.viewed
      .filter((view) => view.user === key.user.id && view.project === project.id)
      .map(({ type, ref, viewedAt }) => [JSON.stringify([type, ref]), viewedAt]),
  )

interface Viewed {
  readonly row: FileRecord
  readonly at: string | null
}

/** Rows with the caller's last view of what they name; newest first for `-last_viewed_at`, never seen ones last. */
const byView = (world: World, call: ProjectCall, rows: readonly FileRecord[]): readonly Viewed[] => {
  const views = viewsOf(world, call)
  const turn = call.url.searchParams.get('order_by')?.startsWith('-') ? -1 : 1
  const all = rows.map((row) => ({ row, at: views.get(JSON.stringify([row.type, row.ref])) ?? null }))
  const seen = all.filter(({ at }) => at !== null)
  const unseen = all.filter(({ at }) => at === null)
  return [...seen.sort((a, b) => turn * (Date.parse(a.at ?? '') - Date.parse(b.at ?? ''))), ...unseen]
}

const limitOf = ({ searchParams }: URL): number => {
  const limit = Number(searchParams.get('limit') ?? DEFAULT_LIMIT)
  return Number.isInteger(limit) && limit >= 1 ? Math.min(limit, MAX_LIMIT) : DEFAULT_LIMIT
}

/** F2: only what the caller has looked at; only `limit`, `not_type` and `search` count, and there are no pages. */
export const recentFiles = (world: World, call: ProjectCall): Reply => {
  const found = searchOf(world, call)
  const unwanted = call.url.searchParams.get('not_type')
  const rows = filesOf(world, call.project.id).filter((row) => row.type !== unwanted && found(row))
  const shown = byView(world, call, rows)
    .filter(({ at }) => at !== null)
    .slice(0, limitOf(call.url))
  const results = shown.map(({ row, at }) => toFile(world, row, call, at))
  const users = usersOf(shown.map(({ row }) => row))
  return { status: 200, body: { count: results.length, next: null, previous: null, results, users } }
}

/** F1: the list in another order, with every filter and pages. */
export const allByView = (world: World, call: ProjectCall): Reply => {
  const page = byOffset(byView(world, call, baseSet(world, call)), call.url)
  const results = page.results.map(({ row, at }) => toFile(world, row, call, at))
  return { status: 200, body: { ...page, results, users: usersOf(page.results.map(({ row }) => row)) } }
}
