import { randomUUID } from 'node:crypto'
import { ApiError } from './errors.ts'
import { integer, toUuid } from './fields.ts'
import { linkTo } from './paging.ts'
import type { ProjectCall, Reply } from './route.ts'
import { userById } from './seed.ts'
import { isSeedEra, orCrash } from './seed-era.ts'
import type { ActivityRecord, Change, ViewRecord } from './state.ts'
import { timestamp, type World } from './world.ts'

/** Adds a line to a view's log. */
export const logActivity = (
  world: World,
  view: ViewRecord,
  userId: number | null,
  activity: string,
  changes: readonly Change[] = [],
): void => {
  // The older release logs what is written and nothing else (fact sheet: tables 3.4 activity).
  if (isSeedEra(world) && activity !== 'created' && activity !== 'updated') return
  world.store.state.activity.push({
    id: randomUUID(),
    viewId: view.id,
    project: view.project,
    userId,
    activity,
    name: view.name,
    changes,
    createdAt: timestamp(world),
  })
}

/** One field of a change; the log's own words for it are in fact sheet: tables 3.4 activity. */
export const changed = (field: string, before: unknown, after: unknown): Change => ({
  type: 'DataWarehouseSavedQuery',
  action: 'changed',
  field,
  before,
  after,
})

const toEntry = (record: ActivityRecord): Readonly<Record<string, unknown>> => {
  const user = userById(record.userId)
  return {
    id: record.id,
    user:
      user === undefined
        ? { first_name: 'System', email: null, is_system: true }
        : { first_name: user.firstName, email: user.email },
    activity: record.activity,
    scope: 'DataWarehouseSavedQuery',
    item_id: record.viewId,
    detail: {
      id: record.viewId,
      changes: record.changes,
      merge: null,
      trigger: null,
      name: record.name,
      short_id: null,
      type: null,
    },
    created_at: record.createdAt,
  }
}

const pageNumber = (world: World, value: unknown, attr: string): number => {
  try {
    return integer(value, attr, 1)
  } catch (error) {
    throw error instanceof ApiError ? orCrash(world, error) : error
  }
}

/** `GET …/{id}/activity/`: deleted views answer too, and an unknown one is a 404 without a body. */
export const listActivity = (world: World, call: ProjectCall): Reply => {
  const params = call.url.searchParams
  const limit = pageNumber(world, params.get('limit') ?? 10, 'limit')
  const page = pageNumber(world, params.get('page') ?? 1, 'page')
  const id = toUuid(call.param('id'))
  const isKnown = world.store.state.views.some((view) => view.id === id && view.project === call.project.id)
  if (!isKnown) throw new ApiError(404, null)
  const records = world.store.state.activity.filter((record) => record.viewId === id).reverse()
  const isLast = page * limit >= records.length
  return {
    status: 200,
    body: {
      results: records.slice((page - 1) * limit, page * limit).map(toEntry),
      next: isLast ? null : linkTo(call.url, { page: page + 1, limit }),
      previous: page === 1 ? null : linkTo(call.url, { page: page - 1, limit }),
      total_count: records.length,
    },
  }
}
