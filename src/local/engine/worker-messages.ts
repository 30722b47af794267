/** What the API process and the engine's process say to each other. Plain data only: it crosses a pipe. */

/** Bytes of one answer, held in the API's memory. PostHog has a read budget under the same code. */
export const mostBytes = 64 * 1024 * 1024

/** Said when an answer has more. */
export const tooManyBytes = 'The answer is too large. Select fewer columns or rows.'

export interface Job {
  readonly id: number
  readonly sql: string
  /** `rows` streams a select; `command` runs one statement to its end and returns nothing. */
  readonly kind: 'rows' | 'command'
  /** Streaming stops after so many rows. */
  readonly maxRows: number
}

export type ToWorker = { readonly type: 'run'; readonly job: Job } | { readonly type: 'cancel'; readonly id: number }

export type FromWorker =
  | { readonly type: 'ready' }
  /** chDB is not installed. */
  | { readonly type: 'missing' }
  /** The session directory could not be opened or seeded. */
  | { readonly type: 'unusable'; readonly message: string }
  | {
      readonly type: 'columns'
      readonly id: number
      readonly names: readonly string[]
      readonly types: readonly string[]
    }
  | {
      readonly type: 'rows'
      readonly id: number
      readonly rows: readonly (readonly unknown[])[]
      readonly bytes: number
    }
  | { readonly type: 'done'; readonly id: number }
  /** `message` is chDB's own and not fit to show; see `failures.ts`. */
  | { readonly type: 'failed'; readonly id: number; readonly message: string }

/** The worker's arguments, as one JSON text. */
export interface WorkerSetup {
  readonly directory: string
  /** Statements run once before `ready`. */
  readonly start: readonly string[]
}
