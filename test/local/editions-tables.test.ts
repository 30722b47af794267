/** `--tables S`: where the documented release differs from the latest (fact sheet: tables, the S column of every table). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, hogql, startClient, until } from './http-client.ts'

const V = 'warehouse_saved_queries'
const T = 'warehouse_tables'
const UNKNOWN = '0199aaaa-0000-7000-8000-000000000000'
const CRASHED = {
  status: 500,
  body: { type: 'server_error', code: 'error', detail: 'A server error occurred.', attr: null },
}
const refusal = (detail: string, attr: string | null) => ({
  status: 400,
  body: { type: 'validation_error', code: 'invalid_input', detail, attr },
})
const CONFLICT = refusal('The query was modified by someone else.', null)
const TAKEN = refusal('A table with this name already exists.', 'name')

let client: Client
let strict: Client

beforeAll(async () => {
  client = await startClient({ editions: { tables: 'S' }, sessionActions: 'allow' })
  strict = await startClient({ editions: { tables: 'S' } })
})
afterAll(() => Promise.all([client.local.close(), strict.local.close()]))

const make = async (name: string, sql = 'select 1 as one') =>
  (await client.call('POST', `${V}/`, { name, query: hogql(sql) })).body
const get = (id: string) => client.call('GET', `${V}/${id}/`)
const act = (id: string, action: string, body?: unknown) => client.call('POST', `${V}/${id}/${action}/`, body)
const completed = (id: string) =>
  until(
    () => client.call('GET', `${V}/${id}/run_history/`),
    (body) => body.run_history[0]?.status === 'Completed',
  )

describe('what tokens may not call', () => {
  test.each([
    ['POST', `${T}/${UNKNOWN}/refresh_schema/`],
    ['POST', `${T}/${UNKNOWN}/update_schema/`],
    ['POST', `${V}/${UNKNOWN}/run/`],
    ['POST', `${V}/${UNKNOWN}/materialize/`],
    ['POST', `${V}/${UNKNOWN}/revert_materialization/`],
    ['POST', `${V}/resume_schedules/`],
    ['GET', `${V}/${UNKNOWN}/run_history/`],
    ['POST', `${V}/${UNKNOWN}/cancel/`],
  ])('%s %s', async (method, path) => {
    expect(await strict.call(method, path)).toMatchObject({
      status: 403,
      body: { detail: 'This action does not support personal API key access' },
    })
  })

  test('a 401 names no metadata yet', async () => {
    const response = await fetch(`${client.local.origin}/api/users/@me/`)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
  })
})

describe('tables', () => {
  test('an object without the later fields, its columns by the length of their names', async () => {
    const { body } = await client.upload('shaped', 'shaped.csv', 'second,id,by\n1,2,3\n')
    expect(Object.keys(body).sort()).toEqual([
      'columns',
      'created_at',
      'created_by',
      'credential',
      'deleted',
      'external_data_source',
      'external_schema',
      'format',
      'id',
      'name',
      'options',
      'url_pattern',
    ])
    const column = (name: string) => ({
      key: name,
      name,
      type: 'integer',
      schema_valid: true,
      fields: null,
      table: null,
      chain: null,
    })
    expect(body).toMatchObject({ external_schema: { name: '', should_sync: false, last_synced_at: null } })
    const listed = await client.call('GET', `${T}/?search=shaped&include_columns=false`)
    expect(listed.body.results[0]).toMatchObject({ columns: [column('by'), column('id'), column('second')] })
  })

  test.each([
    ['https://local-warehouse.storage.invalid/x.csv', 'Cant use this bucket'],
    ['http://local-warehouse.storage.invalid/x.csv', 'Cant use this bucket'],
    ['http://example.com/x.csv', 'URL pattern must use https.'],
    ['https://localhost/x.csv', 'URL pattern hostname is not allowed.'],
  ])('%s: %s', async (url_pattern, detail) => {
    const credential = { access_key: 'a', access_secret: 'b' }
    const body = { name: 'x', format: 'CSV', url_pattern, credential }
    expect(await client.call('POST', `${T}/`, body)).toMatchObject(refusal(detail, 'url_pattern'))
  })

  test('texts and crashes of its time', async () => {
    const { id } = (await client.upload('plain', 'plain.csv', 'id\n1\n')).body
    const body = { name: 'events', format: 'CSV', url_pattern: 'https://example.com/x', credential: {} }
    expect(await client.call('POST', `${T}/`, body)).toMatchObject(TAKEN)
    const credential = { access_key: 'a', access_secret: 'b' }
    expect(await client.call('PATCH', `${T}/${id}/`, { credential })).toMatchObject(CRASHED)
    expect(await client.call('POST', `${T}/${UNKNOWN}/update_schema/`, {})).toMatchObject({ status: 200 })
    expect(await client.call('POST', `${T}/${UNKNOWN}/update_schema/`, { updates: {} })).toMatchObject({ status: 404 })
  })

  test('an upload’s format and hidden name are not looked at', async () => {
    expect((await client.upload('hidden', '.hidden', 'id\n1\n')).status).toBe(201)
    expect(await client.upload('odd', 'odd.csv', 'id\n1\n', 'XLS')).toMatchObject({
      status: 400,
      body: { message: 'Failed to upload file' },
    })
  })
})

describe('views', () => {
  const FIELDS = [
    'columns',
    'created_at',
    'created_by',
    'deleted',
    'id',
    'is_materialized',
    'last_run_at',
    'latest_error',
    'managed_viewset_kind',
    'name',
    'origin',
    'status',
    'sync_frequency',
  ]

  test('an object and a row without the later fields', async () => {
    const view = await make('shaped_view', 'select 1 as second, 2 as id')
    expect(Object.keys(view).sort()).toEqual([...FIELDS, 'latest_history_id', 'query'].sort())
    expect(view).toMatchObject({ columns: [{ name: 'id' }, { name: 'second' }] })
    const { body } = await client.call('GET', `${V}/?search=shaped_view`)
    expect(Object.keys(body.results[0] ?? {}).sort()).toEqual(FIELDS)
  })

  test('the token is the newest line of the log, and any logged change moves it', async () => {
    const view = await make('tokens')
    const log = await client.call('GET', `${V}/${view.id}/activity/`)
    expect(view.latest_history_id).toBe(log.body.results[0]?.id)
    const same = { query: hogql('select 1 as one') }
    expect(await client.call('PATCH', `${V}/${view.id}/`, same)).toMatchObject(CONFLICT)
    const renamed = await client.call('PATCH', `${V}/${view.id}/`, { name: 'tokens_two' })
    expect(renamed.body.latest_history_id).not.toBe(view.latest_history_id)
    const change = { query: hogql('select 2 as two'), edited_history_id: view.latest_history_id }
    expect(await client.call('PATCH', `${V}/${view.id}/`, change)).toMatchObject(CONFLICT)
    const upper = { ...change, edited_history_id: renamed.body.latest_history_id.toUpperCase() }
    expect(await client.call('PATCH', `${V}/${view.id}/`, upper)).toMatchObject(CONFLICT)
    const right = { ...change, edited_history_id: renamed.body.latest_history_id }
    expect(await client.call('PATCH', `${V}/${view.id}/`, right)).toMatchObject({
      status: 200,
      body: { status: 'Modified', columns: [{ name: 'two' }] },
    })
  })

  test('a soft update skips the token, not the columns', async () => {
    const view = await make('softly')
    const change = { query: hogql('select 2 as two'), soft_update: true }
    expect(await client.call('PATCH', `${V}/${view.id}/`, change)).toMatchObject({
      status: 200,
      body: { status: 'Modified', columns: [{ name: 'two' }] },
    })
  })

  test('a POST of a known name is checked even with the same query', async () => {
    await make('posted')
    const again = { name: 'posted', query: hogql('select 1 as one') }
    expect(await client.call('POST', `${V}/`, again)).toMatchObject(CONFLICT)
    expect(await client.call('POST', `${V}/`, { ...again, soft_update: true })).toMatchObject({ status: 200 })
  })

  test('deleted is a field, and a POST finds what it hides', async () => {
    const view = await make('hidden_view')
    expect((await client.call('PATCH', `${V}/${view.id}/`, { deleted: true })).status).toBe(200)
    expect((await get(view.id)).status).toBe(404)
    expect(await client.rows('select * from hidden_view')).toMatchObject({ code: 'invalid_input' })
    const posted = { name: 'hidden_view', query: hogql('select 3 as three'), soft_update: true, deleted: false }
    expect(await client.call('POST', `${V}/`, posted)).toMatchObject({ status: 200, body: { id: view.id } })
    expect(await client.rows('select * from hidden_view')).toEqual([[3]])
  })

  test.each<[string, unknown]>([
    ['a query as text', { name: 'x1', query: 'select 1' }],
    ['no inner query', { name: 'x1', query: { kind: 'HogQLQuery' } }],
    ['a syntax error', { name: 'x1', query: hogql('select from where') }],
    ['a token on a new name', { name: 'x1', query: hogql('select 1 as one'), edited_history_id: UNKNOWN }],
  ])('%s crashes', async (_why, body) => {
    expect(await client.call('POST', `${V}/`, body)).toMatchObject(CRASHED)
    expect((await client.call('GET', `${V}/?search=x1`)).body).toMatchObject({ count: 0 })
  })

  test('texts of its time', async () => {
    expect(await client.call('POST', `${V}/`, { name: 'events', query: hogql('select 1') })).toMatchObject(TAKEN)
    const kindless = { name: 'x2', query: { query: 'select 1 as one' } }
    const untyped = refusal('Failed to retrieve types for view', null)
    expect(await client.call('POST', `${V}/`, kindless)).toMatchObject(untyped)
  })

  test('a cadence is read from a PATCH only, and materializes nothing', async () => {
    const body = { name: 'paced', query: hogql('select 1 as one'), sync_frequency: '1hour' }
    const made = await client.call('POST', `${V}/`, body)
    expect(made).toMatchObject({ status: 201, body: { sync_frequency: null, is_materialized: false } })
    const pace = (sync_frequency: string) => client.call('PATCH', `${V}/${made.body.id}/`, { sync_frequency })
    expect(await pace('5min')).toMatchObject({ body: { sync_frequency: '5min', is_materialized: false } })
    expect(await pace('never')).toMatchObject({ body: { sync_frequency: null } })
    expect(await pace('every_fortnight')).toMatchObject(CRASHED)
    expect((await client.call('GET', `${V}/${made.body.id}/run_history/`)).body.run_history).toEqual([])
  })

  test('a view others read is deleted all the same', async () => {
    const parent = await make('read_by_others')
    const child = await make('reader', 'select one from read_by_others')
    expect((await client.call('DELETE', `${V}/${parent.id}/`)).status).toBe(204)
    expect((await get(child.id)).status).toBe(200)
    expect(await client.rows('select one from reader')).toMatchObject({ type: 'validation_error' })
  })
})

describe('actions', () => {
  test('a run needs a schedule, which only materialize makes; it is daily', async () => {
    const view = await make('runner')
    expect(await act(view.id, 'run')).toMatchObject(CRASHED)
    expect((await act(view.id, 'materialize', { sync_frequency: 'nonsense' })).status).toBe(200)
    await completed(view.id)
    expect((await get(view.id)).body).toMatchObject({
      status: 'Completed',
      sync_frequency: '24hour',
      is_materialized: true,
    })
    expect((await act(view.id, 'run')).status).toBe(200)
    expect((await client.call('GET', `${V}/${view.id}/activity/`)).body).toMatchObject({
      total_count: 1,
      results: [{ activity: 'created' }],
    })
  })

  test('after a revert the status is gone, the history and its time stay, and nothing is upstream', async () => {
    const parent = await make('upstream')
    const view = await make('reverted', 'select one from upstream')
    await act(view.id, 'materialize')
    await completed(view.id)
    expect((await act(view.id, 'ancestors')).body).toEqual({ ancestors: [parent.id] })
    expect((await act(view.id, 'revert_materialization')).status).toBe(200)
    expect((await get(view.id)).body).toMatchObject({
      status: null,
      latest_error: null,
      last_run_at: expect.any(String),
      is_materialized: false,
    })
    expect((await client.call('GET', `${V}/${view.id}/run_history/`)).body.run_history).toHaveLength(1)
    expect((await act(view.id, 'ancestors')).body).toEqual({ ancestors: [] })
    await act(view.id, 'materialize')
    expect((await act(view.id, 'ancestors')).body).toEqual({ ancestors: [parent.id] })
  })

  test('levels', async () => {
    const view = await make('levels', 'select count() as n from events')
    expect((await act(view.id, 'ancestors', { level: 0 })).body).toEqual({ ancestors: [] })
    expect((await act(view.id, 'ancestors', { level: '1' })).body).toEqual({ ancestors: ['events'] })
    expect(await act(view.id, 'ancestors', { level: 'abc' })).toMatchObject(CRASHED)
    expect(await act(view.id, 'descendants', { level: '1' })).toMatchObject(CRASHED)
  })

  test('cancel, resume and the log’s pages', async () => {
    const view = await make('idle')
    expect(await act(view.id, 'cancel')).toMatchObject({
      status: 400,
      body: { error: 'Cannot cancel a query that is not running' },
    })
    const resume = (body: unknown) => client.call('POST', `${V}/resume_schedules/`, body)
    for (const body of [{}, { view_ids: [] }]) {
      expect(await resume(body)).toMatchObject({ status: 400, body: { error: 'view_ids is required' } })
    }
    expect(await resume({ view_ids: ['nope'] })).toMatchObject(CRASHED)
    expect(await resume({ view_ids: [UNKNOWN] })).toMatchObject({ status: 202, body: null })
    expect(await client.call('GET', `${V}/${view.id}/activity/?limit=x`)).toMatchObject(CRASHED)
  })

  test('a failed run tells its error until the next one', async () => {
    await client.upload('source_file', 'source_file.csv', 'n\n1\n')
    const view = await make('fails', 'select n from source_file')
    await act(view.id, 'materialize')
    await completed(view.id)
    await client.upload('source_file', 'source_file.csv', 'm\n1\n')
    await act(view.id, 'run')
    const failed = await until(
      () => get(view.id),
      ({ status }) => status === 'Failed',
    )
    expect(failed.body).toMatchObject({ latest_error: expect.any(String), is_materialized: true })
    await client.call('PATCH', `${V}/${view.id}/`, { query: hogql('select 1 as n'), soft_update: true })
    expect((await get(view.id)).body.status).toBe('Modified')
    await act(view.id, 'run')
    await completed(view.id)
    expect((await get(view.id)).body).toMatchObject({ status: 'Completed', latest_error: null })
  })
})

test('no access control yet', async () => {
  const other = await startClient({
    editions: { tables: 'S' },
    keys: [{ label: 'viewer', scopes: ['*'], owner: 'viewer' }],
  })
  const body = { name: 'made', query: hogql('select 1 as one') }
  expect((await other.call('POST', `${V}/`, body, other.local.keys.viewer)).status).toBe(201)
  await other.local.close()
})
