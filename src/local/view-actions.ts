import { logActivity } from './activity.ts'
import { checkCadence, readCadence } from './cadence.ts'
import { EngineError } from './engine/engine.ts'
import { busy, crashed, denied, erring, invalid, notFound } from './errors.ts'
import { flag, integer, list, notChoice, nullish, toUuid } from './fields.ts'
import { ancestorsOf, descendantsOf, toNodes } from './lineage.ts'
import type { ProjectCall, Reply } from './route.ts'
import { isSeedEra, orCrash } from './seed-era.ts'
import type { ViewRecord } from './state.ts'
import { findView, sqlOf } from './view-input.ts'
import { revert } from './view-materialization.ts'
import type { Runs } from './view-runs.ts'
import { jobsOf } from './view-shape.ts'
import { viewsOf, type World } from './world.ts'

const viewOf = (world: World, call: ProjectCall): ViewRecord => findView(world, call.project.id, call.param('id'))

/** A view that reads what is gone cannot be materialized: 403, as upstream says it. */
const checkResolves = async (world: World, view: ViewRecord): Promise<void> => {
  try {
    await world.engine.analyse(view.project, sqlOf(view))
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.reason === 'busy') throw busy()
    throw denied("You don't have access to everything this view reads, or it no longer exists.")
  }
}

/** The lineage a revert took away; a view that no longer resolves keeps what it has, as upstream swallows the error. */
const parentsOf = async (world: World, view: ViewRecord): Promise<readonly string[]> =>
  world.engine.analyse(view.project, sqlOf(view)).then(
    ({ reads }) => toNodes(world, view.project, reads),
    () => view.parents,
  )

const readFirstCadence = (value: unknown): string => {
  if (value === undefined) return '24hour'
  if (value === null) throw nullish('sync_frequency')
  const cadence = readCadence(value)
  if (cadence === null) throw notChoice(value, 'sync_frequency')
  return cadence
}

/** `POST …/{id}/materialize/`: daily unless told otherwise; the first call also starts a run. */
export const materializeView = async (world: World, runs: Runs, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const view = viewOf(world, call)
  const cadence = isSeedEra(world) ? '24hour' : readFirstCadence(body.sync_frequency)
  await world.disk.require()
  if (isSeedEra(world)) view.parents = await parentsOf(world, view)
  else {
    checkCadence(world, view, cadence)
    await checkResolves(world, view)
  }
  if (view.deleted) throw notFound()
  const isFirst = view.tableId === null
  if (!view.isMaterialized) logActivity(world, view, call.key.user.id, 'materialization_enabled')
  view.isMaterialized = true
  view.cadence = cadence
  if (isFirst) runs.start(view)
  return { status: 200 }
}

/** `POST …/{id}/revert_materialization/`: 200 also for a plain view. */
export const revertView = async (world: World, runs: Runs, call: ProjectCall): Promise<Reply> => {
  const view = viewOf(world, call)
  const wasMaterialized = view.isMaterialized
  await revert(world, runs, view, () => {
    if (wasMaterialized) logActivity(world, view, call.key.user.id, 'materialization_disabled')
  })
  return { status: 200 }
}

/** `POST …/{id}/run/`: returns before the run ends, and joins one that is under way. */
export const runView = async (world: World, runs: Runs, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const view = viewOf(world, call)
  // There it triggers a schedule, and a view that was never materialized has none.
  if (isSeedEra(world) && !view.isMaterialized) throw crashed()
  if (body.full_refresh !== undefined && !isSeedEra(world)) flag(body.full_refresh, 'full_refresh')
  view.suspended = {}
  logActivity(world, view, call.key.user.id, 'sync_triggered')
  runs.start(view)
  return { status: 200 }
}

/** `POST …/{id}/cancel/`: the row says Cancelled at once, the job when it has stopped. */
export const cancelView = (world: World, runs: Runs, call: ProjectCall): Reply => {
  const view = viewOf(world, call)
  const isOver = isSeedEra(world) && view.status !== null
  if (isOver || runs.cancel(view) === undefined) throw erring('Cannot cancel a query that is not running')
  view.status = 'Cancelled'
  logActivity(world, view, call.key.user.id, 'sync_cancelled')
  return { status: 200 }
}

const SHOWN_RUNS = 5

/** `GET …/{id}/run_history/`: the newest five. */
export const runHistory = (world: World, call: ProjectCall): Reply => {
  const jobs = jobsOf(world, viewOf(world, call)).slice(0, SHOWN_RUNS)
  const run_history = jobs.map(({ status, startedAt }) => ({ status, timestamp: startedAt }))
  return { status: 200, body: { run_history } }
}

/** `POST …/resume_schedules/`: ids that mean nothing to the caller are skipped silently. */
export const resumeSchedules = async (world: World, call: ProjectCall): Promise<Reply> => {
  const { view_ids } = await call.json()
  if (isSeedEra(world) && (!Array.isArray(view_ids) || view_ids.length === 0)) throw erring('view_ids is required')
  const given = list(view_ids, 'view_ids')
  if (given.length === 0) throw invalid('This list may not be empty.', 'view_ids', 'empty')
  const ids = given.map((value, index) => {
    const id = toUuid(value)
    if (id === undefined) throw orCrash(world, invalid('Must be a valid UUID.', `view_ids__${index}`))
    return id
  })
  for (const view of viewsOf(world, call.project.id)) {
    if (ids.includes(view.id)) view.suspended = {}
  }
  return { status: 202 }
}

/** The older release takes any whole number, below one for nothing at all, and crashes on the rest. */
const readLevel = async (world: World, call: ProjectCall, takesText: boolean): Promise<number | undefined> => {
  const { level } = await call.json()
  if (level === undefined || level === null) return undefined
  if (!isSeedEra(world)) return integer(level, 'level', 1)
  const number = takesText && typeof level === 'string' && /^-?\d+$/.test(level) ? Number(level) : level
  if (typeof number !== 'number' || !Number.isInteger(number)) throw crashed()
  return Math.max(0, number)
}

/** `POST …/{id}/ancestors/`: views and tables by id, built-in tables by name; all levels without a number. */
export const listAncestors = async (world: World, call: ProjectCall): Promise<Reply> => {
  const level = await readLevel(world, call, true)
  return { status: 200, body: { ancestors: ancestorsOf(world, viewOf(world, call), level) } }
}

/** `POST …/{id}/descendants/`: views only. */
export const listDescendants = async (world: World, call: ProjectCall): Promise<Reply> => {
  const level = await readLevel(world, call, false)
  return { status: 200, body: { descendants: descendantsOf(world, viewOf(world, call), level) } }
}

/** `GET …/{id}/dependencies/`: direct neighbours only. */
export const countDependencies = (world: World, call: ProjectCall): Reply => {
  const view = viewOf(world, call)
  return {
    status: 200,
    body: {
      upstream_count: ancestorsOf(world, view, 1).length,
      downstream_count: descendantsOf(world, view, 1).length,
    },
  }
}
