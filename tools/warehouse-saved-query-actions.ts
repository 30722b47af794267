import { z } from 'zod'
import { operation } from '../src/operation.ts'
import * as derived from './derivations.ts'
import { id, number, present, string } from './fields.ts'
import { materializationLoss } from './losses.ts'
import { cadence, ofView, viewPath as path, read, repeatedView, write } from './view-parts.ts'

const both = ['environments', 'projects'] as const
const projects = ['projects'] as const
const level = z.int().min(1).optional().describe('hops; all if absent')
const lineage = 'warehouse_saved_queries_list and the SQL in warehouse_saved_queries_get show what reads what.'

const ancestors = operation({
  name: 'warehouse_saved_queries_ancestors',
  ...read,
  title: 'What a view reads',
  description: 'Ids of the views and tables (or names of PostHog tables) a view reads, directly and through others.',
  // A POST that only reads (fact sheet: tables 3.4).
  method: 'POST',
  path: `${path}ancestors/`,
  documented: both,
  scopes: [],
  keys: 'refused',
  instead: lineage,
  derive: derived.ancestors,
  input: z.strictObject({ id, level }),
  reply: { kind: 'list', at: 'ancestors', paging: 'none', limit: 1000, row: z.string() },
  leftOut: repeatedView,
  deviations: ['Without level the whole chain, not only direct neighbours; unordered.'],
})

const descendants = operation({
  name: 'warehouse_saved_queries_descendants',
  ...read,
  title: 'What reads a view',
  description: 'Ids of the views that read a view, directly and through others.',
  method: 'POST',
  path: `${path}descendants/`,
  documented: projects,
  scopes: [],
  keys: 'refused',
  instead: lineage,
  derive: derived.descendants,
  input: z.strictObject({ id, level }),
  reply: { kind: 'list', at: 'descendants', paging: 'none', limit: 1000, row: z.string() },
  leftOut: repeatedView,
  deviations: ['Without level the whole chain, not only direct neighbours; unordered.'],
})

const dependencies = operation({
  name: 'warehouse_saved_queries_dependencies',
  ...read,
  title: 'Count neighbours',
  description: 'How many tables and views a view reads directly, and how many views read it.',
  method: 'GET',
  path: `${path}dependencies/`,
  documented: projects,
  scopes: [],
  keys: 'refused',
  instead: lineage,
  derive: derived.dependencies,
  input: ofView,
  reply: { kind: 'object', fields: z.looseObject({ upstream_count: number, downstream_count: number }) },
})

const materialize = operation({
  name: 'warehouse_saved_queries_materialize',
  ...write,
  // Its SQL runs, and linked tables read their buckets.
  openWorld: true,
  title: 'Materialize a view',
  description:
    'Stores a view as a table on a schedule (daily if not said) and starts a billable run; at most 5 an hour. Follow with warehouse_saved_queries_run_history.',
  method: 'POST',
  path: `${path}materialize/`,
  documented: projects,
  effect: 'write',
  idempotent: true,
  keys: 'newer',
  instead: 'Materialize the view in the PostHog app under Data warehouse.',
  input: z.strictObject({ id, sync_frequency: cadence.exclude(['never']).optional() }),
  body: ({ sync_frequency }) => present({ sync_frequency }),
  reply: {
    kind: 'done',
    says: () =>
      'PostHog materializes the view and has started a run. warehouse_saved_queries_run_history shows how it goes.',
  },
  check: 'warehouse_saved_queries_get',
  leftOut: repeatedView,
  deviations: ['sync_frequency is undocumented; older PostHog ignores it and takes 24hour.'],
})

const revert = operation({
  name: 'warehouse_saved_queries_revert_materialization',
  ...write,
  title: 'Drop materialized rows',
  description:
    'Drops the stored rows and the schedule of a materialized view; it goes on as a plain view and queries on it get slower.',
  method: 'POST',
  path: `${path}revert_materialization/`,
  documented: projects,
  effect: 'destructive',
  loss: materializationLoss,
  idempotent: true,
  keys: 'newer',
  instead: 'Revert it in the PostHog app under Data warehouse.',
  input: ofView,
  body: () => undefined,
  reply: {
    kind: 'done',
    says: () => 'PostHog dropped the stored rows and the schedule. It is a plain view now; its run history stays.',
  },
  check: 'warehouse_saved_queries_get',
  leftOut: repeatedView,
})

