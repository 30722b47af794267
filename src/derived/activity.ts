import type { RunReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toNumber } from '../schema/reply-parts.ts'
import type { Reader } from './reader.ts'

import { collect } from './run-streams.ts'
import { syncStreams } from './sync-streams.ts'
import { viewStreams } from './view-streams.ts'
import type { Wanted } from './wanted.ts'

const DAY_MS = 86_400_000
const DEFAULT_DAYS = 30
const DEFAULT_LIMIT = 20

/** A page of the runs that are under way, or went well (fact sheet: managed 2.1). @returns undefined where none can be read */
export const deriveActivity = async (
  which: 'running' | 'completed',
  reads: RunReads,
  input: Json,
  reader: Reader,
): Promise<Json | undefined> => {
  const since = Date.now() - (toNumber(input.cutoff_days) ?? DEFAULT_DAYS) * DAY_MS
  const offset = toNumber(input.offset) ?? 0
  const end = offset + (toNumber(input.limit) ?? DEFAULT_LIMIT)
  const status = which === 'running' ? 'Running' : 'Completed'
  const isWanted = (run: { readonly status: string; readonly at: number }): boolean =>
    run.status === status && run.at > since
  const gaps: Wanted['gaps'] = new Set()
  const wanting: Wanted = { since, which, gaps }
  const streams = [...(await syncStreams(reads, wanting, reader)), ...(await viewStreams(reads, wanting, reader))]
  const { runs, wholeFrom } = await collect(
    streams,
    // One more than the page, to know whether there is another.
    (read, from) => from <= since || read.filter((run) => isWanted(run) && run.at >= from).length > end,
    reader,
  )
  const wanted = runs.filter(isWanted)
  if (wanted.length === 0 && gaps.size === 2) return undefined
  const page = wanted.slice(offset, end)
  if (page.some(({ kind, row }) => kind === 'view' && row.id === undefined))
    reader.lacks('of view runs: id and rows; their times are those of the run history')
  if (wholeFrom !== undefined) reader.lacks(`some runs before ${toMoment(wholeFrom)}: too many requests`)
  return { results: page.map(({ row }) => row), next: wanted.length > end ? `?offset=${end}` : null }
}

/** A time in words; there are runs that may have begun at any time. */
export const toMoment = (time: number): string => (Number.isFinite(time) ? new Date(time).toISOString() : 'now')
