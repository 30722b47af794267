import { randomUUID } from 'node:crypto'
import { EngineError } from '../engine/engine.ts'
import { discardRows } from '../table-engine.ts'
import { timestamp, type World } from '../world.ts'
import { SourceError, type SourceFailure } from './connector.ts'
import { maskSecrets } from './secrets.ts'
import { Slots } from './slots.ts'
import type { SchemaRecord, SourceRecord, SyncJobRecord } from './source-state.ts'
import { type Copied, copyRows, MergeError } from './sync-copy.ts'
import { checkName, takeVersion } from './synced-tables.ts'

const INTERRUPTED = 'The local warehouse was stopped while this sync was under way.'

/** What a user ends a sync with (fact sheet: external-data-sources 6.4). */
export const CANCELLED = 'Sync cancelled by user'

/** Tables read at the same time; the engine takes their batches in turn. */
const AT_A_TIME = 2

/** Characters of an error that are kept; a source may quote whatever it choked on. */
const LONGEST_ERROR = 2_000

// Trying again would end the same way, so the table is switched off (fact sheet: external-data-sources 6.2).
const FINAL: readonly SourceFailure[] = ['auth', 'database', 'forbidden', 'table', 'data']

interface Run {
  readonly job: SyncJobRecord
  readonly abort: AbortController
  readonly done: Promise<void>
}

/** Syncs tables. A sync is asynchronous: the API answers at once and tells of it in jobs and statuses. */
export class Syncs {
  readonly #world: World
  readonly #slots = new Slots(AT_A_TIME)
  readonly #runs = new Map<string, Run>()

  constructor(world: World) {
    this.#world = world
  }

  /** The run of a table that is under way. */
  running(schema: SchemaRecord): SyncJobRecord | undefined {
    const job = this.#runs.get(schema.id)?.job
    return job?.status === 'Running' ? job : undefined
  }

  /** Starts a run, or leaves the one under way alone (fact sheet: external-data-sources 6.3, overlap). */
  start(source: SourceRecord, schema: SchemaRecord): void {
    if (this.running(schema) !== undefined) return
    const before = this.#runs.get(schema.id)?.done
    const job: SyncJobRecord = {
      id: randomUUID(),
      schemaId: schema.id,
      sourceId: source.id,
      project: source.project,
      createdAt: timestamp(this.#world),
      workflowRunId: randomUUID(),
      finishedAt: null,
      status: 'Running',
      rowsSynced: 0,
      latestError: null,
    }
    this.#world.store.state.syncs.push(job)
    schema.status = 'Running'
    const abort = new AbortController()
    const done = this.#run(source, schema, job, abort, before).catch(() =>
      this.#world.log(`sync ${job.id} failed unexpectedly`),
    )
    this.#runs.set(schema.id, { job, abort, done })
  }

  /** Ends the run of a table as failed, at once; what it was doing stops behind it. Whether there was one. */
  stop(source: SourceRecord, schema: SchemaRecord, reason: string): boolean {
    const job = this.running(schema)
    if (job === undefined) return false
    this.#finish(source, schema, job, reason)
    this.#runs.get(schema.id)?.abort.abort()
    return true
  }

  /** Ends, as failed, the runs an earlier process did not finish. */
  settleInterrupted(): void {
    const { syncs, schemas, sources } = this.#world.store.state
    for (const job of syncs.filter(({ status }) => status === 'Running')) {
      const schema = schemas.find(({ id }) => id === job.schemaId)
      const source = sources.find(({ id }) => id === job.sourceId)
      if (schema !== undefined && source !== undefined) this.#finish(source, schema, job, INTERRUPTED)
    }
  }

  /** Stops every run and waits for it. */
  async close(): Promise<void> {
    this.settleInterrupted()
    const runs = [...this.#runs.values()]
    for (const { abort } of runs) abort.abort()
    await Promise.all(runs.map(({ done }) => done))
  }

  async #run(
    source: SourceRecord,
    schema: SchemaRecord,
    job: SyncJobRecord,
    abort: AbortController,
    before: Promise<void> | undefined,
  ): Promise<void> {
    await before
    try {
      await this.#slots.run(async () => {
        checkName(this.#world, source, schema)
        const copied = await copyRows(this.#world, source, schema, abort.signal)
        await this.#take(source, schema, job, copied)
      }, abort.signal)
    } catch (error) {
      this.#fail(source, schema, job, error)
    }
    // Whatever connection is left, such as one whose rows were never asked for, ends here.
    abort.abort()
    if (this.#runs.get(schema.id)?.job === job) this.#runs.delete(schema.id)
    await this.#world.store.save().catch(() => this.#world.log('the state could not be written'))
  }

  async #take(source: SourceRecord, schema: SchemaRecord, job: SyncJobRecord, copied: Copied): Promise<void> {
    let isTaken = false
    try {
      isTaken = await this.#world.commits.take(async () => this.#commit(source, schema, job, copied))
    } finally {
      if (!isTaken && copied.version !== null) discardRows(this.#world, copied.version.rows)
    }
  }

  /** All in one step. Whether the run was still wanted; throws SourceError when its table's name is taken. */
  #commit(source: SourceRecord, schema: SchemaRecord, job: SyncJobRecord, copied: Copied): boolean {
    // A run that was ended while its last statement ran has nothing to say any more.
    if (job.status !== 'Running') return false
    checkName(this.#world, source, schema)
    const now = timestamp(this.#world)
    Object.assign(schema, { cursor: copied.cursor, reset: false, blocked: null, lastSyncedAt: now })
    if (copied.isFresh) schema.builtAt = now
    job.rowsSynced = copied.read
    this.#finish(source, schema, job, null)
    takeVersion(this.#world, source, schema, copied.version)
    return true
  }

  #fail(source: SourceRecord, schema: SchemaRecord, job: SyncJobRecord, error: unknown): void {
    if (job.status !== 'Running') return
    if (error instanceof MergeError) schema.blocked = error.blocked
    const isFinal = error instanceof MergeError || (error instanceof SourceError && FINAL.includes(error.reason))
    if (isFinal) schema.shouldSync = false
    const isKnown = error instanceof SourceError || error instanceof EngineError || error instanceof MergeError
    if (!isKnown) this.#world.log(`sync ${job.id} failed unexpectedly: ${error instanceof Error ? error.stack : ''}`)
    this.#finish(source, schema, job, isKnown ? error.message : 'The sync failed.')
  }

  /** The first end of a run is its only one; the table takes over its status and error. */
  #finish(source: SourceRecord, schema: SchemaRecord, job: SyncJobRecord, error: string | null): void {
    if (job.status !== 'Running') return
    job.status = error === null ? 'Completed' : 'Failed'
    job.latestError = error?.slice(0, LONGEST_ERROR) ?? null
    job.finishedAt = timestamp(this.#world)
    schema.status = job.status
    schema.latestError =
      error === null ? null : maskSecrets(error, source.sourceType, source.inputs).slice(0, LONGEST_ERROR)
  }
}
