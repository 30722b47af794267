import type { World } from '../world.ts'

/** One run of a sync or of a model, as the statistics see it (fact sheet: managed 7.4). Times are ISO texts. */
export interface Run {
  readonly kind: 'import' | 'model'
  readonly id: string
  /** The source's type, or that it is a view; null with `name` when what ran is gone. */
  readonly type: string | null
  readonly name: string | null
  readonly status: string
  readonly rows: number
  readonly billable: boolean
  readonly createdAt: string
  /** For models it is when they last ran, so it is there while they run. */
  readonly finishedAt: string | null
  readonly error: string | null
  readonly workflowRunId: string | null
  readonly origin: string | null
  readonly sourceId: string | null
}

const modelRuns = (world: World, project: number): readonly Run[] =>
  world.store.state.jobs.flatMap((job) => {
    const view = world.store.state.views.find(({ id }) => id === job.viewId)
    if (view?.project !== project) return []
    return {
      kind: 'model',
      id: job.id,
      type: 'Materialized view',
      name: view.name,
      status: job.status,
      rows: job.rows ?? 0,
      billable: true,
      createdAt: job.startedAt,
      finishedAt: job.startedAt,
      error: job.error,
      workflowRunId: job.workflowRunId ?? null,
      origin: 'data_warehouse',
      sourceId: null,
    }
  })

const importRuns = (world: World, project: number): readonly Run[] =>
  world.store.state.syncs
    .filter((job) => job.project === project)
    .map((job) => ({
      kind: 'import',
      id: job.id,
      type: world.store.state.sources.find(({ id }) => id === job.sourceId)?.sourceType ?? null,
      name: world.store.state.schemas.find(({ id }) => id === job.schemaId)?.name ?? null,
      status: job.status,
      rows: job.rowsSynced ?? 0,
      billable: true,
      createdAt: job.createdAt,
      finishedAt: job.finishedAt,
      error: job.latestError,
      workflowRunId: job.workflowRunId,
      origin: null,
      sourceId: job.sourceId,
    }))

/** Every run of a project, newest first. All statistics come from here; no total is stored. */
export const runsOf = (world: World, project: number): readonly Run[] =>
  [...importRuns(world, project), ...modelRuns(world, project)].sort(
    (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt),
  )
