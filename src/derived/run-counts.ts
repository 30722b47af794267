import type { RunReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toNumber, toObject, toText } from '../schema/reply-parts.ts'
import { toMoment } from './activity.ts'
import { bucketsOf } from './buckets.ts'
import type { Reader } from './reader.ts'

import { collect } from './run-streams.ts'
import type { Run } from './runs.ts'
import { syncStreams } from './sync-streams.ts'
import { viewStreams } from './view-streams.ts'
import type { Wanted } from './wanted.ts'

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 7

/** As stored and as shown (fact sheet: sources 2.6, managed 2.2). */
const FAILED = new Set([
  'Failed',
  'BillingLimitReached',
  'BillingLimitTooLow',
  'Billing limits',
  'Billing limit too low',
])

const count = (runs: readonly Run[], running: number) => ({
  total: runs.length,
  running,
  successful: runs.filter(({ status }) => status === 'Completed').length,
  failed: runs.filter(({ status }) => FAILED.has(status)).length,
})

/** What was counted, and where it is no count. */
interface Tally {
  readonly ended: readonly Run[]
  readonly views: readonly Run[]
  readonly running: { readonly syncs: number; readonly views: number }
  readonly gaps: ReadonlySet<Run['kind']>
}

/** How many runs went well and how many did not (fact sheet: managed 2.2). @returns undefined where none can be read */
export const deriveRunCounts = async (reads: RunReads, input: Json, reader: Reader): Promise<Json | undefined> => {
  const days = toNumber(input.days) ?? DEFAULT_DAYS
  const now = Date.now()
  const since = now - days * DAY_MS
  // Syncs count when they end: one that began earlier may have ended since.
  const from = since - DAY_MS
  const gaps: Wanted['gaps'] = new Set()
  const wanting: Wanted = { since: from, which: 'all', gaps }
  const streams = [...(await syncStreams(reads, wanting, reader)), ...(await viewStreams(reads, wanting, reader))]
  const { runs, wholeFrom } = await collect(streams, (_read, at) => at <= from, reader)
  if (runs.length === 0 && gaps.size === 2) return undefined
  if (wholeFrom !== undefined) {
    reader.lacks(`runs before ${toMoment(wholeFrom)}: too many requests`)
    gaps.add('sync').add('view')
  }
  const zone = await reader.part('the time zone of the project; days and hours are those of UTC', () =>
    reader.read(reads.project, {}),
  )
  const isRunning = ({ status }: Run): boolean => status === 'Running'
  const syncs = runs.filter(({ kind }) => kind === 'sync')
  const views = runs.filter(({ kind, at }) => kind === 'view' && at >= since)
  const ended = syncs.filter(({ isBilled, endedAt }) => isBilled && endedAt !== undefined && endedAt >= since)
  const running = { syncs: syncs.filter(isRunning).length, views: views.filter(isRunning).length }
  const tally = { ended, views, running, gaps }
  const buckets = bucketsOf(days, now, toText(toObject(zone).timezone) ?? 'UTC')
  return {
    days,
    cutoff_time: new Date(since).toISOString(),
    ...toTotals(tally, reader),
    // Some runs have no part in the numbers of a day that are known to be whole.
    ...(gaps.size === 0 || wholeFrom !== undefined
      ? { breakdown: toBreakdown([...ended, ...views], buckets, wholeFrom) }
      : {}),
  }
}

/** What was counted among some of the runs is no count, and is left out. */
const toTotals = ({ ended, views, running, gaps }: Tally, reader: Reader): Json => {
  const all = count([...ended, ...views], 0)
  if (gaps.size > 0) reader.lacks(`how many runs there were: at least ${all.total}, of which ${all.failed} failed`)
  return {
    ...(gaps.size === 0 && { total_jobs: all.total, successful_jobs: all.successful, failed_jobs: all.failed }),
    ...(!gaps.has('sync') && { external_data_jobs: count(ended, running.syncs) }),
    ...(!gaps.has('view') && { modeling_jobs: count(views, running.views) }),
  }
}

const toBreakdown = (runs: readonly Run[], buckets: ReturnType<typeof bucketsOf>, wholeFrom = 0): Json =>
  Object.fromEntries(
    buckets.flatMap(({ name, holds, begins }) => {
      if (begins < wholeFrom) return []
      const { successful, failed } = count(
        runs.filter(({ at }) => holds(at)),
        0,
      )
      return [[name, { successful, failed }]]
    }),
  )
