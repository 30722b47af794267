import { HttpFailure, type HttpSender } from './http/client.ts'

/** How long an answer of PostHog counts, and how long its absence does. */
const REACHED_MS = 10_000
const UNREACHED_MS = 2_000
const DEADLINE_MS = 5_000
const LARGEST_REPLY = 1024 * 1024
const PATH = '/api/users/@me/'

/** Whether calls can be served: PostHog answers, and the process is not about to end. */
export class Readiness {
  readonly #http: HttpSender
  readonly #now: () => number
  #known: { readonly reason: string | undefined; readonly until: number } | undefined
  #asking: Promise<string | undefined> | undefined
  #isDraining = false

  constructor(http: HttpSender, now: () => number = () => performance.now()) {
    this.#http = http
    this.#now = now
  }

  /** From now on nothing more can be served. */
  drain(): void {
    this.#isDraining = true
  }

  /** Why no call can be served, in words that anybody may read; undefined when they can. Asks PostHog at most once at a time. */
  async whyNot(): Promise<string | undefined> {
    if (this.#isDraining) return 'This server is about to end'
    if (this.#known !== undefined && this.#known.until > this.#now()) return this.#known.reason
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #ask(): Promise<string | undefined> {
    const reason = await this.#look()
    this.#known = { reason, until: this.#now() + (reason === undefined ? REACHED_MS : UNREACHED_MS) }
    return reason
  }

  /** A key that is refused is an answer too: that is for whoever calls, not for a load balancer. */
  async #look(): Promise<string | undefined> {
    const { signal } = new AbortController()
    const request = { method: 'GET', path: PATH, route: PATH, maxReplyBytes: LARGEST_REPLY, signal } as const
    try {
      const { status } = await this.#http.send({ ...request, deadlineMs: DEADLINE_MS })
      return status < 500 ? undefined : `PostHog answered ${status}`
    } catch (error) {
      if (error instanceof HttpFailure) return error.message
      throw error
    }
  }
}
