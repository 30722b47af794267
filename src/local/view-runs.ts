import { randomUUID } from 'node:crypto'
import { EngineError } from './engine/engine.ts'
import { isSeedEra } from './seed-era.ts'
import type { JobRecord, TableRecord, ViewRecord } from './state.ts'
import { discardRows } from './table-engine.ts'
import { OWN_HOST } from './url-rules.ts'
import { takeRows } from './view-rows.ts'
import { jobsOf } from './view-shape.ts'
import { isTaken, timestamp, type World } from './world.ts'

/** Failures in a row after which a view's schedule rests; upstream's number is not known (fact sheet: tables 8). */
const SUSPEND_AFTER = 3

const INTERRUPTED = 'The local warehouse was stopped while this run was under way.'

/** The stored name: the view's without dots and dollars, and with its id where something else has that one. */
const storedName = (world: World, view: ViewRecord): string => {
  const name = view.name.replace(/[.$]/g, '_')
  return isTaken(world, view.project, name, view.id) ? `${name}_${view.id.replaceAll('-', '')}` : name
}

const backingTable = (world: World, view: ViewRecord): TableRecord => {
  const known = world.store.state.tables.find((table) => table.id === view.tableId && !table.deleted)
  if (known !== undefined) return known
  const name = storedName(world, view)
  const table: TableRecord = {
    id: randomUUID(),
    project: view.project,
    createdAt: timestamp(world),
    createdBy: null,
    createdVia: 'materialized_view',
    viewId: view.id,
    name,
    format: 'DeltaS3Wrapper',
    urlPattern: `https://${OWN_HOST}/models/team_${view.project}_model_${view.id.replaceAll('-', '')}/${name}`,
    credential: null,
    columns: [],
    options: {},
    upload: null,
    deleted: false,
  }
  world.store.state.tables.push(table)
  return table
}

/** What a run made: an engine table, its columns, and how many rows it has. */
interface Made {
  readonly table: string
  readonly columns: TableRecord['columns']
  readonly rows: number
}

/** Runs views. A run is asynchronous: the API answers at once and tells of it in the run history. */
export class Runs {
  readonly #world: World
  readonly #running = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>()

  constructor(world: World) {
    this.#world = world
  }

  /** Starts a run, or joins the one under way (fact sheet: tables 6.3). */
  start(view: ViewRecord): void {
    if (jobsOf(this.#world, view).some((job) => job.status === 'Running')) return
    const job: JobRecord = {
      id: randomUUID(),
      viewId: view.id,
      startedAt: timestamp(this.#world),
      status: 'Running',
      error: null,
      workflowRunId: randomUUID(),
    }
    this.#world.store.state.jobs.push(job)
    this.#clearStatus(view)
    const abort = new AbortController()
    this.#running.set(job.id, { abort, done: this.#run(view, job, abort.signal) })
  }

  /**
   * Asks the run of a view to stop; undefined when none is under way. The promise resolves when it has stopped,
   * Cancelled, or Completed if it was quicker.
   */
  cancel(view: ViewRecord): Promise<void> | undefined {
    const job = jobsOf(this.#world, view).find(({ status }) => status === 'Running')
    const run = job === undefined ? undefined : this.#running.get(job.id)
    run?.abort.abort()
    return run?.done
  }

  /** Stops every run and waits for it. */
  async close(): Promise<void> {
    const runs = [...this.#running.values()]
    for (const { abort } of runs) abort.abort()
    await Promise.all(runs.map(({ done }) => done))
  }

  /** Ends, as failed, the runs an earlier process did not finish. */
  settleInterrupted(): void {
    for (const job of this.#world.store.state.jobs) {
      if (job.status !== 'Running') continue
      job.status = 'Failed'
      job.error = INTERRUPTED
    }
  }

  async #run(view: ViewRecord, job: JobRecord, signal: AbortSignal): Promise<void> {
    try {
      // The SQL may be edited while its rows are made; these are the columns the rows will have.
      const { columns } = view
      const { table, rows } = await this.#world.engine.materialize(view.project, view.id, signal)
      await this.#world.commits.take(async () => this.#complete(view, job, { table, columns, rows }))
    } catch (error) {
      this.#fail(view, job, error, signal.aborted)
    }
    this.#running.delete(job.id)
    await this.#world.store.save().catch(() => this.#world.log('the state could not be written'))
  }

  /** All in one step: a state that is written in between would be half a run. */
  #complete(view: ViewRecord, job: JobRecord, made: Made): void {
    // A run that was started while its view was being deleted.
    if (view.deleted) {
      job.status = 'Cancelled'
      discardRows(this.#world, made.table)
      return
    }
    const table = backingTable(this.#world, view)
    takeRows(this.#world, view, made.table)
    table.columns = made.columns
    job.rows = made.rows
    view.tableId = table.id
    view.isMaterialized = true
    job.status = 'Completed'
    this.#clearStatus(view)
  }

  /** In the older release the row's own word is the newest one: a run's, from its start. */
  #clearStatus(view: ViewRecord): void {
    if (isSeedEra(this.#world)) view.status = null
  }

  #fail(view: ViewRecord, job: JobRecord, error: unknown, aborted: boolean): void {
    if (aborted) {
      job.status = 'Cancelled'
      return
    }
    this.#clearStatus(view)
    job.status = 'Failed'
    job.error = error instanceof EngineError ? error.message : 'The run failed.'
    if (!(error instanceof EngineError)) this.#world.log(`run ${job.id} failed unexpectedly`)
    const latest = jobsOf(this.#world, view).slice(0, SUSPEND_AFTER)
    if (latest.length < SUSPEND_AFTER || latest.some(({ status }) => status !== 'Failed')) return
    const at = timestamp(this.#world)
    view.suspended = { clickhouse: { at, reason: job.error, job_id: job.id } }
  }
}
