import type { FairQueue, Release } from './fair-queue.ts'

/** The turn of one call, which it gives back while it waits for a person: minutes in which it does nothing. */
export class Turn {
  readonly #queue: FairQueue
  readonly #caller: string
  readonly #signal: AbortSignal
  #release: Release | undefined
  #isOver = false

  constructor(queue: FairQueue, caller: string, signal: AbortSignal, release: Release) {
    this.#queue = queue
    this.#caller = caller
    this.#signal = signal
    this.#release = release
  }

  /** Does what needs no turn, and waits for another one behind it. Where too many wait already it goes on without. */
  without = async <T>(work: () => Promise<T>): Promise<T> => {
    this.#giveBack()
    try {
      return await work()
    } finally {
      const release = this.#isOver ? undefined : await this.#queue.take(this.#caller, this.#signal)
      // The call may have ended while it waited.
      if (this.#isOver) release?.()
      else this.#release = release
    }
  }

  end = (): void => {
    this.#isOver = true
    this.#giveBack()
  }

  #giveBack(): void {
    this.#release?.()
    this.#release = undefined
  }
}
