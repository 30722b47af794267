import type { RunReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toObjects, toText } from '../schema/reply-parts.ts'
import { listAll } from './lists.ts'
import type { Reader } from './reader.ts'
import type { Stream } from './run-streams.ts'
import { toSync, toTime } from './runs.ts'
import { NEVER, type Wanted } from './wanted.ts'

/** Rows of a page of sources. */
const SOURCES_PAGE = 100
/** Rows PostHog sends of the runs of a source (fact sheet: sources 2.6). */
const JOBS_PAGE = 50

/** The syncs of a project, by source; what cannot be read is said. */
export const syncStreams = async (reads: RunReads, wanted: Wanted, reader: Reader): Promise<readonly Stream[]> => {
  const sources = await listAll('the list of sources', reader, reads.sources, (page) => ({
    limit: SOURCES_PAGE,
    offset: page * SOURCES_PAGE,
  }))
  if (sources?.isWhole !== true) wanted.gaps.add('sync')
  if (sources === undefined) return []
  reader.lacks('syncs of sources that were deleted')
  return sources.rows.flatMap((source) => {
    const upTo = newestOf(source, wanted)
    // Of tables that sync just now each has one run, and its older ones are not looked for.
    const most = wanted.which === 'running' ? countRunning(source) : Number.POSITIVE_INFINITY
    return upTo <= wanted.since ? [] : [toStream({ reads, source, wanted, reader, most }, upTo)]
  })
}

const statusesOf = (source: Json): readonly (string | undefined)[] =>
  toObjects(source.schemas).map(({ status }) => toText(status))

const countRunning = (source: Json): number => statusesOf(source).filter((status) => status === 'Running').length

/** The latest time at which a wanted run of a source can have begun, from what the list says of it. */
const newestOf = (source: Json, { which }: Wanted): number => {
  if (source.access_method === 'direct') return NEVER
  // The start of the newest run that went well (fact sheet: sources 2.1).
  const wentWell = toTime(source.last_run_at) ?? NEVER
  if (which === 'completed') return wentWell
  if (countRunning(source) > 0) return Number.POSITIVE_INFINITY
  if (which === 'running') return NEVER
  const isQuiet = statusesOf(source).every((status) => status === undefined || status === 'Completed')
  return isQuiet ? wentWell : Number.POSITIVE_INFINITY
}

interface Syncs {
  readonly reads: RunReads
  readonly source: Json
  readonly wanted: Wanted
  readonly reader: Reader
  /** Wanted runs that are still to be found at most. */
  readonly most: number
}

/** @param before the start of the oldest run that was read */
const toStream = (syncs: Syncs, upTo: number, before?: string): Stream => ({
  upTo,
  load: async () => {
    const { reads, source, wanted, reader, most } = syncs
    const after = new Date(wanted.since).toISOString()
    const body = await reader.part('syncs of some sources', () =>
      reader.read(reads.jobs, { id: toText(source.id), after, ...(before !== undefined && { before }) }),
    )
    if (body === undefined) wanted.gaps.add('sync')
    const jobs = toObjects(body)
    const last = toText(jobs.at(-1)?.created_at)
    const lastAt = toTime(last)
    const runs = jobs.flatMap((job) => toSync(job, source))
    const left = most - runs.filter(({ status }) => status === 'Running').length
    if (jobs.length < JOBS_PAGE || lastAt === undefined || left <= 0) return { runs }
    return { runs, rest: toStream({ ...syncs, most: left }, lastAt, last) }
  },
})
