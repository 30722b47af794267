import type { Deadline } from './deadline.ts'
import { HttpFailure } from './failure.ts'
import type { HttpReply, HttpRequest } from './message.ts'

/** How often one request is made at most. */
export const MAX_ATTEMPTS = 4

const FIRST_PAUSE_MS = 300
const LONGEST_PAUSE_MS = 8_000
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504])

/**
 * Whether another attempt can do good and no harm. A write is repeated only when it was certainly not carried
 * out: no connection was made, or 429, which upstream gives before its handler runs (fact sheet: cross-cutting 2).
 */
export const mayRepeat = (method: HttpRequest['method'], outcome: HttpReply | HttpFailure): boolean => {
  if (outcome instanceof HttpFailure) {
    if (outcome.kind === 'unreachable') return method === 'GET' || outcome.executed === 'no'
    return method === 'GET' && outcome.kind === 'reset'
  }
  return outcome.status === 429 || (method === 'GET' && BUSY_STATUSES.has(outcome.status))
}

/**
 * Milliseconds to pause after attempt number `attempt` (from 1): anything from nothing to an exponentially
 * growing bound (`random` is 0 to 1), but never less than Retry-After asks for.
 */
export const toPauseMs = (attempt: number, retryAfterSeconds: number | undefined, random: number): number => {
  const bound = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1))
  return Math.max(random * bound, (retryAfterSeconds ?? 0) * 1000)
}

/** Reads Retry-After, seconds or an HTTP date, as whole seconds from `nowMs` (Unix time); absent if neither. */
export const toRetryAfterSeconds = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text)
  // A day name first: Date.parse also takes bare numbers such as "-5" or "1.5" for years and months.
  const at = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - nowMs) / 1000))
}

/** Waits; ends at once, without a failure of its own, when the deadline does. */
export const pause = (ms: number, { signal }: Deadline): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
