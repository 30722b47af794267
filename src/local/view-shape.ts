import { toBounds } from './cadence.ts'
import type { ApiKey } from './keys.ts'
import { type Project, toUser } from './seed.ts'
import { isSeedEra } from './seed-era.ts'
import type { JobRecord, ViewRecord } from './state.ts'
import { accessLevel, toColumns, toSeedEraColumns } from './table-shape.ts'
import type { World } from './world.ts'

type Shown = Readonly<Record<string, unknown>>

/** The runs of a view, newest first. */
export const jobsOf = (world: World, view: ViewRecord): readonly JobRecord[] =>
  world.store.state.jobs.filter((job) => job.viewId === view.id).reverse()

/** The status a caller sees, from the row and its newest run (fact sheet: tables 6.2). */
const statusOf = (view: ViewRecord, run: JobRecord | undefined): string | null => {
  if (run === undefined) return view.status
  return view.status === 'Modified' && view.updatedAt > run.startedAt ? 'Modified' : run.status
}

/** The older release keeps the status in the row: what starts or ends a run clears the word before (tables 6.3, S). */
const seedEraStatusOf = (view: ViewRecord, run: JobRecord | undefined): string | null =>
  view.status ?? (run === undefined || run.id === view.revertedRun ? null : run.status)

/** What a view says of its newest run, if it has one. */
export const shownStatus = (
  world: World,
  view: ViewRecord,
): { readonly status: string | null; readonly last_run_at: string | null } => {
  const run = jobsOf(world, view)[0]
  const status = isSeedEra(world) ? seedEraStatusOf(view, run) : statusOf(view, run)
  return { status, last_run_at: run?.startedAt ?? null }
}

const common = (world: World, view: ViewRecord, key: ApiKey, project: Project, columns: boolean): Shown => {
  return {
    id: view.id,
    deleted: view.deleted,
    name: view.name,
    created_by: toUser(view.createdBy),
    created_at: view.createdAt,
    sync_frequency: view.cadence,
    columns: columns ? toColumns(view.columns) : [],
    ...shownStatus(world, view),
    managed_viewset_kind: null,
    latest_error: jobsOf(world, view)[0]?.error ?? null,
    is_materialized: view.isMaterialized,
    origin: 'data_warehouse',
    description: view.description,
    folder_id: null,
    folder_name: null,
    has_incremental_history: false,
    suspended: view.suspended,
    is_test: false,
    expires_at: null,
    user_access_level: accessLevel(key, project, view.createdBy),
  }
}

// Every other field came later (fact sheet: tables 3.1).
const SEED_ERA_FIELDS = [
  'id',
  'deleted',
  'name',
  'created_by',
  'created_at',
  'sync_frequency',
  'status',
  'last_run_at',
  'managed_viewset_kind',
  'is_materialized',
  'origin',
] as const

/** The id of the newest line of the log is the older release's concurrency token (fact sheet: tables 3.3). */
export const newestEntry = (world: World, view: ViewRecord): string | null =>
  world.store.state.activity.findLast(({ viewId }) => viewId === view.id)?.id ?? null

const toSeedEra = (world: World, view: ViewRecord, shown: Shown): Shown => {
  const run = jobsOf(world, view)[0]
  return {
    ...Object.fromEntries(SEED_ERA_FIELDS.map((name) => [name, shown[name]])),
    columns: toSeedEraColumns(view.columns),
    latest_error: run === undefined || run.id === view.revertedRun ? null : run.error,
  }
}

/** A view as retrieve, create and update show it (fact sheet: tables 3.1). */
export const toView = (world: World, view: ViewRecord, key: ApiKey, project: Project): Shown => {
  const shown = toLatestView(world, view, key, project)
  if (!isSeedEra(world)) return shown
  return { ...toSeedEra(world, view, shown), query: view.query, latest_history_id: newestEntry(world, view) }
}

const toLatestView = (world: World, view: ViewRecord, key: ApiKey, project: Project): Shown => ({
  ...common(world, view, key, project, true),
  query: view.query,
  updated_at: view.updatedAt,
  sync_frequency_bounds: toBounds(world, view),
  latest_history_id: view.revision,
  incremental: null,
  incremental_state: null,
})

/** A view as a list row: without its SQL and without its concurrency token. */
export const toViewRow = (world: World, view: ViewRecord, key: ApiKey, project: Project, columns: boolean): Shown => {
  const shown = common(world, view, key, project, columns)
  if (isSeedEra(world)) return toSeedEra(world, view, shown)
  return { ...shown, is_incremental: false, materialization_mode: 'full_refresh' }
}
