import { ToolError } from './tool-error.ts'

/** One piece of work that several wait for. It is given up only when nobody waits any more. */
export class Flight<T> {
  readonly #abort = new AbortController()
  readonly #work: Promise<T>
  #waiting = 0

  /** Whether everybody has left: it ends without an answer. */
  get isAbandoned(): boolean {
    return this.#abort.signal.aborted
  }

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#work = work(this.#abort.signal)
    // Whoever waits is told; a failure after the last one left is nobody's.
    this.#work.catch(() => undefined)
  }

  /** @throws what the work throws, or ToolError when the signal aborts first */
  async join(signal: AbortSignal): Promise<T> {
    this.#waiting += 1
    try {
      return await unlessAborted(this.#work, signal)
    } finally {
      this.#waiting -= 1
      // After the work is done this ends nothing.
      if (this.#waiting === 0) this.#abort.abort()
    }
  }
}

/** An answer, or the end of one's patience with it. @throws ToolError when the signal aborts first */
export const unlessAborted = <T>(answer: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancelled = (): void =>
      reject(new ToolError('The call was cancelled', { next: 'Call again if it is still wanted' }))
    if (signal.aborted) return cancelled()
    signal.addEventListener('abort', cancelled, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancelled))
  })
