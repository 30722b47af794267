import { EngineError } from './engine.ts'
import { type FromWorker, type Job, mostBytes, tooManyBytes } from './worker-messages.ts'

/** One statement for the engine. `timeoutMs` counts from its turn, not from its arrival. */
export interface Work {
  /** Asked for when its turn comes, because what a name stands for may be replaced while it waits. May throw. */
  readonly sql: () => string
  readonly kind: Job['kind']
  readonly maxRows?: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Waits for its turn however long it takes: for work in the background, of which there is little at a time. */
  readonly patient?: boolean
}

/** What a statement answered; empty for a `command`. */
export interface Outcome {
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** Of the rows, as the engine wrote them. */
  readonly bytes: number
}

/** PostHog's text for a full cluster (fact sheet: cross-cutting 9.4). */
export const busyText =
  "Queries are a little too busy right now. We're working to free up resources. Please try again later."

/** PostHog's text for a query over its limit, with the advice that fits here. */
export const timeoutText =
  'Query has hit the max execution time before completing. Try a shorter time range or fewer rows.'

const longestTimer = 2_147_483_647

/** A call's place in the queue: its clock, its rows so far, and the promise its caller holds. */
export class Ticket {
  readonly id: number
  readonly outcome: Promise<Outcome>
  readonly #work: Work
  readonly #giveUp: (ticket: Ticket) => void
  readonly #rows: (readonly unknown[])[] = []
  #names: readonly string[] = []
  #types: readonly string[] = []
  #bytes = 0
  #timer: NodeJS.Timeout
  #resolve: (outcome: Outcome) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined
  settled = false

  /** `giveUp` is called when the ticket ends before its statement did. */
  constructor(id: number, work: Work, maxWaitMs: number, giveUp: (ticket: Ticket) => void) {
    this.id = id
    this.#work = work
    this.#giveUp = giveUp
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#timer = setTimeout(
      () => this.#abandon(new EngineError('busy', busyText)),
      work.patient ? longestTimer : maxWaitMs,
    )
    work.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  get kind(): Job['kind'] {
    return this.#work.kind
  }

  #abort = (): void => this.#abandon(new EngineError('cancelled', 'The query was cancelled'))

  #abandon(error: EngineError): void {
    if (this.settled) return
    this.fail(error)
    this.#giveUp(this)
  }

  /** The statement's turn has come. Undefined when there is nothing to run any more: then the ticket has failed. */
  begin(): Job | undefined {
    const { sql, kind, maxRows = Number.MAX_SAFE_INTEGER, timeoutMs } = this.#work
    try {
      const job = { id: this.id, sql: sql(), kind, maxRows }
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#abandon(new EngineError('timeout', timeoutText)), timeoutMs)
      return job
    } catch (error) {
      this.fail(error)
      return undefined
    }
  }

  /** Takes what the worker sent for this statement. */
  take(message: Extract<FromWorker, { type: 'columns' | 'rows' }>): void {
    if (this.settled) return
    if (message.type === 'columns') {
      this.#names = message.names
      this.#types = message.types
      return
    }
    for (const row of message.rows) this.#rows.push(row)
    this.#bytes += message.bytes
    if (this.#bytes <= mostBytes) return
    this.#abandon(new EngineError('execution', tooManyBytes, { code: 'too_many_bytes' }))
  }

  succeed(): void {
    if (this.settled) return
    this.#finish()
    this.#resolve({ names: this.#names, types: this.#types, rows: this.#rows, bytes: this.#bytes })
  }

  fail(error: unknown): void {
    if (this.settled) return
    this.#finish()
    this.#reject(error)
  }

  #finish(): void {
    this.settled = true
    clearTimeout(this.#timer)
    this.#work.signal?.removeEventListener('abort', this.#abort)
  }
}
