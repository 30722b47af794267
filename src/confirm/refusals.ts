/** A PostHog of one's own may be brought up to date while this process runs. */
export const REMEMBERED_MS = 60 * 60_000

/** What PostHog does not let a caller's key do, whatever its scopes: nobody is asked to approve that, and no read is tried again soon. */
export class Refusals {
  readonly #never: ReadonlySet<string>
  readonly #until = new Map<string, number>()
  readonly #now: () => number

  /** @param never operations that every PostHog refuses to keys */
  constructor(never: Iterable<string>, now: () => number = Date.now) {
    this.#never = new Set(never)
    this.#now = now
  }

  has(operation: string): boolean {
    return this.#never.has(operation) || (this.#until.get(operation) ?? 0) > this.#now()
  }

  /** Remembers one that was seen. */
  add(operation: string): void {
    this.#until.set(operation, this.#now() + REMEMBERED_MS)
  }
}
