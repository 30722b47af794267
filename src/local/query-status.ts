/** One asynchronous query, and the object PostHog shows of it (fact sheet: cross-cutting 9.3). */
export interface QueryRun {
  readonly id: string
  readonly project: number
  /** Milliseconds since 1970, like `endedAt`. */
  readonly startedAt: number
  readonly stop: AbortController
  endedAt?: number
  /** The whole 200 body; null while running and after a failure. */
  results: unknown
  /** What the results take, as text. */
  bytes: number
  failed: boolean
  /** Null when the failure has no text for the caller. */
  message: string | null
}

/** How long a status can be read after its query started. */
export const statusLifeMs = 20 * 60_000

const iso = (time: number): string => new Date(time).toISOString()

/** The `query_status` object of a run. */
export function toStatus(run: QueryRun): Record<string, unknown> {
  return {
    id: run.id,
    team_id: run.project,
    query_async: true,
    complete: run.endedAt !== undefined,
    error: run.failed,
    error_message: run.message,
    error_code: null,
    results: run.results,
    start_time: iso(run.startedAt),
    pickup_time: iso(run.startedAt),
    end_time: run.endedAt === undefined ? null : iso(run.endedAt),
    expiration_time: iso(run.startedAt + statusLifeMs),
    task_id: run.id,
    insight_id: null,
    dashboard_id: null,
    query_progress: null,
    labels: null,
    cache_key: null,
    bytes_read: null,
    budget_remaining_bytes: null,
    query_scan: null,
  }
}
