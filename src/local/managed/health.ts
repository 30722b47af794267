import type { ProjectCall, Reply } from '../route.ts'
import { jobsOf } from '../view-shape.ts'
import { viewsOf, type World } from '../world.ts'
import { pythonTime } from './python-text.ts'

/** Something that went wrong and stays so; the keys are the API's. */
interface Issue {
  readonly id: string
  readonly name: string
  readonly type: 'materialized_view' | 'external_data_sync' | 'source'
  readonly status: 'failed' | 'billing_limit'
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

const timeOf = ({ failed_at }: Issue): number => (failed_at === null ? Number.NEGATIVE_INFINITY : Date.parse(failed_at))

/** `GET data_health_issues`: newest first, those without a time last (fact sheet: managed 2.4). */
export const dataHealthIssues = (world: World, call: ProjectCall): Reply => {
  const results = [...viewIssues(world, call.project.id)].sort((a, b) => timeOf(b) - timeOf(a))
  return { status: 200, body: { results, count: results.length } }
}
