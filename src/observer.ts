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
