import { type ChildProcess, fork } from 'node:child_process'
import { EngineError } from './engine.ts'
import { toEngineError } from './failures.ts'
import { busyText, type Outcome, Ticket, type Work } from './ticket.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts'

/** Why an engine cannot start. `message` is safe to show. */
export class EngineStartError extends Error {
  readonly reason: 'chdb-missing' | 'unusable'
  constructor(reason: 'chdb-missing' | 'unusable', message: string) {
    super(message)
    this.name = 'EngineStartError'
    this.reason = reason
  }
}

/** Durations are milliseconds. */
export interface LaneOptions {
  /** Path of the compiled worker. */
  readonly worker: string
  readonly setup: WorkerSetup
  /** Calls that may wait behind the running one; one more is `busy`. */
  readonly maxQueued: number
  /** How long a call waits for its turn before it is `busy`. */
  readonly maxWaitMs: number
  /** How long an abandoned query may take to stop before its process is replaced; a command gets no time. */
  readonly graceMs: number
}

// A worker that dies before it is ready is started so often in a row; the next call then tries again.
const mostStarts = 3

/**
 * First come, first served access to one worker process. A call that must end settles at once; if its query
 * does not stop within the grace time the process is killed and replaced, and the others keep their place.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #queue: Ticket[] = []
  #child: ChildProcess | undefined
  #exit: Promise<void> = Promise.resolve()
  #ready = false
  #closed = false
  #failedStarts = 0
  #current: Ticket | undefined
  #lastId = 0
  #started: { resolve(): void; reject(error: EngineStartError): void } | undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Starts the first worker. Throws EngineStartError. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
      this.#spawn()
    })
  }

  /** Runs one statement. Throws EngineError. */
  run(work: Work): Promise<Outcome> {
    if (work.signal?.aborted) return Promise.reject(new EngineError('cancelled', 'The query was cancelled'))
    const full = !work.patient && this.#queue.length >= this.#options.maxQueued
    if (this.#closed || full) return Promise.reject(new EngineError('busy', busyText))
    this.#lastId += 1
    const ticket = new Ticket(this.#lastId, work, this.#options.maxWaitMs, (given) => this.#abandoned(given))
    this.#queue.push(ticket)
    if (!this.#child) {
      this.#failedStarts = 0
      this.#spawn()
    }
    this.#pump()
    return ticket.outcome
  }

  /** Ends the worker and every waiting call. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#failAll(new EngineError('cancelled', 'The local warehouse is stopping'))
    this.#child?.kill('SIGKILL')
    await this.#exit
  }

  #spawn(): void {
    const { worker, setup } = this.#options
    // The engine needs none of this process's environment, so neither keys nor proxies reach it.
    const child = fork(worker, [JSON.stringify(setup)], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { PATH: process.env.PATH, TZ: 'UTC', LANG: 'C.UTF-8' },
    })
    this.#child = child
    this.#ready = false
    child.on('message', (message: FromWorker) => this.#receive(message))
    this.#exit = new Promise((resolve) => {
      const gone = (): void => {
        if (this.#child === child) this.#exited()
        resolve()
      }
      child.once('exit', gone)
      child.once('error', gone)
    })
  }

  #exited(): void {
    this.#child = undefined
    if (!this.#ready) this.#failedStarts += 1
    this.#ready = false
    this.#current?.fail(
      new EngineError('execution', 'The local warehouse engine stopped while it ran this query.', { code: 'aborted' }),
    )
    this.#current = undefined
    if (this.#closed) return
    if (this.#failedStarts < mostStarts) {
      this.#spawn()
      return
    }
    this.#startFails('unusable', 'The local warehouse engine cannot be started.')
    this.#failAll(new EngineError('busy', busyText))
  }

  /** A worker that cannot serve ends; when it was the first one, the lane ends with it. */
  #startFails(reason: EngineStartError['reason'], message: string): void {
    if (this.#started) {
      this.#closed = true
      this.#started.reject(new EngineStartError(reason, message))
      this.#started = undefined
    }
    this.#child?.kill('SIGKILL')
  }

  #receive(message: FromWorker): void {
    if (message.type === 'ready') {
      this.#ready = true
      this.#failedStarts = 0
      this.#started?.resolve()
      this.#started = undefined
      this.#pump()
    } else if (message.type === 'missing') {
      this.#startFails('chdb-missing', 'The local warehouse needs the package chdb. Install it with: npm install chdb')
    } else if (message.type === 'unusable') {
      this.#startFails(
        'unusable',
        `The local warehouse engine cannot be started: ${toEngineError(message.message).message}`,
      )
    } else this.#progress(message)
  }

  #progress(message: Exclude<FromWorker, { type: 'ready' | 'missing' | 'unusable' }>): void {
    const ticket = this.#current
    if (!ticket || ticket.id !== message.id) return
    if (message.type === 'columns' || message.type === 'rows') {
      ticket.take(message)
      return
    }
    this.#current = undefined
    if (message.type === 'done') ticket.succeed()
    else ticket.fail(toEngineError(message.message))
    this.#pump()
  }

  #pump(): void {
    while (this.#ready && !this.#current) {
      const ticket = this.#queue.shift()
      if (!ticket) return
      const job = ticket.begin()
      if (!job) continue
      this.#current = ticket
      this.#tell({ type: 'run', job })
    }
  }

  #tell(message: ToWorker): void {
    // A worker that died a moment ago is seen by its exit event; the failed send has nothing to add.
    this.#child?.send(message, () => undefined)
  }

  #abandoned(ticket: Ticket): void {
    const place = this.#queue.indexOf(ticket)
    if (place !== -1) this.#queue.splice(place, 1)
    if (this.#current !== ticket) return
    this.#tell({ type: 'cancel', id: ticket.id })
    const child = this.#child
    // Only the rows of a select can be stopped at; a command goes on, and would go on writing.
    const graceMs = ticket.kind === 'command' ? 0 : this.#options.graceMs
    setTimeout(() => {
      if (this.#current === ticket) child?.kill('SIGKILL')
    }, graceMs).unref()
  }

  #failAll(error: EngineError): void {
    for (const ticket of this.#queue.splice(0)) ticket.fail(error)
    this.#current?.fail(error)
  }
}
