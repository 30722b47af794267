import type { CallReport } from './call.ts'
import type { Observe } from './http/client.ts'
import type { ToolResult } from './result.ts'

/** Whoever watches what the process does; it changes nothing. */
export interface Observer {
  /** Told of each call once it has ended. The result is there to be measured: it goes nowhere. */
  called(report: CallReport, result: ToolResult): void
  /** Told of each attempt of a request to PostHog. */
  readonly attempted: Observe
}

/** Several as one. */
export const together = (observers: readonly Observer[]): Observer => ({
  called: (report, result) => {
    for (const { called } of observers) called(report, result)
  },
  attempted: (attempt) => {
    const all = observers.map(({ attempted }) => attempted(attempt))
    return {
      headers: Object.assign({}, ...all.map(({ headers }) => headers)),
      ended: (outcome) => {
        for (const { ended } of all) ended(outcome)
      },
    }
  },
})
