import type { RunReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toMoment } from './activity.ts'
import type { Reader } from './reader.ts'
import { collect } from './run-streams.ts'
import { syncStreams } from './sync-streams.ts'
import type { Wanted } from './wanted.ts'

/** As long as the longest month: what a billing period has so far is not more than what these days have. */
const DAYS = 31
const DAY_MS = 86_400_000

/** Rows synced lately, in the place of those of a billing period that only PostHog's billing knows. @returns undefined where none can be read */
export const deriveRowTotals = async (reads: RunReads, reader: Reader): Promise<Json | undefined> => {
  const since = Date.now() - DAYS * DAY_MS
  const gaps: Wanted['gaps'] = new Set()
  const streams = await syncStreams(reads, { since, which: 'all', gaps }, reader)
  const { runs, wholeFrom } = await collect(streams, (_read, at) => at <= since, reader)
  if (runs.length === 0 && gaps.size > 0) return undefined
  reader.lacks('the billing period, what billing has counted, rows of materialized views')
  const from = wholeFrom ?? since
  const counted = runs.filter(({ at }) => at > from)
  const billed = counted.filter(({ isBilled }) => isBilled).reduce((sum, { rows = 0 }) => sum + rows, 0)
  const breakdown = new Map<string, number>()
  for (const { source = '?', rows = 0 } of counted) breakdown.set(source, (breakdown.get(source) ?? 0) + rows)
  const about = { counted_from: toMoment(from), breakdown_of_rows_by_source: Object.fromEntries(breakdown) }
  if (wholeFrom === undefined && gaps.size === 0) return { ...about, total_rows: billed }
  reader.lacks(`total_rows: at least ${billed}`)
  return about
}
