import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { refusal } from './gates.ts'
import { type Run, runsOf } from './runs.ts'

const MOST = 50
const DAY_MS = 86_400_000
const FAILURES: readonly string[] = ['Failed', 'BillingLimitReached', 'BillingLimitTooLow']
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  all: ['Completed', ...FAILURES],
  completed: ['Completed'],
  failed: FAILURES,
}

interface Window {
  readonly limit: number
  readonly offset: number
  readonly cutoffDays: number
}

const whole = (value: string | null, otherwise: number): number => {
  if (value === null) return otherwise
  if (!/^\s*[+-]?\d+\s*$/.test(value)) throw refusal(400, 'Invalid limit, offset, or cutoff_days parameter')
  return Number(value)
}

/** There is no lower bound for the limit: what a negative one does is fact sheet: managed 2.1 and 5, row 19. */
const readWindow = ({ searchParams }: URL): Window => {
  const limit = Math.min(whole(searchParams.get('limit'), 20), MOST)
  const offset = Math.max(whole(searchParams.get('offset'), 0), 0)
  const cutoffDays = whole(searchParams.get('cutoff_days'), 30)
  if (limit < -1) throw refusal(500, 'Database error occurred')
  return { limit, offset, cutoffDays }
}

const readChoice = (url: URL, name: string, choices: readonly string[], otherwise: string): string => {
  const value = url.searchParams.get(name) ?? otherwise
  if (choices.includes(value)) return value
  throw refusal(400, `Invalid ${name} parameter. Must be one of: ${choices.join(', ')}.`)
}

const readKind = (world: World, url: URL): string =>
  world.editions.warehouse === 'N' ? readChoice(url, 'kind', ['all', 'import', 'model'], 'all') : 'all'

const toRow = (world: World, run: Run): Readonly<Record<string, unknown>> => ({
  id: run.id,
  type: run.type,
  name: run.name,
  status: run.status,
  rows: run.rows,
  created_at: run.createdAt,
  finished_at: run.finishedAt,
  latest_error: run.error,
  workflow_run_id: run.workflowRunId,
  origin: run.origin,
  ...(world.editions.warehouse === 'N' ? { source_id: run.sourceId } : {}),
})

/** Links are bare query strings; `extra` is what edition N carries along. */
const linkTo = (window: Window, offset: number, extra: string): string =>
  `?limit=${window.limit}&offset=${offset}&cutoff_days=${window.cutoffDays}${extra}`

const page = (world: World, runs: readonly Run[], window: Window, extra: string): Reply => {
  const { limit, offset, cutoffDays } = window
  const since = world.clock() - cutoffDays * DAY_MS
  const rows = runs.filter((run) => Date.parse(run.createdAt) >= since).slice(offset)
  return {
    status: 200,
    body: {
      results: rows.slice(0, Math.max(0, limit)).map((run) => toRow(world, run)),
      next: rows.length > Math.max(0, limit) ? linkTo(window, offset + limit, extra) : null,
      previous: offset > 0 ? linkTo(window, Math.max(0, offset - limit), extra) : null,
    },
  }
}

const ofKind = (runs: readonly Run[], kind: string): readonly Run[] =>
  kind === 'all' ? runs : runs.filter((run) => run.kind === kind)

/** `GET running_activity`: syncs and models under way. */
export const runningActivity = (world: World, call: ProjectCall): Reply => {
  const window = readWindow(call.url)
  const kind = readKind(world, call.url)
  const runs = runsOf(world, call.project.id).filter(({ status }) => status === 'Running')
  return page(world, ofKind(runs, kind), window, '')
}

/** `GET completed_activity`: in edition D failed runs are in neither list. */
export const completedActivity = (world: World, call: ProjectCall): Reply => {
  const window = readWindow(call.url)
  const kind = readKind(world, call.url)
  const isN = world.editions.warehouse === 'N'
  const outcome = isN ? readChoice(call.url, 'outcome', Object.keys(OUTCOMES), 'completed') : 'completed'
  const wanted = OUTCOMES[outcome] ?? []
  const runs = runsOf(world, call.project.id).filter(({ status }) => wanted.includes(status))
  return page(world, ofKind(runs, kind), window, isN ? `&kind=${kind}&outcome=${outcome}` : '')
}
