/** HogQL queries that PostHog's plain plans allow in an hour (fact sheet: cross-cutting 7). */
export const PLAIN_PER_HOUR = 120

/** From here on what is left is told. */
const LOW = 20
const HOUR_MS = 3_600_000

/** Counts the queries of one credential. A count of ours: others may use the same key. */
export class QueryBudget {
  readonly #now: () => number
  readonly #started: number[] = []

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** One query is about to be sent. */
  count(): void {
    this.#started.push(this.#now())
  }

  /** A sentence once little is left of a plain plan's budget; PostHog does not tell which plan a project has. */
  warning(): string | undefined {
    while ((this.#started[0] ?? Number.POSITIVE_INFINITY) <= this.#now() - HOUR_MS) this.#started.shift()
    const used = this.#started.length
    if (used < PLAIN_PER_HOUR - LOW) return undefined
    return `This server has sent ${used} HogQL queries in the last hour; plain PostHog plans allow ${PLAIN_PER_HOUR} an hour (${Math.max(0, PLAIN_PER_HOUR - used)} left). Ask for more with each.`
  }
}
