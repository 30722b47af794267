import { throttled } from './errors.ts'

/** How often one bucket may be hit. */
export interface Limit {
  /** Routes with the same name share their budget. */
  readonly name: string
  readonly hits: number
  readonly windowMs: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** Every endpoint without a limit of its own, per key; all of them must pass (fact sheet: cross-cutting 7). */
export const EVERY_CALL: readonly Limit[] = [
  { name: 'burst', hits: 480, windowMs: MINUTE_MS },
  { name: 'sustained', hits: 4800, windowMs: HOUR_MS },
]

/** `POST query` with SQL, per key. */
export const SQL_CALLS: readonly Limit[] = [{ name: 'hogql', hits: 120, windowMs: HOUR_MS }]

/** `POST query` of another kind, per key. */
export const ANALYTICS_CALLS: readonly Limit[] = [
  { name: 'clickhouse burst', hits: 240, windowMs: MINUTE_MS },
  { name: 'clickhouse sustained', hits: 1200, windowMs: HOUR_MS },
]

/** Registration of OAuth applications, per address. */
export const REGISTRATIONS: readonly Limit[] = [
  { name: 'registration burst', hits: 60, windowMs: MINUTE_MS },
  { name: 'registration sustained', hits: 1000, windowMs: HOUR_MS },
]

/** Sliding-window counters, kept in memory (fact sheet: tables 1.4). */
export class Throttle {
  readonly #now: () => number
  readonly #hits = new Map<string, number[]>()

  /** `now` gives milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Counts one call to `bucket`; throws a 429 when it is one too many. Refused calls do not count. */
  hit(limit: Limit, bucket: string): void {
    const now = this.#now()
    const key = `${limit.name}:${bucket}`
    const recent = (this.#hits.get(key) ?? []).filter((at) => at > now - limit.windowMs)
    const oldest = recent[0]
    if (recent.length >= limit.hits && oldest !== undefined) {
      throw throttled(Math.max(1, Math.ceil((oldest + limit.windowMs - now) / 1000)))
    }
    this.#hits.set(key, [...recent, now])
  }
}
