import type { Json } from '../operation.ts'
import { defined, toNumber, toObject, toText } from '../schema/reply-parts.ts'

/** One run of a sync or of a view; what is absent is not known. */
export interface Run {
  readonly kind: 'sync' | 'view'
  /** When it began, in milliseconds. */
  readonly at: number
  readonly status: string
  /** Of a sync: the source, whether it is billed, and when it ended. */
  readonly source?: string
  readonly isBilled?: boolean
  readonly endedAt?: number
  readonly rows?: number
  /** As the activity lists have it. */
  readonly row: Json
}

/** Milliseconds of a time as PostHog writes one. */
export const toTime = (value: unknown): number | undefined => {
  const time = Date.parse(toText(value) ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** A run of a sync, from the runs of its source (fact sheet: sources 2.6). */
export const toSync = (job: Json, source: Json): readonly Run[] => {
  const at = toTime(job.created_at)
  const status = toText(job.status)
  if (at === undefined || status === undefined) return []
  const rows = toNumber(job.rows_synced)
  const row = {
    id: job.id,
    type: source.source_type,
    name: toObject(job.schema).name,
    status,
    rows,
    created_at: job.created_at,
    finished_at: job.finished_at,
  }
  // An absent `billable` means that the run is billed.
  const isBilled = job.billable !== false
  const known = defined({ rows, source: toText(source.id), endedAt: toTime(job.finished_at) })
  return [{ kind: 'sync', at, status, isBilled, row, ...known }]
}

/** What the activity lists call every view. */
const VIEW_TYPE = 'Materialized view'

/** A run of a view with all that is known of it, from the list of such runs. */
export const toModel = (job: Json, view: Json | undefined): readonly Run[] => {
  const at = toTime(job.created_at)
  const status = toText(job.status)
  if (at === undefined || status === undefined) return []
  const rows = toNumber(job.rows_materialized)
  const row = {
    id: job.id,
    type: VIEW_TYPE,
    name: view?.name,
    status,
    rows,
    created_at: job.created_at,
    // Which is there while it runs, too (fact sheet: managed 2.1).
    finished_at: job.last_run_at,
  }
  return [{ kind: 'view', at, status, row, ...defined({ rows }) }]
}

/** A run of a view from its history, which has only a status and a time. */
export const toHistoric = ({ status, timestamp }: Json, view: Json): readonly Run[] => {
  const at = toTime(timestamp)
  const told = toText(status)
  if (at === undefined || told === undefined) return []
  const { name } = view
  const row = { type: VIEW_TYPE, name, status: told, created_at: timestamp, finished_at: timestamp }
  return [{ kind: 'view', at, status: told, row }]
}
