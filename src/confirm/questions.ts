import type { Reply } from './person.ts'

/** The questions of a process that wait for an answer: they end with it, and whoever waits is told. */
export class Questions {
  readonly #ending = new AbortController()
  readonly #open = new Set<Promise<Reply>>()

  /** Puts one. @param ask ends with `silence` once the signal does */
  async put(ask: (ending: AbortSignal) => Promise<Reply>): Promise<Reply> {
    const { signal } = this.#ending
    const asked = ask(signal)
    this.#open.add(asked)
    try {
      const reply = await asked
      return reply.action === 'silence' && signal.aborted ? { action: 'end' } : reply
    } finally {
      this.#open.delete(asked)
    }
  }

  /** Resolves once the calls that asked go on; questions that come later get no answer either. */
  async end(): Promise<void> {
    this.#ending.abort()
    await Promise.allSettled(this.#open)
  }
}
