import type { RunReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toObject, toObjects, toText } from '../schema/reply-parts.ts'
import { listViews } from './lists.ts'
import type { Reader } from './reader.ts'
import type { Stream } from './run-streams.ts'
import { toHistoric, toModel, toTime } from './runs.ts'
import { NEVER, type Wanted } from './wanted.ts'

/** Rows PostHog sends of the runs of all views at most. */
const MODELS_PAGE = 100
/** Runs PostHog keeps in the history of a view (fact sheet: tables 3.4). */
const HISTORY = 5

interface Views {
  readonly reads: RunReads
  readonly wanted: Wanted
  readonly reader: Reader
}

/** The view runs of a project: from the list of all where keys may read it, otherwise by view; what cannot be read is said. */
export const viewStreams = async (reads: RunReads, wanted: Wanted, reader: Reader): Promise<readonly Stream[]> => {
  const views = await listViews(reader, reads.views)
  if (views?.isWhole !== true) wanted.gaps.add('view')
  if (views === undefined) return []
  reader.lacks('runs of views that were deleted')
  const means = { reads, wanted, reader }
  const lately = views.rows.flatMap((view) => {
    const upTo = toTime(view.last_run_at) ?? NEVER
    return upTo > wanted.since ? [{ view, upTo }] : []
  })
  if (wanted.which === 'running')
    return lately
      .filter(({ view }) => mayRun(view))
      .map(({ view, upTo }) => ({ upTo, load: () => loadNewest(means, view) }))
  const first =
    lately.length === 0
      ? undefined
      : await reader.part('the list of all view runs', () => reader.readIfThere(reads.models, { limit: MODELS_PAGE }))
  if (first === undefined) return lately.map(({ view, upTo }) => ({ upTo, load: () => loadHistory(means, view) }))
  const byId = new Map(views.rows.map((view) => [toText(view.id), view]))
  return [toModels({ ...means, byId, seen: new Set() }, 0, Number.POSITIVE_INFINITY, first)]
}

/** What was edited while it runs says Modified. */
const mayRun = ({ status }: Json): boolean => status === 'Running' || status === 'Modified'

interface Models extends Views {
  readonly byId: ReadonlyMap<string | undefined, Json>
  readonly seen: Set<unknown>
}

/** @param page the first one, which is read already */
const toModels = (models: Models, offset: number, upTo: number, page?: unknown): Stream => ({
  upTo,
  load: async () => {
    const { reads, byId, reader, seen, wanted } = models
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
    return { runs, rest: toModels(models, offset + MODELS_PAGE, last) }
  },
})

/** The newest runs of one view, with all that is known of them where keys may read that. */
const loadNewest = async (views: Views, view: Json): ReturnType<Stream['load']> => {
  const { reads, reader } = views
  const of = { saved_query_id: toText(view.id), limit: HISTORY }
  const body = await reader.part('details of view runs', () => reader.readIfThere(reads.models, of))
  if (body === undefined) return loadHistory(views, view)
  return { runs: toObjects(toObject(body).results).flatMap((job) => toModel(job, view)) }
}

const loadHistory = async ({ reads, wanted, reader }: Views, view: Json): ReturnType<Stream['load']> => {
  const body = await reader.part('runs of some views', () => reader.read(reads.history, { id: toText(view.id) }))
  const runs = toObjects(toObject(body).run_history).flatMap((run) => toHistoric(run, view))
  const oldest = runs.at(-1)?.at ?? NEVER
  if (body === undefined) wanted.gaps.add('view')
  if (runs.length >= HISTORY && oldest > wanted.since && wanted.which !== 'running') {
    wanted.gaps.add('view')
    reader.lacks(`runs of a view before its last ${HISTORY}`)
  }
  return { runs }
}
