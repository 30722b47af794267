import { outOfScope } from '../request-scope.ts'
import { StatusError } from '../status-error.ts'

/** The longest pause between two looks at a project, after failures. */
const LONGEST_MS = 30 * 60_000

/** What is looked at, how often and how. */
export interface PollerMeans {
  /** 0 never looks. */
  readonly intervalMs: number
  /** Asked before each round; nothing ends the looking. */
  projects(): readonly number[]
  look(project: number, signal: AbortSignal): Promise<void>
  failed(error: unknown): void
}

/** A project that could not be looked at. */
interface Failing {
  readonly failures: number
  /** Milliseconds since 1970. */
  readonly notBefore: number
}

/** Looks now and then, for as long as there is something to look at; at what fails less and less often. */
export class Poller {
  readonly #means: PollerMeans
  readonly #abort = new AbortController()
  readonly #failing = new Map<number, Failing>()
  #timer: NodeJS.Timeout | undefined

  constructor(means: PollerMeans) {
    this.#means = means
  }

  /** Whether it will look again. */
  get isActive(): boolean {
    return this.#timer !== undefined
  }

  /** Begins or ends the looking, as there is something to look at or not. */
  adjust(): void {
    const { intervalMs, projects } = this.#means
    const isWanted = intervalMs > 0 && !this.#abort.signal.aborted && projects().length > 0
    if (isWanted && this.#timer === undefined) this.#wait()
    if (!isWanted) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#failing.clear()
    }
  }

  /** Ends the looking for good, a look under way included. */
  close(): void {
    this.#abort.abort()
    this.adjust()
  }

  #wait(): void {
    // Whoever subscribed first began it; it is not done for them alone.
    this.#timer = outOfScope(() => setTimeout(() => this.#round(), this.#means.intervalMs).unref())
  }

  async #round(): Promise<void> {
    const mine = this.#timer
    for (const project of this.#means.projects()) {
      const { notBefore = 0 } = this.#failing.get(project) ?? {}
      if (Date.now() >= notBefore) await this.#look(project)
    }
    // Ended meanwhile, and perhaps begun anew.
    if (this.#timer !== mine) return
    this.#timer = undefined
    this.adjust()
  }

  /** One that fails keeps nobody from looking at the others. */
  async #look(project: number): Promise<void> {
    try {
      await this.#means.look(project, this.#abort.signal)
      this.#failing.delete(project)
    } catch (error) {
      if (this.#abort.signal.aborted) return
      const failures = (this.#failing.get(project)?.failures ?? 0) + 1
      this.#failing.set(project, { failures, notBefore: Date.now() + this.#pauseMs(error, failures) })
      this.#means.failed(error)
    }
  }

  /** Twice as long with each failure, and never shorter than PostHog asks. */
  #pauseMs(error: unknown, failures: number): number {
    const asked = error instanceof StatusError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
    return Math.max(asked, Math.min(LONGEST_MS, this.#means.intervalMs * 2 ** failures))
  }
}
