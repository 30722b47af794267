import { listActivity } from './activity.ts'
import { at, type Route } from './route.ts'
import { sinceLatest } from './seed-era.ts'
import type { Limit } from './throttle.ts'
import {
  cancelView,
  countDependencies,
  listAncestors,
  listDescendants,
  materializeView,
  resumeSchedules,
  revertView,
  runHistory,
  runView,
} from './view-actions.ts'
import type { Runs } from './view-runs.ts'
import { createView, destroyView, listViews, retrieveView, updateView } from './views.ts'
import type { World } from './world.ts'

const READ = ['warehouse_view:read']
const WRITE = ['warehouse_view:write']
const LIST = '/warehouse_saved_queries'
const ONE = '/warehouse_saved_queries/:id'

// Fact sheet: tables 1.4. Materialize and revert share one budget.
const RUN: Limit = { name: 'run', hits: 10, windowMs: 60_000 }
const MATERIALIZE: Limit = { name: 'materialize', hits: 5, windowMs: 3_600_000 }

/** The views resource with the scopes of its generation (fact sheet: tables 1.2). */
export const viewRoutes = (world: World, runs: Runs): readonly Route[] => [
  at('POST', `${LIST}/resume_schedules`, sinceLatest(world, WRITE), (call) => resumeSchedules(world, call)),
  at('GET', `${ONE}/activity`, ['activity_log:read'], (call) => listActivity(world, call)),
  at('POST', `${ONE}/ancestors`, null, (call) => listAncestors(world, call)),
  at('POST', `${ONE}/descendants`, null, (call) => listDescendants(world, call)),
  at('GET', `${ONE}/dependencies`, null, (call) => countDependencies(world, call)),
  at('POST', `${ONE}/cancel`, null, (call) => cancelView(world, runs, call)),
  at('POST', `${ONE}/run`, sinceLatest(world, WRITE), (call) => runView(world, runs, call), RUN),
  at('GET', `${ONE}/run_history`, sinceLatest(world, READ), (call) => runHistory(world, call)),
  at(
    'POST',
    `${ONE}/materialize`,
    sinceLatest(world, WRITE),
    (call) => materializeView(world, runs, call),
    MATERIALIZE,
  ),
  at(
    'POST',
    `${ONE}/revert_materialization`,
    sinceLatest(world, WRITE),
    (call) => revertView(world, runs, call),
    MATERIALIZE,
  ),
  at('GET', LIST, READ, (call) => listViews(world, call)),
  at('POST', LIST, WRITE, (call) => createView(world, runs, call)),
  at('GET', ONE, READ, (call) => retrieveView(world, call)),
  at('PATCH', ONE, WRITE, (call) => updateView(world, runs, call, true)),
  at('PUT', ONE, WRITE, (call) => updateView(world, runs, call, false)),
  at('DELETE', ONE, WRITE, (call) => destroyView(world, runs, call)),
]
