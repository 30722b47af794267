import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { refusal } from './gates.ts'
import { pythonTime } from './python-text.ts'
import { type Run, runsOf } from './runs.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const CACHE_MS = 60_000

interface Counts {
  readonly total: number
  readonly running: number
  readonly successful: number
  readonly failed: number
}

const readDays = (url: URL): number => {
  const given = url.searchParams.get('days') ?? '7'
  if (!/^\s*[+-]?\d+\s*$/.test(given)) throw refusal(400, 'Invalid days parameter')
  const days = Number(given)
  if (![1, 7, 30].includes(days)) throw refusal(400, 'Invalid days parameter. Must be 1, 7, or 30.')
  return days
}

/** Edition N counts one more of the billing states as a failure (fact sheet: managed 2.2). */
const isFailure = (world: World, run: Run): boolean =>
  run.status === 'Failed' ||
  run.status === 'BillingLimitReached' ||
  (run.status === 'BillingLimitTooLow' && world.editions.warehouse === 'N')

const isSuccess = (run: Run): boolean => run.status === 'Completed'

/** Syncs count when they ended in the window, models when they began in it; a running sync is not in its total. */
const inWindow = (run: Run, since: number): boolean => {
  if (run.kind === 'model') return Date.parse(run.createdAt) >= since
  return run.billable && run.finishedAt !== null && Date.parse(run.finishedAt) >= since
}

const count = (world: World, selected: readonly Run[], running: number): Counts => ({
  total: selected.length,
  running,
  successful: selected.filter(isSuccess).length,
  failed: selected.filter((run) => isFailure(world, run)).length,
})

/** Days, or for one day hours, in the project's time zone, which is UTC here. Newest first and never missing. */
const bucketOf = (time: number, days: number): string => {
  const text = new Date(time).toISOString()
  return days === 1 ? `${text.slice(0, 13)}:00:00+00:00` : text.slice(0, 10)
}

const breakdown = (world: World, selected: readonly Run[], days: number): Readonly<Record<string, unknown>> => {
  const [size, width] = days === 1 ? [24, HOUR_MS] : [days, DAY_MS]
  const names = Array.from({ length: size }, (_, back) => bucketOf(world.clock() - back * width, days))
  return Object.fromEntries(
    names.map((name) => {
      const inside = selected.filter((run) => bucketOf(Date.parse(run.createdAt), days) === name)
      const failed = inside.filter((run) => isFailure(world, run)).length
      return [name, { successful: inside.filter(isSuccess).length, failed }]
    }),
  )
}

const compute = (world: World, project: number, days: number): Readonly<Record<string, unknown>> => {
  const since = world.clock() - days * DAY_MS
  const runs = runsOf(world, project)
  const selected = runs.filter((run) => inWindow(run, since))
  const running = (kind: Run['kind'], among: readonly Run[]): number =>
    among.filter((run) => run.kind === kind && run.status === 'Running').length
  const ofKind = (kind: Run['kind']): readonly Run[] => selected.filter((run) => run.kind === kind)
  const syncs = count(world, ofKind('import'), running('import', runs))
  const models = count(world, ofKind('model'), running('model', selected))
  return {
    days,
    cutoff_time: pythonTime(since),
    total_jobs: syncs.total + models.total,
    successful_jobs: syncs.successful + models.successful,
    failed_jobs: syncs.failed + models.failed,
    external_data_jobs: syncs,
    modeling_jobs: models,
    breakdown: breakdown(world, selected, days),
  }
}

/** `GET job_stats`. Edition N answers from a cache for a minute. */
export const jobStatistics = (world: World): ((call: ProjectCall) => Reply) => {
  const cache = new Map<string, { readonly until: number; readonly body: unknown }>()
  return (call) => {
    const days = readDays(call.url)
    if (world.editions.warehouse === 'D') return { status: 200, body: compute(world, call.project.id, days) }
    const key = `${call.project.id}/${days}`
    const cached = cache.get(key)
    if (cached !== undefined && cached.until > world.clock()) return { status: 200, body: cached.body }
    const body = compute(world, call.project.id, days)
    cache.set(key, { until: world.clock() + CACHE_MS, body })
    return { status: 200, body }
  }
}
