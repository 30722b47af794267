import type { ProjectCall, Reply } from '../route.ts'
import { jobsOf } from '../view-shape.ts'
import { viewsOf, type World } from '../world.ts'
import { pythonTime } from './python-text.ts'

/** Something that went wrong and stays so; the keys are the API's. */
interface Issue {
  readonly id: string
  readonly name: string
  readonly type: 'materialized_view' | 'external_data_sync'
  readonly source_type?: string
  readonly sync_type?: string | null
  readonly status: 'failed'
  readonly error: string | null
  readonly failed_at: string | null
  readonly url: string
}

const viewIssues = (world: World, project: number): readonly Issue[] =>
  viewsOf(world, project).flatMap((view) => {
    const run = jobsOf(world, view)[0]
    if (!view.isMaterialized || run?.status !== 'Failed') return []
    return {
      id: view.id,
      name: view.name,
      type: 'materialized_view',
      status: 'failed',
      error: run.error,
      failed_at: pythonTime(Date.parse(run.startedAt)),
      url: `/data-warehouse/view/${view.id}`,
    }
  })

/** Upstream tells when the last sync succeeded, not when this one failed (fact sheet: managed 2.4). */
const syncIssues = (world: World, project: number): readonly Issue[] => {
  const isN = world.editions.warehouse === 'N'
  return world.store.state.schemas.flatMap((schema) => {
    const source = world.store.state.sources.find(({ id }) => id === schema.sourceId)
    const isLive = schema.project === project && !schema.deleted && source?.deleted === false
    if (!isLive || !schema.shouldSync || schema.status !== 'Failed') return []
    return {
      id: schema.id,
      name: schema.name,
      type: 'external_data_sync',
      source_type: source.sourceType,
      ...(isN ? { sync_type: schema.syncType } : {}),
      status: 'failed',
      error: schema.latestError,
      failed_at: schema.lastSyncedAt === null ? null : pythonTime(Date.parse(schema.lastSyncedAt)),
      url: `/data-warehouse/sources/${isN ? 'managed-' : ''}${source.id}`,
    }
  })
}

const newestFirst = (a: Issue, b: Issue): number => {
  if (a.failed_at === null || b.failed_at === null) return Number(a.failed_at === null) - Number(b.failed_at === null)
  return Date.parse(b.failed_at) - Date.parse(a.failed_at)
}

/** `GET data_health_issues`: newest first, those without a time last (fact sheet: managed 2.4). */
export const dataHealthIssues = (world: World, call: ProjectCall): Reply => {
  const issues = [...viewIssues(world, call.project.id), ...syncIssues(world, call.project.id)]
  const results = issues.sort(newestFirst)
  return { status: 200, body: { results, count: results.length } }
}
