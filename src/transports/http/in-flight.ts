/** Requests that have no response yet. */
export class InFlight {
  readonly #working = new Set<Promise<unknown>>()

  /** The same answer, counted until it is there. */
  watch = async <T>(answer: Promise<T>): Promise<T> => {
    this.#working.add(answer)
    try {
      return await answer
    } finally {
      this.#working.delete(answer)
    }
  }

  /** Resolves when every request that arrived has a response, which may be a stream that goes on. */
  over = async (): Promise<void> => {
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
  }
}
