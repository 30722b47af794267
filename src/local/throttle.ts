import { throttled } from './errors.ts'

/** How often one bucket may be hit. */
export interface Limit {
  /** Routes with the same name share their budget. */
  readonly name: string
  readonly hits: number
  readonly windowMs: number
}

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
