/** A turn that ends by being given back. */
export type Release = () => void

interface Waiting {
  readonly grant: (release: Release) => void
}

/** How many turns there are, and how many may wait for one. */
export interface QueueLimits {
  readonly running: number
  readonly waiting: number
}

/**
 * Turns for calls: so many at once, the others wait. Callers take turns, however many calls each has waiting, so that one
 * who asks a hundred things keeps nobody else from asking one.
 */
export class FairQueue {
  readonly #limits: QueueLimits
  /** What each caller has waiting; the first caller is the next to have a turn. */
  readonly #lines = new Map<string, Waiting[]>()
  #running = 0
  #waiting = 0
  #idle: (() => void) | undefined

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** A turn, at once or later; undefined when too many wait already, or the signal ends the waiting. */
  take(caller: string, signal: AbortSignal): Promise<Release | undefined> | Release | undefined {
    if (signal.aborted) return undefined
    if (this.#running < this.#limits.running) return this.#start()
    if (this.#waiting >= this.#limits.waiting) return undefined
    return new Promise((resolve) => {
      const waiting: Waiting = {
        grant: (release) => {
          signal.removeEventListener('abort', leave)
          resolve(release)
        },
      }
      const leave = (): void => {
        this.#remove(caller, waiting)
        resolve(undefined)
      }
      signal.addEventListener('abort', leave, { once: true })
      const line = this.#lines.get(caller) ?? []
      this.#lines.set(caller, line)
      line.push(waiting)
      this.#waiting += 1
    })
  }

  /** Resolves when nothing runs and nothing waits, or the time is up. */
  async drained(withinMs: number): Promise<void> {
    if (this.#running + this.#waiting === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#idle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #start(): Release {
    this.#running += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#running -= 1
      this.#next()
      if (this.#running + this.#waiting === 0) this.#idle?.()
    }
  }

  #next(): void {
    const [first] = this.#lines
    if (first === undefined) return
    const [caller, line] = first
    const waiting = line.shift()
    // Behind the others with what is left.
    this.#lines.delete(caller)
    if (line.length > 0) this.#lines.set(caller, line)
    if (waiting === undefined) return
    this.#waiting -= 1
    waiting.grant(this.#start())
  }

  #remove(caller: string, waiting: Waiting): void {
    const line = this.#lines.get(caller)
    const at = line?.indexOf(waiting) ?? -1
    if (line === undefined || at === -1) return
    line.splice(at, 1)
    this.#waiting -= 1
    if (line.length === 0) this.#lines.delete(caller)
  }
}
