import { z } from 'zod'
import { operation } from '../src/operation.ts'
import * as derived from './derivations.ts'
import { number, object, paging, part, rowsOf, string, text } from './fields.ts'

const both = ['environments', 'projects'] as const
const environments = ['environments'] as const
const read = { toolset: 'data_warehouse', effect: 'read', tier: 'read', idempotent: true, openWorld: false } as const
// No scope is declared for these upstream, so even a key with all scopes is refused (fact sheet: managed 0).
const session = { ...read, scopes: [], keys: 'refused' } as const

// `limit` has bounds here because upstream loops for ever on 0 and fails on less (fact sheet: managed 6.13).
const ofActivity = z.strictObject({
  limit: z.int().min(1).max(50).optional(),
  offset: z.int().min(0).optional(),
  cutoff_days: z.int().min(1).optional().describe('default 30'),
})
const activityRow = z.looseObject({
  id: string,
  type: string,
  name: string,
  status: string,
  rows: number,
  created_at: string,
})
const newerFilters = { kind: 'Newer PostHog only; older ones ignore it and would answer something else.' }
const noCount = 'No total: next is a bare query string, made into the next input here.'

const runningActivity = operation({
  name: 'data_warehouse_running_activity',
  ...session,
  title: 'What is running',
  description: 'Source syncs and view runs that are under way now, newest first.',
  method: 'GET',
  path: 'data_warehouse/running_activity/',
  documented: environments,
  instead:
    'external_data_sources_list and warehouse_saved_queries_list show status Running; external_data_sources_jobs has the runs of a source.',
  derive: derived.runningActivity,
  input: ofActivity,
  reply: { kind: 'list', at: 'results', paging: 'offset', limit: 20, row: activityRow },
  leftOut: newerFilters,
  deviations: [noCount, 'finished_at is left out: of a view that is running it is the run before.'],
})

const completedActivity = operation({
  name: 'data_warehouse_completed_activity',
  ...session,
  title: 'What has finished',
  description:
    'Source syncs and view runs that finished well, newest first. Failures are in data_warehouse_data_health_issues.',
  method: 'GET',
  path: 'data_warehouse/completed_activity/',
  documented: both,
  instead: 'external_data_sources_jobs has the runs of a source, warehouse_saved_queries_run_history those of a view.',
  derive: derived.completedActivity,
  input: ofActivity,
  reply: { kind: 'list', at: 'results', paging: 'offset', limit: 20, row: activityRow.extend({ finished_at: string }) },
  leftOut: { ...newerFilters, outcome: newerFilters.kind },
  deviations: [noCount],
})

const jobStats = operation({
  name: 'data_warehouse_job_stats',
  ...session,
  title: 'Run counts',
  description: 'How many syncs and view runs succeeded and failed in the last 1, 7 or 30 days, by hour or day.',
  method: 'GET',
  path: 'data_warehouse/job_stats/',
  documented: both,
  instead:
    'data_warehouse_data_health_issues lists what fails now; external_data_sources_jobs has the runs of a source.',
  derive: derived.jobStats,
  input: z.strictObject({ days: z.literal([1, 7, 30]).optional().describe('default 7') }),
  reply: {
    kind: 'object',
    fields: z.looseObject({ total_jobs: number, successful_jobs: number, failed_jobs: number, breakdown: object }),
  },
  deviations: ['The buckets of breakdown need not add up to the totals: they go by other dates.'],
})

const totalRowsStats = operation({
  name: 'data_warehouse_total_rows_stats',
  ...session,
  title: 'Rows billed',
  description: 'Rows synced in the current billing period: in total, billed, not yet billed, by source id.',
  method: 'GET',
  path: 'data_warehouse/total_rows_stats/',
  documented: environments,
  instead: 'external_data_sources_jobs has rows_synced and billable of every run of a source.',
  derive: derived.totalRows,
  input: z.strictObject({}),
  reply: {
    kind: 'object',
    fields: z.looseObject({
      billing_period_end: string,
      total_rows: number,
      pending_billing_rows: number,
      breakdown_of_rows_by_source: object,
    }),
  },
  deviations: ['breakdown_of_rows_by_source counts rows that are not billed too.'],
})

const dataHealthIssues = operation({
  name: 'data_warehouse_data_health_issues',
  ...read,
  title: 'What is broken',
  description:
    'Everything that fails now, with the error: syncs, sources, materialized views, destinations, transformations. Start here when data is missing.',
  method: 'GET',
  path: 'data_warehouse/data_health_issues/',
  documented: both,
  scopes: ['warehouse_view:read', 'external_data_source:read'],
  keys: 'allowed',
  input: z.strictObject(paging),
  reply: {
    kind: 'list',
    at: 'results',
    paging: 'whole',
    limit: 50,
    row: z.looseObject({
      type: string,
      id: string,
      name: string,
      source_type: string,
      status: string,
      error: string,
      failed_at: string,
      last_success_at: string,
      url: string,
    }),
    // Upstream calls the last success of a sync failed_at (fact sheet: managed 2.4).
    from: ({ failed_at, ...row }) =>
      row.type === 'external_data_sync' ? { ...row, last_success_at: failed_at } : { ...row, failed_at },
  },
  deviations: [
    'failed_at of a sync is called last_success_at, which it is. url is a path in the app.',
    'Newer PostHog asks for batch_export:read and hog_function:read too.',
  ],
})

const dataOpsDashboard = operation({
  name: 'data_warehouse_data_ops_dashboard',
  // A GET that creates the dashboard when there is none, hence no read and the write scope upstream.
  ...read,
  effect: 'write',
  tier: 'write',
  title: 'Data ops dashboard',
  description: 'Id of the "Data ops overview" dashboard; the first call creates it.',
  method: 'GET',
  path: 'data_warehouse/data_ops_dashboard/',
  documented: both,
  scopes: ['warehouse_view:write'],
  keys: 'allowed',
  input: z.strictObject({}),
  reply: { kind: 'object', fields: z.looseObject({ dashboard_id: number }) },
  check: 'file_system_list',
  checkNote: 'Search it for "Data ops overview"; calling again is harmless and returns the same dashboard.',
  deviations: ['The reply is the id of the dashboard, not an empty body.'],
})

const propertyValues = operation({
  name: 'data_warehouse_property_values',
  ...read,
  title: 'Values of a column',
  description: 'Up to ten distinct values of a column of a table or view, as text: to get a filter right.',
  method: 'GET',
  path: 'data_warehouse/property_values/',
  documented: environments,
  // On a linked table PostHog reads the bucket.
  openWorld: true,
  scopes: ['query:read'],
  keys: 'allowed',
  input: z.strictObject({
    table_name: text,
    key: text.describe('column'),
    value: z.string().optional().describe('contained in the values'),
  }),
  reply: {
    kind: 'list',
    paging: 'none',
    limit: 100,
    rows: (body) => rowsOf(part(body)).map(({ name }) => name),
    row: z.string(),
  },
  deadline: 'long',
  deviations: ['key, table_name and value are undocumented. Arrays are flattened, so there can be more than ten.'],
})

/** Activity, counts, health and values (fact sheet: managed 2). */
export const pipelineStatistics = [
  runningActivity,
  completedActivity,
  jobStats,
  totalRowsStats,
  dataHealthIssues,
  dataOpsDashboard,
  propertyValues,
]
