/** What keys are told of what PostHog keeps for sessions, field by field beside what a session is told. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { LocalOptions } from '../../src/local/start.ts'
import { connectMcp, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { startClient } from '../local/http-client.ts'
import { rowsOf, toolSession } from '../local/tools-session.ts'
import { type Bucket, startBucket } from '../services/bucket.ts'
import { KEPT, REFUSED } from './keys-only.ts'
import { relay } from './relay.ts'
import { type Answer, type Asked, connectVisits, ENDLESS, ended, equalFields, fillProject, pick } from './scene.ts'

type Scene = (session: ReturnType<typeof toolSession>) => Promise<readonly Asked[]>
type Pair = Asked & { readonly session: Answer; readonly keys: Answer }

/** Plays a scene where keys may do what sessions may; then asks the same there, and after a restart where they may not. */
const inBoth = async (options: LocalOptions, play: Scene): Promise<readonly Pair[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'derived-'))
  const under = async <T>(
    sessionActions: 'allow' | 'refuse',
    use: (ok: (asked: Asked) => Promise<Answer>, session: Parameters<Scene>[0]) => Promise<T>,
  ) => {
    const client = await startClient({ ...options, directory, sessionActions, allowHttpBuckets: true })
    const env = { POSTHOG_PERSONAL_API_KEY: client.local.key, POSTHOG_PROJECT_ID: undefined }
    const mcp = await connectMcp({ era: 'modern', origin: client.local.origin, env })
    const session = toolSession(mcp, { succeeded: new Set(), failed: new Set() })
    try {
      return await use(({ name, args }) => session.ok(name, args), session)
    } finally {
      await mcp.close()
      await client.local.close()
    }
  }
  try {
    const told = await under('allow', async (ask, session) => {
      const asked = await play(session)
      const answers: (Asked & { readonly session: Answer })[] = []
      for (const each of asked) answers.push({ ...each, session: await ask(each) })
      return answers
    })
    return await under('refuse', async (ask) => {
      const pairs: Pair[] = []
      for (const each of told) pairs.push({ ...each, keys: await ask(each) })
      return pairs
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const useBucket = async (): Promise<Bucket> => {
  const bucket = await startBucket()
  onTestFinished(() => bucket.close())
  return bucket
}

const isView = (row: Answer): boolean => row.type === 'Materialized view'
/** In one order: which of two that began in the same millisecond comes first is nobody's promise. */
const inOrder = (answer: Answer) =>
  [...rowsOf(answer)].sort(
    (a, b) => String(b.created_at).localeCompare(String(a.created_at)) || String(a.name).localeCompare(String(b.name)),
  )
const rows = (answer: Answer, kind: 'syncs' | 'views') =>
  inOrder(answer).filter((row) => isView(row) === (kind === 'views'))
const part = (answer: Answer, name: string): Answer => {
  expect(answer[name]).toBeTypeOf('object')
  // Checked just above.
  return answer[name] as Answer
}

const sameList = (session: Answer, keys: Answer) => expect([...list(keys)].sort()).toEqual([...list(session)].sort())
const list = ({ results }: Answer): readonly string[] => {
  expect(results).toBeInstanceOf(Array)
  // Checked just above; ids are texts.
  return results as string[]
}
const same =
  (...names: readonly string[]) =>
  (session: Answer, keys: Answer) =>
    expect(pick([keys], ...names)).toEqual(pick([session], ...names))
const sameRows =
  (kind: 'syncs' | 'views', ...names: readonly string[]) =>
  (session: Answer, keys: Answer) =>
    expect(pick(rows(keys, kind), ...names)).toEqual(pick(rows(session, kind), ...names))
const samePart =
  (name: string, ...names: readonly string[]) =>
  (session: Answer, keys: Answer) =>
    expect(pick([part(keys, name)], ...names)).toEqual(pick([part(session, name)], ...names))

/** An hour or a day may end between the two questions. */
const sameBuckets = (session: Answer, keys: Answer) => {
  const [theirs, ours] = [part(session, 'breakdown'), part(keys, 'breakdown')]
  const common = Object.keys(theirs).filter((name) => name in ours)
  expect(Object.keys(ours)).toHaveLength(Object.keys(theirs).length)
  expect(common.length).toBeGreaterThanOrEqual(Object.keys(theirs).length - 1)
  expect(pick([ours], ...common)).toEqual(pick([theirs], ...common))
}

const activity = (name: string) => ({
  [`${name} · results: which runs`]: (session: Answer, keys: Answer) =>
    expect(pick(inOrder(keys), 'name', 'status')).toEqual(pick(inOrder(session), 'name', 'status')),
  [`${name} · results of syncs: id, type, name, status, created_at`]: sameRows(
    'syncs',
    'id',
    'type',
    'name',
    'status',
    'created_at',
  ),
  [`${name} · results of syncs: rows`]: sameRows('syncs', 'rows'),
  [`${name} · results of view runs: type, name, status`]: sameRows('views', 'type', 'name', 'status'),
})

const stats = 'data_warehouse_job_stats'
const jobs = 'warehouse_saved_queries'
/** How each field that the records call equal is compared. */
const COMPARED: Readonly<Record<string, (session: Answer, keys: Answer) => void>> = {
  [`${jobs}_ancestors · results`]: sameList,
  [`${jobs}_descendants · results`]: sameList,
  [`${jobs}_dependencies · upstream_count`]: same('upstream_count'),
  [`${jobs}_dependencies · downstream_count`]: same('downstream_count'),
  [`${jobs}_run_history · results: the newest`]: (session, keys) =>
    expect(pick(rowsOf(keys), 'timestamp')).toEqual(pick(rowsOf(session).slice(0, 1), 'timestamp')),
  [`${jobs}_run_history · results: status`]: (session, keys) =>
    expect(pick(rowsOf(keys), 'status')).toEqual(pick(rowsOf(session).slice(0, 1), 'status')),
  ...activity('data_warehouse_running_activity'),
  ...activity('data_warehouse_completed_activity'),
  'data_warehouse_completed_activity · results of syncs: finished_at': sameRows('syncs', 'finished_at'),
  [`${stats} · days`]: same('days'),
  [`${stats} · total_jobs, successful_jobs, failed_jobs`]: same('total_jobs', 'successful_jobs', 'failed_jobs'),
  [`${stats} · external_data_jobs: total, successful, failed`]: samePart(
    'external_data_jobs',
    'total',
    'successful',
    'failed',
  ),
  [`${stats} · external_data_jobs: running`]: samePart('external_data_jobs', 'running'),
  [`${stats} · modeling_jobs: total, running, successful, failed`]: samePart(
    'modeling_jobs',
    'total',
    'running',
    'successful',
    'failed',
  ),
  [`${stats} · breakdown`]: sameBuckets,
  'file_system_count · count': same('count'),
}

/** Names in the structured content that the server itself gives. */
const MARKS = {
  derived: true,
  derived_from: expect.arrayContaining([expect.any(String)]),
  not_known: expect.any(Array),
}

const compare = (pairs: readonly Pair[], name: string): number => {
  const mine = pairs.filter((pair) => pair.name === name)
  for (const { session, keys } of mine) {
    expect(session).not.toHaveProperty('derived')
    expect(keys).toMatchObject(MARKS)
    for (const [field, check] of Object.entries(COMPARED)) if (field.startsWith(`${name} ·`)) check(session, keys)
  }
  return mine.length
}

describe('on the newest release', () => {
  let bucket: Bucket
  let pairs: readonly Pair[]
  beforeAll(async () => {
    bucket = await startBucket()
    pairs = await inBoth({}, async (session) => {
      const ids = [...(await fillProject(session, bucket)).values()]
      return [
        ...ids.flatMap((id) => [
          { name: 'warehouse_saved_queries_ancestors', args: { id } },
          { name: 'warehouse_saved_queries_ancestors', args: { id, level: 1 } },
          { name: 'warehouse_saved_queries_descendants', args: { id } },
          { name: 'warehouse_saved_queries_descendants', args: { id, level: 1 } },
          { name: 'warehouse_saved_queries_dependencies', args: { id } },
        ]),
        { name: 'data_warehouse_completed_activity', args: {} },
        { name: 'data_warehouse_completed_activity', args: { limit: 2 } },
        { name: 'data_warehouse_completed_activity', args: { limit: 2, offset: 2 } },
        ...[1, 7, 30].map((days) => ({ name: stats, args: { days } })),
        { name: 'data_warehouse_total_rows_stats', args: {} },
      ]
    })
  }, 60_000)
  afterAll(() => bucket?.close())

  it.each([
    ['warehouse_saved_queries_ancestors', 16],
    ['warehouse_saved_queries_descendants', 16],
    ['warehouse_saved_queries_dependencies', 8],
    ['data_warehouse_completed_activity', 3],
    ['data_warehouse_job_stats', 3],
  ])('%s', (name, count) => {
    expect(compare(pairs, name)).toBe(count)
  })

  it('there was something to compare', () => {
    const answers = (name: string) => pairs.filter((pair) => pair.name === name).map(({ session }) => session)
    const lengths = answers('warehouse_saved_queries_ancestors').map((answer) => list(answer).length)
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([0, 7])
    const [all] = answers('data_warehouse_completed_activity')
    expect([rows(all ?? {}, 'syncs').length, rows(all ?? {}, 'views').length]).toEqual([3, 3])
    expect(answers(stats)[0]).toMatchObject({ total_jobs: 8, failed_jobs: 2 })
  })

  it('pages go on as those of a session do', () => {
    const [, first] = pairs.filter(({ name }) => name === 'data_warehouse_completed_activity')
    expect(first?.keys).toMatchObject({ more: true, next: { limit: 2, offset: 2 } })
    expect(first?.session).toMatchObject({ more: true, next: { limit: 2, offset: 2 } })
  })

  it('what is not known of a view run is absent, or as a session is told', () => {
    const [all] = pairs.filter(({ name }) => name === 'data_warehouse_completed_activity')
    const told = rows(all?.session ?? {}, 'views')
    const runs = rows(all?.keys ?? {}, 'views')
    expect(runs).toHaveLength(3)
    for (const [index, run] of runs.entries()) expect(told[index]).toMatchObject(run)
  })

  it('row totals are those of the last days, and nothing of the billing is made up', () => {
    const [totals] = pairs.filter(({ name }) => name === 'data_warehouse_total_rows_stats')
    const { counted_from, breakdown_of_rows_by_source, ...rest } = totals?.keys ?? {}
    expect(rest).toEqual({ ...MARKS, total_rows: 5, project_id: 1 })
    expect(Object.values(breakdown_of_rows_by_source ?? {})).toEqual([5])
    expect(Date.parse(String(counted_from))).toBeLessThan(Date.now() - 30 * 86_400_000)
  })
})

describe('on releases that keep more from keys', () => {
  it('the last run of a view, and the size of a folder', async () => {
    const pairs = await inBoth({ editions: { tables: 'S', files: 'F1' } }, async ({ ok, lastRun }) => {
      const { id } = await ok('warehouse_saved_queries_create', { name: 'plans', query: "select 'free' as plan" })
      const idle = await ok('warehouse_saved_queries_create', { name: 'idle', query: 'select 1 as one' })
      await ok('warehouse_saved_queries_materialize', { id })
      await lastRun(id, 'Completed')
      const folder = await ok('file_system_create', { path: 'Shop', type: 'folder' })
      for (const path of ['Shop/a', 'Shop/b', 'Shop/c/d']) await ok('file_system_create', { path, type: 'doc-file' })
      return [
        { name: 'warehouse_saved_queries_run_history', args: { id } },
        { name: 'warehouse_saved_queries_run_history', args: { id: idle.id } },
        { name: 'file_system_count', args: { id: folder.id } },
      ]
    })
    expect(compare(pairs, 'warehouse_saved_queries_run_history')).toBe(2)
    expect(compare(pairs, 'file_system_count')).toBe(1)
    expect(pairs[2]?.session.count).toBe(4)
    expect(pairs.map(({ keys }) => rowsOf({ results: [], ...keys }).length)).toEqual([1, 0, 0])
  }, 60_000)
})

describe('what runs now', () => {
  it('is the same to a session and to keys at the same moment', async () => {
    const bucket = await useBucket()
    const client = await startClient({ sessionActions: 'allow', allowHttpBuckets: true })
    onTestFinished(() => client.local.close())
    // The same warehouse a second time, as it is to keys: what runs does not survive a restart.
    const kept = await useRecorder(({ path, method, query, body, headers }) =>
      KEPT.test(path)
        ? { status: 403, json: { detail: REFUSED } }
        : (response) => void relay(client.local.origin, { path, method, query, body, headers }, response),
    )
    const env = { POSTHOG_PERSONAL_API_KEY: client.local.key, POSTHOG_PROJECT_ID: undefined }
    const session = toolSession(await useMcp({ era: 'modern', origin: client.local.origin, env }), {
      succeeded: new Set(),
      failed: new Set(),
    })
    const keys = await useMcp({ era: 'modern', origin: kept.origin, env })
    const source = await connectVisits(session, bucket)
    const { id } = await session.ok('warehouse_saved_queries_create', { name: 'endless', query: ENDLESS })
    await session.ok('warehouse_saved_queries_run', { id })
    await session.lastRun(id, 'Running')
    // It waits for the engine, which the view keeps busy.
    await session.ok('external_data_sources_reload', { id: source })
    const name = 'data_warehouse_running_activity'
    const both = async (args: Record<string, unknown>): Promise<Pair> => ({
      name,
      args,
      session: await session.ok(name, args),
      keys: (await keys.call(name, args)).structuredContent ?? {},
    })
    const pairs = [await both({}), await both({ limit: 1 })]
    expect(compare(pairs, name)).toBe(2)
    expect(pairs.map((pair) => rowsOf(pair.session).length)).toEqual([2, 1])
    const counts = { name: stats, args: { days: 7 } }
    const theirs = await session.ok(stats, counts.args)
    const ours = (await keys.call(stats, counts.args)).structuredContent ?? {}
    expect(compare([{ ...counts, session: theirs, keys: ours }], stats)).toBe(1)
    expect(theirs).toMatchObject({ external_data_jobs: { running: 1 }, modeling_jobs: { running: 1 } })
    await session.ok('warehouse_saved_queries_cancel', { id })
    await ended(session, source, 2)
  }, 60_000)
})

it('every field that is called equal is compared, and no other', () => {
  expect(Object.keys(COMPARED).sort()).toEqual([...equalFields()].sort())
  expect(equalFields()).toHaveLength(22)
})
