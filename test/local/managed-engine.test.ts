/** Statistics and property values of what really ran, through the API process and its engine. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askAdmin } from './admin-door.ts'
import { type Client, hogql, startClient, until } from './http-client.ts'

let client: Client
const D = 'data_warehouse'
const V = 'warehouse_saved_queries'

beforeAll(async () => {
  client = await startClient({ sessionActions: 'allow' })
})
afterAll(async () => {
  await client?.local.close()
})

const make = async (name: string, sql: string): Promise<string> => {
  const { status, body } = await client.call('POST', `${V}/`, { name, query: hogql(sql) })
  expect(status).toBe(201)
  return body.id
}
const run = async (id: string, action = 'run') => {
  await client.call('POST', `${V}/${id}/${action}/`)
  const { body } = await until(
    () => client.call('GET', `${V}/${id}/run_history/`),
    ({ run_history }) => run_history.length > 0 && run_history[0]?.status !== 'Running',
  )
  return body.run_history[0]?.status
}
const get = async (path: string): Promise<unknown> => (await client.call('GET', `${D}/${path}`)).body

test('activity, statistics and health follow two views, one of which breaks', async () => {
  await client.upload('orders', 'orders.csv', 'id,total\n1,5\n2,7\n3,9\n')
  const good = await make('daily', 'select id, total from orders where total > 5')
  const bad = await make('weekly', 'select id from orders')
  expect(await run(good)).toBe('Completed')
  expect(await run(bad, 'materialize')).toBe('Completed')
  expect(await get('data_health_issues/')).toEqual({ results: [], count: 0 })

  const table = (await client.call('GET', 'warehouse_tables/?search=orders')).body.results[0]
  await client.call('DELETE', `warehouse_tables/${table?.id}/`)
  expect(await run(bad)).toBe('Failed')

  expect(await get('completed_activity/')).toMatchObject({
    results: [
      { type: 'Materialized view', name: 'weekly', status: 'Completed', rows: 3, latest_error: null },
      { type: 'Materialized view', name: 'daily', status: 'Completed', rows: 2, latest_error: null },
    ],
    next: null,
    previous: null,
  })
  expect(await get('running_activity/')).toEqual({ results: [], next: null, previous: null })
  expect(await get('job_stats/?days=1')).toMatchObject({
    total_jobs: 3,
    successful_jobs: 2,
    failed_jobs: 1,
    external_data_jobs: { total: 0, running: 0, successful: 0, failed: 0 },
    modeling_jobs: { total: 3, running: 0, successful: 2, failed: 1 },
  })
  expect(await get('data_health_issues/')).toEqual({
    count: 1,
    results: [
      {
        id: bad,
        name: 'weekly',
        type: 'materialized_view',
        status: 'failed',
        error: expect.stringContaining('orders'),
        failed_at: expect.stringMatching(/\+00:00$/),
        url: `/data-warehouse/view/${bad}`,
      },
    ],
  })
})

test('a run under way is running activity', async () => {
  const id = await make(
    'endless',
    'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid and c.uuid < d.uuid',
  )
  await client.call('POST', `${V}/${id}/run/`)
  expect(await get('running_activity/')).toMatchObject({
    results: [{ name: 'endless', status: 'Running', rows: 0, workflow_run_id: expect.any(String) }],
  })
  expect(await get('job_stats/?days=1')).toMatchObject({ modeling_jobs: { running: 1 } })
  await client.call('POST', `${V}/${id}/cancel/`)
  await until(
    () => client.call('GET', `${V}/${id}/run_history/`),
    ({ run_history }) => run_history[0]?.status === 'Cancelled',
  )
  expect(await get('running_activity/')).toEqual({ results: [], next: null, previous: null })
})

describe('property_values', () => {
  const values = async (query: Record<string, string>) =>
    client.call('GET', `${D}/property_values/?${new URLSearchParams(query)}`)
  const names = async (query: Record<string, string>): Promise<string[]> => {
    const { status, body } = await values(query)
    expect(status, JSON.stringify(body)).toBe(200)
    return body.results.map(({ name }) => name)
  }
  const sorted = async (query: Record<string, string>) => (await names(query)).sort()

  beforeAll(async () => {
    const rows = [
      { city: 'Oslo', ok: true, price: 1.5, tags: ['a', 'b'], 'odd `name\\': 'x', 'a.b': 'dotted' },
      { city: "O'Hare", ok: false, price: 2, tags: ['b', 'c'], 'odd `name\\': 'y', 'a.b': 'dotted' },
      { city: '100%_sure', ok: true, price: 2, tags: [], 'odd `name\\': 'y', 'a.b': 'dotted' },
      { city: 'New Oslo', ok: null, price: null, tags: ['é'], 'odd `name\\': null, 'a.b': null },
      { city: null, ok: null, price: null, tags: ['a'], 'odd `name\\': null, 'a.b': null },
    ]
    const text = rows.map((row) => JSON.stringify(row)).join('\n')
    expect((await client.upload('places', 'places.jsonl', text, 'JSONEachRow')).status).toBe(201)
    const nested = '{"meta":{"b":1,"a":{"d":"é","c":2}}}\n{"meta":{"b":1,"a":{"d":"é","c":2}}}\n'
    expect((await client.upload('nested', 'nested.jsonl', nested, 'JSONEachRow')).status).toBe(201)
    await make('shapes', "select if(city = 'Oslo', city, 'é') as place from places")
    await make('many', 'select number as n from (select arrayJoin(range(0, 30)) as number)')
  })

  test('distinct values that are not null, with a short-lived cache', async () => {
    const { status, body, headers } = await values({ key: 'city', table_name: 'places' })
    expect(status).toBe(200)
    expect(body).toEqual({ results: expect.any(Array), refreshing: false })
    expect(headers.get('cache-control')).toBe('max-age=10')
    expect(await sorted({ key: 'city', table_name: 'places' })).toEqual(['100%_sure', 'New Oslo', "O'Hare", 'Oslo'])
    expect(await sorted({ key: 'ok', table_name: 'places' })).toEqual(['false', 'true'])
    expect(await sorted({ key: 'price', table_name: 'places' })).toEqual(['1.5', '2.0'])
    expect(await names({ key: 'n', table_name: 'many' })).toHaveLength(10)
  })

  test('a part of the text finds values, case aside, shortest first, and is never a pattern or SQL', async () => {
    const find = (value: string) => names({ key: 'city', table_name: 'places', value })
    expect(await find('oSLO')).toEqual(['Oslo', 'New Oslo'])
    expect(await find('%_')).toEqual(['100%_sure'])
    expect(await find("O'H")).toEqual(["O'Hare"])
    expect(await find("') or 1=1 --")).toEqual([])
    expect(await find('{needle}\\')).toEqual([])
    expect(await find('')).toHaveLength(4)
  })

  test('arrays come apart', async () => {
    expect(await sorted({ key: 'tags', table_name: 'places' })).toEqual(['a', 'a', 'b', 'b', 'c', 'é'])
    expect(await sorted({ key: 'tags', table_name: 'places', value: 'é' })).toEqual(['é'])
  })

  test('objects are JSON with sorted keys, as Python writes it', async () => {
    expect(await names({ key: 'meta', table_name: 'nested' })).toEqual(['{"a": {"c": 2, "d": "\\u00e9"}, "b": 1}'])
  })

  test('hostile column names stay names', async () => {
    expect(await sorted({ key: 'odd `name\\', table_name: 'places' })).toEqual(['x', 'y'])
    expect(await sorted({ key: 'a.b', table_name: 'places' })).toEqual(['dotted'])
    for (const key of ['city` FROM places --', 'a', 'CITY', '*']) {
      expect(await values({ key, table_name: 'places' })).toMatchObject({
        status: 400,
        body: { detail: 'The provided key does not exist on this table', attr: null },
      })
    }
  })

  test('views answer too; built-in tables and unknown ones do not', async () => {
    expect(await sorted({ key: 'place', table_name: 'shapes' })).toEqual(['Oslo', 'é'])
    for (const table_name of ['events', 'nope', 'places` --']) {
      expect(await values({ key: 'city', table_name })).toMatchObject({
        status: 404,
        body: { error: 'Data warehouse table not found' },
      })
    }
    expect(await values({ key: 'city' })).toMatchObject({
      status: 400,
      body: { type: 'validation_error', code: 'invalid_input', detail: 'You must provide a table name', attr: null },
    })
  })

  test('columns are asked for live when none are stored', async () => {
    const { body } = await client.call('POST', `${V}/`, {
      name: 'untyped',
      query: hogql("select city from places where city = 'Oslo'"),
      soft_update: true,
    })
    expect(body).toMatchObject({ columns: [] })
    expect(await names({ key: 'city', table_name: 'untyped' })).toEqual(['Oslo'])
  })

  test('a table whose bytes are broken is a bare 500', async () => {
    await client.upload('gone_soon', 'gone_soon.csv', 'id\n1\n')
    const id = await make('orphan', 'select id from gone_soon')
    const table = (await client.call('GET', 'warehouse_tables/?search=gone_soon')).body.results[0]
    await client.call('DELETE', `warehouse_tables/${table?.id}/`)
    expect(id).toEqual(expect.any(String))
    expect(await values({ key: 'id', table_name: 'orphan' })).toMatchObject({
      status: 500,
      body: { type: 'server_error', code: 'error', detail: 'A server error occurred.', attr: null },
    })
  })
})

test('a warehouse is provisioned over HTTP, and the process tells of nothing', async () => {
  const made = await client.call('POST', `${D}/provision/`, { database_name: 'acme-prod', table_name: 'prod' })
  expect(made.status).toBe(202)
  expect(await get('warehouse_status/')).toMatchObject({ state: 'pending', table_suffix: 'prod' })
  expect(client.lines).toEqual([])
})

test('the admin door pushes the clock and lets a provisioning fail', async () => {
  const door = await startClient({ sessionActions: 'allow', admin: true })
  const organization = '0194d640-0000-7000-8000-000000000001'
  const provision = { database_name: 'acme-prod', table_name: 'prod' }
  const status = async () => (await door.call('GET', `${D}/warehouse_status/`)).body
  expect(await askAdmin(door, 'POST', 'managed', { organization, fail_next: 'no room' })).toEqual({
    status: 200,
    body: {
      featureEnabled: true,
      configured: true,
      controlPlane: 'reachable',
      pendingDeletion: false,
      failNext: 'no room',
    },
  })
  await door.call('POST', `${D}/provision/`, provision)
  await askAdmin(door, 'POST', 'clock', { advance_ms: 10_000 })
  expect(await status()).toMatchObject({ state: 'failed', status_message: 'Failed to create Duckling CR: no room' })
  await door.call('POST', `${D}/provision/`, provision)
  await askAdmin(door, 'POST', 'clock', { advance_ms: 70_000 })
  expect(await status()).toMatchObject({ state: 'ready' })
  expect((await askAdmin(door, 'POST', 'managed', { organization: 'nobody' })).status).toBe(400)
  await askAdmin(door, 'POST', 'managed', { organization, control_plane: 'unreachable', feature_enabled: true })
  expect(await status()).toEqual({ error: 'Provisioning service is unreachable' })
  await askAdmin(door, 'POST', 'managed', { organization, configured: false })
  expect(await status()).toEqual({ error: 'Managed warehouse provisioning is not configured' })
  await askAdmin(door, 'POST', 'managed', { organization, feature_enabled: false, pending_deletion: true })
  expect(await status()).toEqual({ error: 'This feature is not enabled' })
  await door.local.close()
})

test('a restarted process goes on, as the edition it is told to be', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'managed-'))
  const options = { directory, sessionActions: 'allow' } as const
  const first = await startClient(options)
  expect((await first.call('POST', `${D}/provision/`, { database_name: 'acme-prod', table_name: 'prod' })).status).toBe(
    202,
  )
  await first.local.close()
  const second = await startClient({ ...options, editions: { warehouse: 'N' } })
  expect(await second.call('GET', `${D}/warehouse_status/`)).toMatchObject({
    status: 200,
    body: { state: 'pending', schema_name: 'prod', team_onboarded: true },
  })
  expect((await second.call('POST', `${D}/enable_backfill/`, { table_name: 'prod' })).status).toBe(404)
  await second.local.close()
  await rm(directory, { recursive: true })
})
