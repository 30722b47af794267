import type { Derivation, DerivedField } from '../src/derivation.ts'
import { belowReads, lastRunReads, lineageReads, runReads } from './derived-reads.ts'

const equal: DerivedField = { is: 'equal' }
const but = (why: string): DerivedField => ({ is: 'equal', why })
const unknown = (why: string): DerivedField => ({ is: 'unknown', why })
const about = (why: string): DerivedField => ({ is: 'approximate', why })

const stored =
  'PostHog stores who reads whom when a view is saved, by id: a table renamed since is found there, not in the SQL. The SQL of other views is at most five minutes old; views that the schema leaves out are not seen.'
const withoutSchema =
  'Without `query:read` the SQL of at most 30 views is read, one by one; the list is then of those, and says so.'

const lineage = (asks: 'ancestors' | 'descendants' | 'counts', fields: Derivation['fields']): Derivation => ({
  kind: 'lineage',
  asks,
  reads: lineageReads,
  fields,
})

export const ancestors = lineage('ancestors', { results: but(stored) })
export const descendants = lineage('descendants', { results: but(`${stored} ${withoutSchema}`) })
export const dependencies = lineage('counts', {
  upstream_count: but(stored),
  downstream_count: but(`${stored} Absent where not the SQL of all views could be read.`),
})

const newer = 'Known where PostHog lets keys read `data_modeling_jobs` (newer releases).'
const fromHistory =
  'The time the run history gives; exact where PostHog lets keys read `data_modeling_jobs` (newer releases).'
const activity = {
  'results: which runs': but(
    'Not those of sources and views that were deleted. Of a view the last five, unless `data_modeling_jobs` can be read. After 40 requests it stops, and says before when runs may be missing.',
  ),
  'results of syncs: id, type, name, status, created_at': equal,
  'results of syncs: rows': but('Absent while PostHog has no number yet.'),
  'results of view runs: type, name, status': equal,
  'results of view runs: created_at': about(fromHistory),
  'results of view runs: id, rows': unknown(newer),
}

export const runningActivity: Derivation = { kind: 'runs', asks: 'running', reads: runReads, fields: activity }
export const completedActivity: Derivation = {
  kind: 'runs',
  asks: 'completed',
  reads: runReads,
  fields: {
    ...activity,
    'results of syncs: finished_at': equal,
    'results of view runs: finished_at': about(fromHistory),
  },
}

const whole =
  'Absent where not all runs could be read: a scope is missing, a view had more than five runs, or 40 requests did not do.'

export const jobStats: Derivation = {
  kind: 'runs',
  asks: 'counts',
  reads: runReads,
  fields: {
    days: equal,
    cutoff_time: about('By the clock of this server, in UTC.'),
    'total_jobs, successful_jobs, failed_jobs': but(`${whole} Without sources and views that were deleted.`),
    'external_data_jobs: total, successful, failed': but(whole),
    'external_data_jobs: running': but('Not those that began more than a day before the period.'),
    'modeling_jobs: total, running, successful, failed': but(whole),
    breakdown: but('In UTC without `project:read`. Where 40 requests did not do, only the days that are whole.'),
  },
}

const billing = "Only PostHog's billing knows it."

export const totalRows: Derivation = {
  kind: 'runs',
  asks: 'rows',
  reads: runReads,
  fields: {
    total_rows: about(
      'Billed rows of all syncs of the last 31 days, since `counted_from`: as long as the longest monthly period. Without deleted sources; absent where not all could be read.',
    ),
    breakdown_of_rows_by_source: about('Rows of the same days, by source id; deleted sources are missing.'),
    'billing_available, billing_interval, billing_period_start, billing_period_end': unknown(billing),
    'tracked_billing_rows, pending_billing_rows': unknown(billing),
    materialized_rows_in_billing_period: unknown(billing),
  },
}

export const runHistory: Derivation = {
  kind: 'last run',
  reads: lastRunReads,
  fields: {
    'results: the newest': equal,
    'results: status': but('Absent where the view was edited since.'),
    'results: the four before': unknown('The view tells of its last run only.'),
  },
}

export const folderCount: Derivation = {
  kind: 'below',
  reads: belowReads,
  fields: { count: equal, 'entries, has_more': unknown('Those releases do not send them at all.') },
}
