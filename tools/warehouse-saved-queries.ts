import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { changesSomething, hogql, id, nothingToChange, object, paging, present, sql, string, text } from './fields.ts'
import { viewLoss } from './losses.ts'
import {
  actorOf,
  cadence,
  ofView,
  viewPath as path,
  read,
  refuseKnownName,
  view,
  withShortBounds,
  write,
} from './view-parts.ts'
import { viewActions } from './warehouse-saved-query-actions.ts'

const documented = ['environments', 'projects'] as const

const list = operation({
  name: 'warehouse_saved_queries_list',
  ...read,
  title: 'List views',
  description:
    'Lists saved queries (views, materialized views) with status and last run. SQL and columns: warehouse_saved_queries_get.',
  method: 'GET',
  path: 'warehouse_saved_queries/',
  documented,
  keys: 'allowed',
  input: z.strictObject({ search: z.string().optional().describe('part of the name'), ...paging }),
  reply: {
    kind: 'list',
    at: 'results',
    paging: 'thousand',
    limit: 50,
    row: z.looseObject({
      id: string,
      name: string,
      status: string,
      is_materialized: z.boolean().optional(),
      sync_frequency: string,
      last_run_at: string,
      latest_error: string,
    }),
  },
  leftOut: { page: 'Upstream pages hold 1,000 rows each; limit and offset page inside them.' },
  deviations: ['Managed views are invisible unless the project has them switched on.'],
})

const create = operation({
  name: 'warehouse_saved_queries_create',
  ...write,
  // Its SQL runs, and linked tables read their buckets.
  openWorld: true,
  title: 'Create a view',
  description:
    'Saves a HogQL select as a view; PostHog runs it once to type its columns. Not stored as rows: then warehouse_saved_queries_materialize. Refuses a name that exists.',
  method: 'POST',
  path: 'warehouse_saved_queries/',
  documented,
  // With its guard it can only add; without, a POST of a known name edits that view (fact sheet: tables 3.3).
  effect: 'write',
  idempotent: false,
  keys: 'allowed',
  input: z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_$][A-Za-z0-9_.$]*$/, 'letters, digits, _ . $ only')
      .max(128),
    query: sql.describe('HogQL select, no {placeholders}'),
  }),
  guard: {
    of: 'list',
    path: 'warehouse_saved_queries/',
    query: ({ name }) => ({ search: name }),
    refuse: refuseKnownName,
  },
  body: ({ name, query }) => ({ name, query: hogql(query) }),
  reply: { kind: 'object', fields: view, from: withShortBounds },
  creates: 'the view',
  deadline: 'long',
  check: 'warehouse_saved_queries_list',
  leftOut: {
    deleted: 'Read-only upstream.',
    soft_update: 'Switches off the check that keeps a create from editing a view which the list hides.',
    edited_history_id: 'Belongs to an update; older PostHog answers 500 to it on a create.',
  },
  deviations: ['A POST of a known name is an update upstream (200), so the name is looked up first.'],
})

const get = operation({
  name: 'warehouse_saved_queries_get',
  ...read,
  title: 'Get a view',
  description: 'One view: SQL, columns, status, error, and latest_history_id, which an update of its SQL needs.',
  method: 'GET',
  path,
  documented,
  keys: 'allowed',
  input: ofView,
  reply: { kind: 'object', fields: view, from: withShortBounds },
  deviations: ['columns is a list; edited_history_id and soft_update never come back.'],
})

const update = operation({
  name: 'warehouse_saved_queries_update',
  ...write,
  // Its SQL runs, and linked tables read their buckets.
  openWorld: true,
  title: 'Update a view',
  description:
    'Changes name, SQL or sync_frequency of a view. query needs edited_history_id: latest_history_id from warehouse_saved_queries_get. A materialized view serves old rows until warehouse_saved_queries_run. A sync_frequency may materialize a plain view and start a billable run.',
  method: 'PATCH',
  path,
  documented,
  effect: 'write',
  idempotent: true,
  keys: 'allowed',
  input: z
    .strictObject({
      id,
      name: text.max(128).optional(),
      query: sql.optional(),
      edited_history_id: z.string().optional(),
      sync_frequency: cadence.optional(),
      soft_update: z.boolean().optional().describe('no conflict check: overwrites a colleague'),
    })
    .refine(({ name, query, sync_frequency }) => changesSomething({ name, query, sync_frequency }), nothingToChange)
    .refine((input) => input.query === undefined || input.edited_history_id !== undefined || input.soft_update, {
      path: ['edited_history_id'],
      message: 'is needed with query: take latest_history_id from warehouse_saved_queries_get just before',
    }),
  body: ({ id: _id, query, ...rest }) => present({ ...rest, query: query && hogql(query) }),
  reply: { kind: 'object', fields: view, from: withShortBounds },
  deadline: 'long',
  check: 'warehouse_saved_queries_get',
  leftOut: { deleted: 'Deleting this way skips the guards of warehouse_saved_queries_delete.' },
  deviations: ['A conflict is a 400, recognised by its text; sync_frequency is undocumented.'],
})

const remove = operation({
  name: 'warehouse_saved_queries_delete',
  ...write,
  title: 'Delete a view',
  description: 'Deletes a view, its rows, schedule and joins, without undo, maybe even when other views read it.',
  method: 'DELETE',
  path,
  documented,
  effect: 'destructive',
  loss: viewLoss,
  idempotent: true,
  keys: 'allowed',
  input: ofView,
  reply: { kind: 'done', says: () => 'PostHog deleted the view, its materialized rows, its schedule and its joins.' },
  check: 'warehouse_saved_queries_get',
})

const activity = operation({
  name: 'warehouse_saved_queries_activity',
  ...read,
  title: 'Edit history of a view',
  description: 'Who changed a view, when and how. Runs: warehouse_saved_queries_run_history.',
  method: 'GET',
  path: `${path}activity/`,
  documented,
  scopes: ['activity_log:read'],
  keys: 'allowed',
  input: z.strictObject({ id, limit: z.int().min(1).max(100).optional(), page: z.int().min(1).optional() }),
  reply: {
    kind: 'list',
    at: 'results',
    paging: 'page',
    limit: 10,
    row: z.looseObject({ activity: string, user: string, created_at: string, detail: object }),
    from: (row) => ({ ...row, user: actorOf(row.user) }),
  },
  deviations: ['Pages with page and limit; an unknown view is an empty 404; a deleted view still answers.'],
})

/** Views and materialized views (fact sheet: tables 3). */
export const warehouseSavedQueries = [list, create, get, update, remove, activity, ...viewActions]
