import { type Executed, HttpFailure } from './failure.ts'

type End = 'timeout' | 'cancelled' | 'closed'

/** The end of one call, whoever brings it about: its clock, its caller, or the client being closed. */
export interface Deadline {
  /** Aborts at the end. */
  readonly signal: AbortSignal
  /** Milliseconds left; 0 or less once it has passed. */
  remainingMs(): number
  /** The failure that says which end it was. */
  failure(executed: Executed): HttpFailure
  end(how: End): void
  /** Lets go of the timer and of the caller's signal. */
  stop(): void
}

const sentences: Readonly<Record<End, (ms: number) => string>> = {
  timeout: (ms) => `There was no complete reply within ${ms / 1000} s.`,
  cancelled: () => 'The call was cancelled.',
  closed: () => 'The client is closed.',
}

/** The failure of a call that ended early. */
export const toEndFailure = (kind: End, executed: Executed, deadlineMs: number): HttpFailure =>
  new HttpFailure({ kind, executed, message: sentences[kind](deadlineMs) })

/** Starts the clock of one call; `stop` must follow. */
export const startDeadline = (deadlineMs: number, caller: AbortSignal): Deadline => {
  // One controller by hand and not AbortSignal.any: on Node 20 that keeps every call of a long-lived signal alive.
  const controller = new AbortController()
  const startedAt = performance.now()
  let how: End = 'timeout'
  const end = (kind: End): void => {
    if (controller.signal.aborted) return
    how = kind
    controller.abort()
  }
  const cancel = (): void => end('cancelled')
  const timer = setTimeout(() => end('timeout'), deadlineMs)
  caller.addEventListener('abort', cancel, { once: true })
  if (caller.aborted) cancel()
  return {
    signal: controller.signal,
    remainingMs: () => deadlineMs - (performance.now() - startedAt),
    failure: (executed) => toEndFailure(how, executed, deadlineMs),
    end,
    stop: () => {
      clearTimeout(timer)
      caller.removeEventListener('abort', cancel)
    },
  }
}
