import { StatusError } from '../carry-out.ts'

/** The longest pause between two looks, after failures. */
const LONGEST_MS = 30 * 60_000

/** What is looked at, how often and how. */
export interface PollerMeans {
  /** 0 never looks. */
  readonly intervalMs: number
  /** Asked before each look; nothing ends the looking. */
  projects(): readonly number[]
  look(project: number, signal: AbortSignal): Promise<void>
  failed(error: unknown): void
}

/** Looks now and then, for as long as there is something to look at; after failures less and less often. */
export class Poller {
  readonly #means: PollerMeans
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #failures = 0

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
    if (isWanted && this.#timer === undefined) this.#wait(intervalMs)
    if (!isWanted) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  /** Ends the looking for good, a look under way included. */
  close(): void {
    this.#abort.abort()
    this.adjust()
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#tick(), ms).unref()
  }

  async #tick(): Promise<void> {
    const mine = this.#timer
    let pauseMs = this.#means.intervalMs
    try {
      for (const project of this.#means.projects()) await this.#means.look(project, this.#abort.signal)
      this.#failures = 0
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#failures += 1
      pauseMs = this.#backOff(error)
      this.#means.failed(error)
    }
    // Ended meanwhile, and perhaps begun anew.
    if (this.#timer !== mine) return
    this.#timer = undefined
    if (this.#means.projects().length > 0) this.#wait(pauseMs)
  }

  /** Twice as long with each failure, and never shorter than PostHog asks. */
  #backOff(error: unknown): number {
    const asked = error instanceof StatusError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
    return Math.max(asked, Math.min(LONGEST_MS, this.#means.intervalMs * 2 ** this.#failures))
  }
}