const run = operation({
  name: 'warehouse_saved_queries_run',
  ...write,
  // Its SQL runs, and linked tables read their buckets.
  openWorld: true,
  title: 'Run a view now',
  description:
    'Refreshes a materialized view now (billable). A plain view: warehouse_saved_queries_materialize. Follow with warehouse_saved_queries_run_history.',
  method: 'POST',
  path: `${path}run/`,
  documented: projects,
  effect: 'write',
  idempotent: false,
  keys: 'newer',
  instead: 'Run it in the PostHog app under Data warehouse.',
  input: z.strictObject({ id, full_refresh: z.boolean().optional().describe('rebuild an incremental view') }),
  body: ({ full_refresh }) => present({ full_refresh }),
  reply: {
    kind: 'done',
    says: () =>
      'PostHog has started a run, or joined one under way. warehouse_saved_queries_run_history shows how it goes.',
  },
  check: 'warehouse_saved_queries_run_history',
  leftOut: repeatedView,
})

const cancel = operation({
  name: 'warehouse_saved_queries_cancel',
  ...write,
  title: 'Cancel a run',
  description: 'Stops the run of a view that is under way; the rows of the last finished run stay.',
  method: 'POST',
  path: `${path}cancel/`,
  documented: projects,
  scopes: [],
  effect: 'write',
  idempotent: true,
  keys: 'refused',
  instead:
    'Cancel it in the PostHog app, on the page of the view (/data-warehouse/view/ and its id); warehouse_saved_queries_run_history shows when it ends.',
  input: ofView,
  body: () => undefined,
  reply: { kind: 'done', says: () => 'PostHog is cancelling the run; its status may say Running a little longer.' },
  check: 'warehouse_saved_queries_run_history',
  leftOut: repeatedView,
})

const runHistory = operation({
  name: 'warehouse_saved_queries_run_history',
  ...read,
  title: 'Last runs of a view',
  description:
    'The last five runs of a view with status and time. The error text is latest_error in warehouse_saved_queries_get.',
  method: 'GET',
  path: `${path}run_history/`,
  documented: projects,
  keys: 'newer',
  instead: 'warehouse_saved_queries_get has status, last_run_at and latest_error.',
  derive: derived.runHistory,
  input: ofView,
  reply: {
    kind: 'list',
    at: 'run_history',
    paging: 'none',
    limit: 5,
    row: z.looseObject({ status: string, timestamp: string }),
  },
  deviations: ['At most the five newest; no id and no error text.'],
})

const resumeSchedules = operation({
  name: 'warehouse_saved_queries_resume_schedules',
  ...write,
  title: 'Resume schedules',
  description:
    'Lifts the suspension of views whose schedule stopped after repeated failures. Starts no run. Unknown ids are skipped silently.',
  method: 'POST',
  path: 'warehouse_saved_queries/resume_schedules/',
  documented: projects,
  effect: 'write',
  idempotent: true,
  keys: 'newer',
  instead: 'Resume them in the PostHog app under Data warehouse.',
  input: z.strictObject({ view_ids: z.array(id).min(1) }),
  reply: {
    kind: 'done',
    says: ({ view_ids }) =>
      `PostHog accepted ${view_ids.length} view ids; it skips unknown ones without a word. warehouse_saved_queries_get shows each.`,
  },
  check: 'warehouse_saved_queries_get',
  leftOut: repeatedView,
})

/** What is done to or asked of one view beyond reading and writing it (fact sheet: tables 3.4). */
export const viewActions = [
  ancestors,
  cancel,
  dependencies,
  descendants,
  materialize,
  revert,
  run,
  runHistory,
  resumeSchedules,
]
