/** What the statistics make of runs: windows, buckets, pages and editions. The runs themselves are written down here. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ManagedWorld, openManaged } from './managed-world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let directory: string
let managed: ManagedWorld

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'managed-'))
  managed = await openManaged(directory)
})
afterEach(async () => {
  await managed.close()
  await rm(directory, { recursive: true })
})

const reopen = async (edition: 'D' | 'N') => {
  await managed.close()
  managed = await openManaged(directory, edition)
}
const get = (path: string) => managed.ask('GET', path)
const ago = (milliseconds: number) => new Date(managed.world.clock() - milliseconds).toISOString()
const dayOf = (milliseconds: number) => ago(milliseconds).slice(0, 10)

const view = (name: string, more = {}) => {
  managed.world.store.state.views.push({
    id: `view-${name}`,
    project: 1,
    createdAt: ago(40 * DAY),
    createdBy: 1,
    name,
    query: { kind: 'HogQLQuery', query: 'select 1' },
    columns: [],
    description: null,
    updatedAt: ago(40 * DAY),
    status: null,
    isMaterialized: true,
    cadence: null,
    tableId: null,
    revision: 'r',
    parents: [],
    suspended: {},
    deleted: false,
    ...more,
  })
}
const model = (id: string, status: 'Running' | 'Completed' | 'Failed' | 'Cancelled', age: number, of = 'daily') => {
  managed.world.store.state.jobs.push({
    id,
    viewId: `view-${of}`,
    startedAt: ago(age),
    status,
    error: status === 'Failed' ? 'Query exceeded memory limits' : null,
    rows: status === 'Completed' ? 7 : 0,
    workflowRunId: `flow-${id}`,
  })
}
const source = (more = {}) => {
  managed.world.store.state.sources.push({
    id: 'source-1',
    project: 1,
    createdAt: ago(40 * DAY),
    createdBy: 1,
    createdVia: 'api',
    sourceType: 'Postgres',
    prefix: null,
    description: null,
    inputs: {},
    directQueryEnabled: false,
    autoSyncNewSchemas: false,
    autoSyncSchemaPatterns: null,
    revenue: { enabled: false, include_invoiceless_charges: false },
    deleted: false,
    ...more,
  })
}
const schema = (id: string, more = {}) => {
  managed.world.store.state.schemas.push({
    id,
    sourceId: 'source-1',
    project: 1,
    createdAt: ago(40 * DAY),
    name: id,
    shouldSync: true,
    syncType: 'full_refresh',
    incrementalField: null,
    incrementalFieldType: null,
    lookbackSeconds: null,
    syncFrequency: '6hour',
    syncTimeOfDay: null,
    fullRefreshIntervalDays: null,
    fullRefreshTimeOfDay: null,
    primaryKeyColumns: null,
    cdcTableMode: 'consolidated',
    blocked: null,
    enabledColumns: null,
    rowFilters: null,
    columns: [],
    status: 'Completed',
    latestError: null,
    lastSyncedAt: null,
    builtAt: null,
    cursor: null,
    reset: false,
    tableId: null,
    deleted: false,
    ...more,
  })
}
const sync = (id: string, status: 'Running' | 'Completed' | 'Failed', age: number, endedAge: number | null) => {
  managed.world.store.state.syncs.push({
    id,
    schemaId: 'customers',
    sourceId: 'source-1',
    project: 1,
    createdAt: ago(age),
    workflowRunId: `flow-${id}`,
    finishedAt: endedAge === null ? null : ago(endedAge),
    status,
    rowsSynced: 1200,
    latestError: status === 'Failed' ? 'Invalid API key' : null,
  })
}

const ids = async (path: string) => {
  const { body } = await get(path)
  return (body as { results: { id: string }[] }).results.map(({ id }) => id)
}

describe('activity', () => {
  beforeEach(() => {
    view('daily')
    source()
    schema('customers')
  })

  test('merges syncs and models, newest first, whole', async () => {
    sync('s1', 'Running', 2 * HOUR, null)
    model('m1', 'Running', HOUR)
    model('m2', 'Completed', 3 * HOUR)
    sync('s2', 'Failed', 4 * HOUR, 3 * HOUR)
    expect(await get('running_activity/')).toEqual({
      status: 200,
      body: {
        results: [
          {
            id: 'm1',
            type: 'Materialized view',
            name: 'daily',
            status: 'Running',
            rows: 0,
            created_at: expect.stringMatching(/^\d{4}-.*Z$/),
            finished_at: expect.stringMatching(/^\d{4}-.*Z$/),
            latest_error: null,
            workflow_run_id: 'flow-m1',
            origin: 'data_warehouse',
          },
          {
            id: 's1',
            type: 'Postgres',
            name: 'customers',
            status: 'Running',
            rows: 1200,
            created_at: expect.stringMatching(/^\d{4}-.*Z$/),
            finished_at: null,
            latest_error: null,
            workflow_run_id: 'flow-s1',
            origin: null,
          },
        ],
        next: null,
        previous: null,
      },
    })
    // What failed is in neither list.
    expect(await ids('completed_activity/')).toEqual(['m2'])
  })

  test("another project's runs and old ones are not there", async () => {
    view('theirs', { project: 2 })
    model('m1', 'Completed', HOUR, 'theirs')
    model('m2', 'Completed', 31 * DAY)
    model('m3', 'Completed', 29 * DAY)
    expect(await ids('completed_activity/')).toEqual(['m3'])
    expect(await ids('completed_activity/?cutoff_days=32')).toEqual(['m3', 'm2'])
    expect(await ids('completed_activity/?cutoff_days=0')).toEqual([])
  })

  test('pages link with bare query strings', async () => {
    for (const hour of [1, 2, 3, 4, 5]) model(`m${hour}`, 'Completed', hour * HOUR)
    const page = async (query: string) => {
      const { next, previous } = (await get(`completed_activity/${query}`)).body as Record<string, unknown>
      return { ids: await ids(`completed_activity/${query}`), next, previous }
    }
    expect(await page('?limit=2')).toEqual({
      ids: ['m1', 'm2'],
      next: '?limit=2&offset=2&cutoff_days=30',
      previous: null,
    })
    expect(await page('?limit=2&offset=2&cutoff_days=7')).toEqual({
      ids: ['m3', 'm4'],
      next: '?limit=2&offset=4&cutoff_days=7',
      previous: '?limit=2&offset=0&cutoff_days=7',
    })
    expect(await page('?limit=2&offset=4')).toMatchObject({ ids: ['m5'], next: null })
    expect(await page('?limit=900&offset=-3')).toEqual({
      ids: ['m1', 'm2', 'm3', 'm4', 'm5'],
      next: null,
      previous: null,
    })
    // The endless loop the sheet warns of.
    expect(await page('?limit=0')).toEqual({ ids: [], next: '?limit=0&offset=0&cutoff_days=30', previous: null })
    expect(await page('?limit=-1')).toEqual({ ids: [], next: '?limit=-1&offset=-1&cutoff_days=30', previous: null })
  })

  test('never more than fifty', async () => {
    for (let minute = 0; minute < 60; minute += 1) model(`m${minute}`, 'Completed', minute * 60_000)
    expect(await ids('completed_activity/?limit=51')).toHaveLength(50)
    expect(await ids('completed_activity/')).toHaveLength(20)
  })

  test.each(['limit=', 'offset=1.5', 'cutoff_days=soon'])('%s is refused', async (query) => {
    expect(await get(`completed_activity/?${query}`)).toEqual({
      status: 400,
      body: { error: 'Invalid limit, offset, or cutoff_days parameter' },
    })
  })

  test('edition N filters by kind and outcome and names the source', async () => {
    model('m1', 'Completed', HOUR)
    model('m2', 'Failed', 2 * HOUR)
    sync('s1', 'Completed', 3 * HOUR, 2 * HOUR)
    // Edition D does not know the words, and does not look at them.
    expect(await ids('completed_activity/?kind=nope&outcome=failed')).toEqual(['m1', 's1'])
    await reopen('N')
    expect(await ids('completed_activity/')).toEqual(['m1', 's1'])
    expect(await ids('completed_activity/?outcome=all')).toEqual(['m1', 'm2', 's1'])
    expect(await ids('completed_activity/?outcome=failed')).toEqual(['m2'])
    expect(await ids('completed_activity/?kind=import')).toEqual(['s1'])
    expect(await ids('completed_activity/?kind=model&outcome=all')).toEqual(['m1', 'm2'])
    expect((await get('completed_activity/')).body).toMatchObject({
      results: [{ source_id: null }, { source_id: 'source-1' }],
    })
    expect(await get('running_activity/?kind=nope')).toEqual({
      status: 400,
      body: { error: 'Invalid kind parameter. Must be one of: all, import, model.' },
    })
    expect(await get('completed_activity/?outcome=nope')).toEqual({
      status: 400,
      body: { error: 'Invalid outcome parameter. Must be one of: all, completed, failed.' },
    })
  })
})

describe('job_stats', () => {
  const stats = async (query = '') => (await get(`job_stats/${query}`)).body as Record<string, unknown>

  test('nothing is zeros and a full breakdown', async () => {
    const body = await stats()
    const none = { total: 0, running: 0, successful: 0, failed: 0 }
    expect(body).toEqual({
      days: 7,
      cutoff_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/),
      total_jobs: 0,
      successful_jobs: 0,
      failed_jobs: 0,
      external_data_jobs: none,
      modeling_jobs: none,
      breakdown: Object.fromEntries(
        [0, 1, 2, 3, 4, 5, 6].map((back) => [dayOf(back * DAY), { successful: 0, failed: 0 }]),
      ),
    })
    expect(Object.keys(body.breakdown as object)).toEqual([0, 1, 2, 3, 4, 5, 6].map((back) => dayOf(back * DAY)))
    expect(Object.keys((await stats('?days=30')).breakdown as object)).toHaveLength(30)
    const hours = Object.keys((await stats('?days=1')).breakdown as object)
    expect(hours).toHaveLength(24)
    expect(hours[0]).toBe(`${ago(0).slice(0, 13)}:00:00+00:00`)
    expect(hours[23]).toBe(`${ago(23 * HOUR).slice(0, 13)}:00:00+00:00`)
  })

  test('counts syncs by their end and models by their beginning, and a bucket may miss what a total has', async () => {
    view('daily')
    source()
    schema('customers')
    sync('began before the window', 'Completed', 8 * DAY, 6 * DAY)
    sync('failed', 'Failed', 2 * DAY, 2 * DAY)
    sync('running', 'Running', HOUR, null)
    sync('old', 'Completed', 9 * DAY, 8 * DAY)
    model('done', 'Completed', 2 * DAY)
    model('broken', 'Failed', 3 * DAY)
    model('stopped', 'Cancelled', 3 * DAY)
    model('at it', 'Running', 60_000)
    model('ancient', 'Completed', 8 * DAY)
    const body = await stats()
    expect(body).toMatchObject({
      total_jobs: 6,
      successful_jobs: 2,
      failed_jobs: 2,
      external_data_jobs: { total: 2, running: 1, successful: 1, failed: 1 },
      modeling_jobs: { total: 4, running: 1, successful: 1, failed: 1 },
    })
    expect(body.breakdown).toMatchObject({
      [dayOf(2 * DAY)]: { successful: 1, failed: 1 },
      [dayOf(3 * DAY)]: { successful: 0, failed: 1 },
    })
    const sum = Object.values(body.breakdown as Record<string, { successful: number }>)
    expect(sum.reduce((total, { successful }) => total + successful, 0)).toBe(1)
  })

  test.each([
    ['abc', 'Invalid days parameter'],
    ['7.0', 'Invalid days parameter'],
    ['0', 'Invalid days parameter. Must be 1, 7, or 30.'],
  ])('days=%s', async (days, error) => {
    expect(await get(`job_stats/?days=${days}`)).toEqual({ status: 400, body: { error } })
  })

  test('edition N keeps its answer for a minute', async () => {
    await reopen('N')
    view('daily')
    expect(await stats()).toMatchObject({ total_jobs: 0 })
    model('m1', 'Completed', 1000)
    managed.advance(59)
    expect(await stats()).toMatchObject({ total_jobs: 0 })
    expect(await stats('?days=30')).toMatchObject({ total_jobs: 1 })
    managed.advance(1)
    expect(await stats()).toMatchObject({ total_jobs: 1 })
  })
})

describe('data_health_issues', () => {
  const broken = () => {
    source()
    view('older')
    model('m0', 'Failed', 5 * DAY, 'older')
    view('daily')
    model('m1', 'Completed', 3 * DAY)
    model('m2', 'Failed', DAY)
    schema('customers', { status: 'Failed', latestError: 'Invalid API key', lastSyncedAt: ago(2 * DAY) })
    schema('never', { status: 'Failed', latestError: 'No such table' })
    // None of these is an issue: mended, plain, switched off, gone.
    view('mended')
    model('m3', 'Failed', 2 * DAY, 'mended')
    model('m4', 'Completed', DAY, 'mended')
    view('plain', { isMaterialized: false })
    model('m5', 'Failed', DAY, 'plain')
    schema('off', { status: 'Failed', shouldSync: false })
    schema('gone', { status: 'Failed', deleted: true })
  }
  const text = (age: number) => {
    const [day, time] = ago(age).split('T')
    return expect.stringMatching(new RegExp(`^${day}T${time?.slice(0, 5)}:\\d\\d(\\.\\d{6})?\\+00:00$`))
  }

  test('names what failed last, newest first, without a time last', async () => {
    broken()
    expect(await get('data_health_issues/')).toEqual({
      status: 200,
      body: {
        count: 4,
        results: [
          {
            id: 'view-daily',
            name: 'daily',
            type: 'materialized_view',
            status: 'failed',
            error: 'Query exceeded memory limits',
            failed_at: text(DAY),
            url: '/data-warehouse/view/view-daily',
          },
          {
            id: 'customers',
            name: 'customers',
            type: 'external_data_sync',
            source_type: 'Postgres',
            status: 'failed',
            error: 'Invalid API key',
            // When it last went well.
            failed_at: text(2 * DAY),
            url: '/data-warehouse/sources/source-1',
          },
          {
            id: 'view-older',
            name: 'older',
            type: 'materialized_view',
            status: 'failed',
            error: 'Query exceeded memory limits',
            failed_at: text(5 * DAY),
            url: '/data-warehouse/view/view-older',
          },
          {
            id: 'never',
            name: 'never',
            type: 'external_data_sync',
            source_type: 'Postgres',
            status: 'failed',
            error: 'No such table',
            failed_at: null,
            url: '/data-warehouse/sources/source-1',
          },
        ],
      },
    })
  })

  test('edition N names sources otherwise and needs two more scopes', async () => {
    broken()
    await reopen('N')
    expect((await get('data_health_issues/')).body).toMatchObject({
      results: [{}, { sync_type: 'full_refresh', url: '/data-warehouse/sources/managed-source-1' }, {}, {}],
    })
    const keys = managed.world.keys
    keys.add('phx_two', { label: 'two', scopes: ['warehouse_view:read', 'external_data_source:read'] }, ago(0))
    expect(await managed.ask('GET', 'data_health_issues/', undefined, { key: 'phx_two' })).toMatchObject({
      status: 403,
      body: { detail: "API key missing required scope 'batch_export:read'" },
    })
  })

  test('a source that is gone has no issues', async () => {
    source({ deleted: true })
    schema('customers', { status: 'Failed' })
    expect((await get('data_health_issues/')).body).toEqual({ results: [], count: 0 })
  })
})

test('row totals are those of an installation without billing', async () => {
  view('daily')
  model('m1', 'Completed', HOUR)
  expect(await get('total_rows_stats/')).toEqual({
    status: 200,
    body: {
      billing_available: false,
      billing_interval: '',
      billing_period_end: null,
      billing_period_start: null,
      breakdown_of_rows_by_source: {},
      materialized_rows_in_billing_period: 0,
      total_rows: 0,
      tracked_billing_rows: 0,
      pending_billing_rows: 0,
    },
  })
})

test('the dashboard is made once per project and survives a restart, saved by its GET', async () => {
  const first = await get('data_ops_dashboard/')
  expect(first).toEqual({ status: 200, body: { dashboard_id: expect.any(Number) } })
  // No other request saved it.
  expect(JSON.parse(await readFile(join(directory, 'state.json'), 'utf8')).managed.dashboards).toHaveLength(1)
  expect(await get('data_ops_dashboard/')).toEqual(first)
  const second = await managed.ask('GET', 'data_ops_dashboard/', undefined, { project: 2 })
  expect(second.body).not.toEqual(first.body)
  const { dashboard_id } = first.body as { dashboard_id: number }
  expect(managed.world.store.state.tree.objects.filter(({ name }) => name === 'Data ops overview')).toMatchObject([
    { type: 'dashboard', ref: String(dashboard_id), project: 1 },
    { type: 'dashboard', project: 2 },
  ])
  await reopen('D')
  expect(await get('data_ops_dashboard/')).toEqual(first)
})
