import type { RunReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toObject, toObjects, toText } from '../schema/reply-parts.ts'
import { listAll, listViews } from './lists.ts'
import type { Reader } from './reader.ts'
import type { Stream } from './run-streams.ts'
import { type Run, toHistoric, toModel, toSync, toTime } from './runs.ts'

/** Rows of a page of sources. */
const SOURCES_PAGE = 100
/** Rows PostHog sends of the runs of a source, and of those of views (fact sheet: sources 2.6). */
const JOBS_PAGE = 50
const MODELS_PAGE = 100
/** Runs PostHog keeps in the history of a view (fact sheet: tables 3.4). */
const HISTORY = 5

const NEVER = Number.NEGATIVE_INFINITY

/** Which runs are wanted. */
export interface Wanted {
  /** Only those that began later. */
  readonly since: number
  /** Only those that are under way, those that went well, or all. */
  readonly which: 'running' | 'completed' | 'all'
  /** Told of the kind of which not all runs could be read. */
  readonly gaps: Set<Run['kind']>
}

/** The syncs and view runs of a project; a part that cannot be read is missing, and said to be. */
export const streamsOf = async (reads: RunReads, wanted: Wanted, reader: Reader): Promise<readonly Stream[]> => [
  ...(await syncStreams(reads, wanted, reader)),
  ...(await viewStreams(reads, wanted, reader)),
]

/** The syncs alone. */
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
    return upTo <= wanted.since ? [] : [toStream(reads, source, wanted, reader, upTo)]
  })
}

/** The latest time at which a wanted run of a source can have begun, from what the list says of it. */
const newestOf = (source: Json, { which }: Wanted): number => {
  if (source.access_method === 'direct') return NEVER
  // The start of the newest run that went well (fact sheet: sources 2.1).
  const wentWell = toTime(source.last_run_at) ?? NEVER
  if (which === 'completed') return wentWell
  const statuses = toObjects(source.schemas).map(({ status }) => toText(status))
  if (statuses.includes('Running')) return Number.POSITIVE_INFINITY
  if (which === 'running') return NEVER
  return statuses.every((status) => status === undefined || status === 'Completed')
    ? wentWell
    : Number.POSITIVE_INFINITY
}

const toStream = (
  reads: RunReads,
  source: Json,
  wanted: Wanted,
  reader: Reader,
  upTo: number,
  before?: string,
): Stream => ({
  upTo,
  load: async () => {
    const id = toText(source.id)
    const body = await reader.part('syncs of some sources', () =>
      reader.read(reads.jobs, {
        id,
        after: new Date(wanted.since).toISOString(),
        ...(before !== undefined && { before }),
      }),
    )
    if (body === undefined) wanted.gaps.add('sync')
    const jobs = toObjects(body)
    const last = toText(jobs.at(-1)?.created_at)
    const lastAt = toTime(last)
    const runs = jobs.flatMap((job) => toSync(job, source))
    if (jobs.length < JOBS_PAGE || lastAt === undefined) return { runs }
    return { runs, rest: toStream(reads, source, wanted, reader, lastAt, last) }
  },
})

const viewStreams = async (reads: RunReads, wanted: Wanted, reader: Reader): Promise<readonly Stream[]> => {
  const views = await listViews(reader, reads.views)
  if (views?.isWhole !== true) wanted.gaps.add('view')
  if (views === undefined) return []
  reader.lacks('runs of views that were deleted')
  const first = await reader.part('runs of views', () => reader.readIfThere(reads.models, { limit: MODELS_PAGE }))
  if (first !== undefined) {
    const byId = new Map(views.rows.map((view) => [toText(view.id), view]))
    return [toModels(reads, { byId, reader, seen: new Set(), wanted }, 0, Number.POSITIVE_INFINITY, first)]
  }
  return views.rows.flatMap((view) => {
    const upTo = toTime(view.last_run_at) ?? NEVER
    // What was edited while it runs says Modified.
    const mayRun = view.status === 'Running' || view.status === 'Modified'
    if (upTo <= wanted.since || (wanted.which === 'running' && !mayRun)) return []
    return [{ upTo, load: () => loadHistory(reads, view, wanted, reader) }]
  })
}

interface Models {
  readonly byId: ReadonlyMap<string | undefined, Json>
  readonly reader: Reader
  readonly seen: Set<unknown>
  readonly wanted: Wanted
}

/** @param page the first one, which is read already */
const toModels = (reads: RunReads, models: Models, offset: number, upTo: number, page?: unknown): Stream => ({
  upTo,
  load: async () => {
    const { byId, reader, seen, wanted } = models
    const body =
      page ??
      (await reader.part('older runs of views', () => reader.read(reads.models, { limit: MODELS_PAGE, offset })))
    if (body === undefined) wanted.gaps.add('view')
    // A release that knows no offset sends the same page again.
    const jobs = toObjects(toObject(body).results).filter(({ id }) => !seen.has(id))
    for (const { id } of jobs) seen.add(id)
    const runs = jobs.flatMap((job) => toModel(job, byId.get(toText(job.saved_query_id))))
    const last = toTime(jobs.at(-1)?.created_at)
    if (typeof toObject(body).next !== 'string' || last === undefined || last <= wanted.since) return { runs }
    return { runs, rest: toModels(reads, models, offset + MODELS_PAGE, last) }
  },
})

const loadHistory = async (
  { history }: RunReads,
  view: Json,
  { since, gaps }: Wanted,
  reader: Reader,
): ReturnType<Stream['load']> => {
  const body = await reader.part('runs of some views', () => reader.read(history, { id: toText(view.id) }))
  const runs = toObjects(toObject(body).run_history).flatMap((run) => toHistoric(run, view))
  const oldest = runs.at(-1)?.at ?? NEVER
  if (body === undefined || (runs.length >= HISTORY && oldest > since)) {
    gaps.add('view')
    reader.lacks(`runs of a view before its last ${HISTORY}`)
  }
  return { runs }
}
