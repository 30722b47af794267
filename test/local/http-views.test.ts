/** The life of views: made, changed, materialized, run, cancelled, reverted, deleted, and what they say of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, hogql, startClient, until } from './http-client.ts'

let client: Client
let peopleId: string

const V = 'warehouse_saved_queries'
// Some 10^12 rows: always caught in the act, and never waited for.
const ENDLESS =
  'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid and c.uuid < d.uuid'

beforeAll(async () => {
  client = await startClient({ sessionActions: 'allow' })
  peopleId = (await client.upload('people', 'people.csv', 'id,name\n1,Ada\n2,Ben\n')).body.id
})
afterAll(async () => {
  await client?.local.close()
})

const make = (name: string, sql: string, more = {}) =>
  client.call('POST', `${V}/`, { name, query: hogql(sql), ...more })
const get = (id: string) => client.call('GET', `${V}/${id}/`)
const act = (id: string, action: string, body?: unknown) => client.call('POST', `${V}/${id}/${action}/`, body)
const history = (id: string) => client.call('GET', `${V}/${id}/run_history/`)
const ended = (id: string) =>
  until(
    () => history(id),
    (body) => body.run_history[0]?.status !== 'Running',
  )
const statuses = async (id: string) => (await history(id)).body.run_history.map((run) => run.status)

test('a view lives from its creation to its deletion', async () => {
  const made = await make('adults', 'select name, id from people', { description: 'who is who' })
  expect(made).toMatchObject({
    status: 201,
    body: {
      name: 'adults',
      deleted: false,
      description: 'who is who',
      columns: [
        { name: 'name', type: 'string' },
        { name: 'id', type: 'integer' },
      ],
      status: null,
      last_run_at: null,
      latest_error: null,
      sync_frequency: null,
      is_materialized: false,
      origin: 'data_warehouse',
      managed_viewset_kind: null,
      suspended: {},
      created_by: { email: 'ada@example.com' },
      sync_frequency_bounds: { frequency_mode: 'tiered', floor: null, ceiling: null },
    },
  })
  const { id } = made.body
  expect(await client.rows('select name from adults order by id')).toEqual([['Ada'], ['Ben']])

  expect((await act(id, 'run')).body).toBeNull()
  await ended(id)
  expect((await get(id)).body).toMatchObject({
    status: 'Completed',
    is_materialized: true,
    sync_frequency: null,
    latest_error: null,
  })
  const backing = await client.call('GET', 'warehouse_tables/?search=adults')
  expect(backing.body).toMatchObject({
    count: 1,
    results: [
      { name: 'adults', created_via: 'materialized_view', credential: null, created_by: null, columns: [{}, {}] },
    ],
  })

  // The table behind it goes on serving the old rows until the next run.
  const token = made.body.latest_history_id
  const changed = await client.call('PATCH', `${V}/${id}/`, {
    query: hogql('select name, id from people where id = 2'),
    edited_history_id: token.toUpperCase().replaceAll('-', ''),
  })
  expect(changed).toMatchObject({ status: 200, body: { status: 'Modified', is_materialized: true } })
  expect(changed.body.latest_history_id).not.toBe(token)
  expect(await client.rows('select count() from adults')).toEqual([[2]])
  await act(id, 'run', { full_refresh: true })
  await ended(id)
  expect(await client.rows('select name from adults')).toEqual([['Ben']])
  expect((await get(id)).body.status).toBe('Completed')

  expect((await act(id, 'revert_materialization')).status).toBe(200)
  expect((await get(id)).body).toMatchObject({
    is_materialized: false,
    sync_frequency: null,
    status: 'Completed',
    last_run_at: expect.any(String),
  })
  expect((await client.call('GET', 'warehouse_tables/?search=adults')).body).toMatchObject({ count: 0 })
  expect(await client.rows('select name from adults')).toEqual([['Ben']])
  expect(await statuses(id)).toEqual(['Completed', 'Completed'])

  expect((await client.call('DELETE', `${V}/${id}/`)).status).toBe(204)
  expect((await get(id)).status).toBe(404)
  expect(await client.rows('select * from adults')).toMatchObject({ type: 'validation_error' })
  const log = await client.call('GET', `${V}/${id}/activity/`)
  expect(log.body).toMatchObject({
    total_count: 6,
    results: [
      { activity: 'deleted' },
      { activity: 'materialization_disabled' },
      { activity: 'sync_triggered' },
      { activity: 'updated', detail: { changes: [{ field: 'query', action: 'changed' }] } },
      { activity: 'sync_triggered' },
      {
        activity: 'created',
        user: { first_name: 'Ada', email: 'ada@example.com' },
        item_id: id,
        scope: 'DataWarehouseSavedQuery',
      },
    ],
  })
  expect((await make('adults', 'select 1 as one')).status).toBe(201)
})

describe('the concurrency token', () => {
  test('is asked for only when the query changes, and moves only then', async () => {
    const { body } = await make('token_view', 'select 1 as one')
    const path = `${V}/${body.id}/`
    const renamed = await client.call('PATCH', path, { name: 'token_view_2', description: '' })
    expect(renamed.body).toMatchObject({
      name: 'token_view_2',
      description: null,
      latest_history_id: body.latest_history_id,
      status: null,
    })
    const same = await client.call('PATCH', path, { query: hogql('select 1 as one') })
    expect(same).toMatchObject({ status: 200, body: { latest_history_id: body.latest_history_id, status: 'Modified' } })
    expect((await client.call('PATCH', path, { query: hogql('select 2 as two') })).status).toBe(400)
    const soft = await client.call('PATCH', path, { query: hogql('select 2 as two'), soft_update: true })
    expect(soft).toMatchObject({ status: 200, body: { columns: [{ name: 'one' }] } })
    expect(soft.body.latest_history_id).not.toBe(body.latest_history_id)
  })

  test('lets one of two writers through', async () => {
    const { body } = await make('raced', 'select 1 as one')
    const write = (sql: string) =>
      client.call('PATCH', `${V}/${body.id}/`, { query: hogql(sql), edited_history_id: body.latest_history_id })
    const both = await Promise.all([write('select 2 as two'), write('select 3 as three')])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  test('lets one of two creators through', async () => {
    const both = await Promise.all([make('twice', 'select 1 as one'), make('twice', 'select 2 as two')])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 400])
  })
})

describe('what a view may not be', () => {
  test.each([
    ['an array', { name: 'x', query: [] }, /^Query must be a JSON object with a "query" key/, 'query'],
    [
      'no SQL',
      { name: 'x', query: { kind: 'HogQLQuery' } },
      /^Query object must contain a non-empty "query" key/,
      'query',
    ],
    ['blank SQL', { name: 'x', query: hogql('  ') }, /^Query object must contain a non-empty "query" key/, 'query'],
    [
      'a placeholder',
      { name: 'x', query: hogql('select {x} as y') },
      'Filters and placeholder expressions are not allowed in views',
      'query',
    ],
    ['a syntax error', { name: 'x', query: hogql('selec 1') }, /^Invalid query: /, 'query'],
    [
      'an unknown column',
      { name: 'x', query: hogql('select nope from people') },
      'Invalid query: Unable to resolve field: nope',
      'query',
    ],
    [
      'an unsupported construct',
      { name: 'x', query: hogql("select * from file('/etc/passwd')") },
      /^Invalid query: .*file/,
      'query',
    ],
    ['a write', { name: 'x', query: hogql('drop table people') }, /^Invalid query: /, 'query'],
    [
      'an unknown type',
      { name: 'x', query: hogql('select 1 as a'), types: [['a', 'Nope']] },
      /^Failed to retrieve types for view/,
      null,
    ],
    ['incremental', { name: 'x', query: hogql('select 1 as a'), incremental: { enabled: true } }, /./, 'incremental'],
    ['a test', { name: 'x', query: hogql('select 1 as a'), is_test: true }, /staff/, 'is_test'],
    [
      'the name of a table',
      { name: 'people', query: hogql('select 1 as a') },
      'A table or view with this name already exists. Choose a different name.',
      'name',
    ],
  ])('%s', async (_what, body, detail, attr) => {
    expect(await client.call('POST', `${V}/`, body)).toMatchObject({
      status: 400,
      body: {
        type: 'validation_error',
        code: 'invalid_input',
        attr,
        detail: detail instanceof RegExp ? expect.stringMatching(detail) : detail,
      },
    })
  })

  test('a brace in a string or a comment is no placeholder', async () => {
    const made = await make(
      'braces',
      "select '{filters}' as a, 'it''s {x}' as b -- {variables.x}\nfrom people /* {y} */ limit 1",
    )
    expect(made.status).toBe(201)
    expect(await client.rows('select a, b from braces')).toEqual([['{filters}', "it's {x}"]])
  })

  test('types replace the inferred columns, and soft_update leaves them out', async () => {
    const typed = await make('typed_view', 'select 1 as a', { types: [['a', 'Nullable(DateTime)']] })
    expect(typed.body).toMatchObject({ columns: [{ name: 'a', type: 'datetime' }] })
    expect((await make('soft_view', 'select 1 as a', { soft_update: true })).body).toMatchObject({ columns: [] })
  })

  test('part of a cycle', async () => {
    const a = await make('ring_a', 'select id from people')
    await make('ring_b', 'select id from ring_a')
    const c = await make('ring_c', 'select id from ring_b')
    const refusal = { status: 400, body: { attr: null, detail: 'Model contains a cycle' } }
    const point = (at: typeof a, sql: string) =>
      client.call('PATCH', `${V}/${at.body.id}/`, { query: hogql(sql), edited_history_id: at.body.latest_history_id })
    expect(await point(a, 'select id from ring_c')).toMatchObject(refusal)
    expect(await point(c, 'select id from ring_c')).toMatchObject(refusal)
    expect(await client.rows('select count() from ring_c')).toEqual([[2]])
  })
})

describe('lineage', () => {
  test('events and people, to A, to B, to C', async () => {
    const a = (await make('lin_a', 'select e.event as event from events e join people p on p.name = e.event')).body.id
    const b = (await make('lin_b', 'with x as (select event from lin_a) select event from x')).body.id
    const c = (await make('lin_c', 'select event from lin_b union all select event from (select event from lin_b)'))
      .body.id
    const ancestors = async (id: string, level?: unknown) => {
      const { body } = await act(id, 'ancestors', level === undefined ? undefined : { level })
      return (body as unknown as { ancestors: string[] }).ancestors.sort()
    }
    const descendants = async (id: string, level?: number) => {
      const { body } = await act(id, 'descendants', { level })
      return (body as unknown as { descendants: string[] }).descendants.sort()
    }
    expect(await ancestors(a)).toEqual(['events', peopleId].sort())
    expect(await ancestors(b)).toEqual([a, 'events', peopleId].sort())
    expect(await ancestors(b, 1)).toEqual([a])
    expect(await ancestors(c, 10)).toEqual([a, b, 'events', peopleId].sort())
    expect(await ancestors(c, null)).toEqual([a, b, 'events', peopleId].sort())
    expect(await descendants(a)).toEqual([b, c].sort())
    expect(await descendants(a, 1)).toEqual([b])
    expect(await descendants(c)).toEqual([])
    expect((await client.call('GET', `${V}/${a}/dependencies/`)).body).toEqual({
      upstream_count: 2,
      downstream_count: 1,
    })
    expect(await act(a, 'ancestors', { level: 'abc' })).toMatchObject({
      status: 400,
      body: { attr: 'level', code: 'invalid_input' },
    })
    const lone = (await make('lin_lone', 'select 1 as one')).body.id
    expect(await ancestors(lone)).toEqual([])
  })
})

describe('runs', () => {
  test('a running view can be cancelled, and its job follows', async () => {
    const { body } = await make('endless', ENDLESS)
    expect(body).toMatchObject({ name: 'endless' })
    expect((await act(body.id, 'run')).status).toBe(200)
    expect(await statuses(body.id)).toEqual(['Running'])
    await act(body.id, 'run')
    expect(await statuses(body.id)).toEqual(['Running'])
    expect(await act(body.id, 'cancel')).toMatchObject({ status: 200, body: null })
    await ended(body.id)
    expect(await statuses(body.id)).toEqual(['Cancelled'])
    expect((await get(body.id)).body).toMatchObject({ status: 'Cancelled', is_materialized: false })
    expect(await act(body.id, 'cancel')).toMatchObject({
      status: 400,
      body: { error: 'Cannot cancel a query that is not running' },
    })
    expect(await client.rows('select count() from people')).toEqual([[2]])
  })

  test('health answers while a run keeps the engine busy', async () => {
    const { body } = await make('endless_2', ENDLESS)
    await act(body.id, 'run')
    expect(await (await fetch(`${client.local.origin}/_health`)).text()).toBe('ok')
    expect((await client.call('GET', '/api/users/@me/')).status).toBe(200)
    expect(await statuses(body.id)).toEqual(['Running'])
    expect((await act(body.id, 'revert_materialization')).status).toBe(200)
    expect(await statuses(body.id)).toEqual(['Cancelled'])
  })

  test('three failures suspend the schedule, resuming or running clears it', async () => {
    await client.upload('fragile', 'fragile.csv', 'id\n1\n')
    const { body } = await make('breaks', 'select id from fragile')
    const table = await client.call('GET', 'warehouse_tables/?search=fragile')
    await client.call('DELETE', `warehouse_tables/${table.body.results[0]?.id}/`)
    expect(await act(body.id, 'materialize')).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    for (let run = 0; run < 3; run += 1) {
      await act(body.id, 'run')
      await ended(body.id)
    }
    const broken = await get(body.id)
    expect(broken.body).toMatchObject({
      status: 'Failed',
      latest_error: expect.stringContaining('fragile'),
      suspended: { clickhouse: { at: expect.any(String), reason: expect.any(String), job_id: expect.any(String) } },
    })
    const resumed = await client.call('POST', `${V}/resume_schedules/`, { view_ids: [body.id] })
    expect(resumed).toMatchObject({ status: 202, body: null })
    expect((await get(body.id)).body).toMatchObject({ suspended: {} })
    expect(await statuses(body.id)).toEqual(['Failed', 'Failed', 'Failed'])
    for (let run = 0; run < 3; run += 1) {
      await act(body.id, 'run')
      await ended(body.id)
    }
    expect(await statuses(body.id)).toHaveLength(5)
  })

  test('resume_schedules reads its ids', async () => {
    const resume = (view_ids: unknown) => client.call('POST', `${V}/resume_schedules/`, { view_ids })
    expect(await resume(undefined)).toMatchObject({ status: 400, body: { attr: 'view_ids', code: 'required' } })
    expect(await resume('x')).toMatchObject({ status: 400, body: { attr: 'view_ids', code: 'not_a_list' } })
    expect(await resume(['nope'])).toMatchObject({ status: 400, body: { attr: 'view_ids__0', code: 'invalid_input' } })
  })
})

describe('cadences', () => {
  test('materialize is daily, a cadence on a plain view materializes it, never clears only the cadence', async () => {
    const plain = (await make('daily', 'select id from people')).body.id
    expect((await act(plain, 'materialize')).status).toBe(200)
    await ended(plain)
    expect((await get(plain)).body).toMatchObject({
      sync_frequency: '24hour',
      is_materialized: true,
      status: 'Completed',
    })
    expect((await act(plain, 'materialize', { sync_frequency: '7day' })).status).toBe(200)
    expect((await get(plain)).body).toMatchObject({ sync_frequency: '7day' })
    expect(await statuses(plain)).toEqual(['Completed'])
    expect(await act(plain, 'materialize', { sync_frequency: 'never' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_choice' },
    })
    expect(await act(plain, 'materialize', { sync_frequency: null })).toMatchObject({
      status: 400,
      body: { code: 'null' },
    })
    const cleared = await client.call('PATCH', `${V}/${plain}/`, { sync_frequency: 'never' })
    expect(cleared.body).toMatchObject({ sync_frequency: null, is_materialized: true })

    const made = await make('quick', 'select id from people', { sync_frequency: '5min' })
    expect(made.body).toMatchObject({ sync_frequency: '15min', is_materialized: true })
    await ended(made.body.id)
    expect(await statuses(made.body.id)).toEqual(['Completed'])
  })

  test('lineage bounds them from both sides', async () => {
    const source = (await make('slow_source', 'select id from people', { sync_frequency: '6hour' })).body.id
    const reader = (await make('middle', 'select id from slow_source')).body.id
    expect(await client.call('PATCH', `${V}/${reader}/`, { sync_frequency: '1hour' })).toMatchObject({
      status: 400,
      body: { attr: null, detail: expect.stringMatching(/6 hours.*slow_source/) },
    })
    expect((await act(reader, 'materialize', { sync_frequency: '12hour' })).status).toBe(200)
    expect(await client.call('PATCH', `${V}/${source}/`, { sync_frequency: '24hour' })).toMatchObject({
      status: 400,
      body: { attr: null, detail: expect.stringMatching(/12 hours.*middle/) },
    })
    expect((await get(source)).body).toMatchObject({
      sync_frequency: '6hour',
      sync_frequency_bounds: { ceiling: { label: '12 hours', blocker: { id: reader, name: 'middle' } } },
    })
    const refused = await make('too_quick', 'select id from middle', { sync_frequency: '30min' })
    expect(refused.status).toBe(400)
    expect((await client.call('GET', `${V}/?search=too_quick`)).body).toMatchObject({ count: 0 })
  })
})

describe('reads', () => {
  test('list rows carry neither SQL nor token', async () => {
    await make('listed', 'select 1 as one')
    const { body } = await client.call('GET', `${V}/?search=listed`)
    expect(body).toMatchObject({ count: 1, next: null, previous: null })
    const [row] = body.results
    expect(row).toMatchObject({
      name: 'listed',
      columns: [{ name: 'one' }],
      is_incremental: false,
      materialization_mode: 'full_refresh',
    })
    for (const field of [
      'query',
      'latest_history_id',
      'edited_history_id',
      'soft_update',
      'updated_at',
      'sync_frequency_bounds',
      'incremental',
    ]) {
      expect(row).not.toHaveProperty(field)
    }
    expect((await client.call('GET', `${V}/?search=listed&include_columns=false`)).body.results[0]).toMatchObject({
      columns: [],
    })
    expect(await client.call('GET', `${V}/?include_columns=maybe`)).toMatchObject({
      status: 400,
      body: { attr: 'include_columns' },
    })
    expect(await client.call('GET', `${V}/?page=2`)).toMatchObject({ status: 404, body: { detail: 'Invalid page.' } })
  })

  test('activity pages with absolute links and a total_count', async () => {
    const { id } = (await make('logged', 'select 1 as one')).body
    for (const name of ['logged_1', 'logged_2', 'logged_2']) await client.call('PATCH', `${V}/${id}/`, { name })
    const base = `${client.local.origin}/api/projects/1/${V}/${id}/activity/`
    const first = await client.call('GET', `${V}/${id}/activity/?limit=2`)
    expect(first.body).toMatchObject({
      total_count: 3,
      next: `${base}?limit=2&page=2`,
      previous: null,
      results: [{ activity: 'updated' }, { activity: 'updated' }],
    })
    const second = await client.call('GET', `${V}/${id}/activity/?limit=2&page=2`)
    expect(second.body).toMatchObject({
      next: null,
      previous: `${base}?limit=2&page=1`,
      results: [{ activity: 'created' }],
    })
    expect(await client.call('GET', `${V}/${id}/activity/?limit=0`)).toMatchObject({
      status: 400,
      body: { attr: 'limit', code: 'min_value' },
    })
  })

  test('a view with more than three readers names three', async () => {
    const { id } = (await make('popular', 'select id from people')).body
    for (const name of ['fan_a', 'fan_b', 'fan_c', 'fan_d']) await make(name, 'select id from popular')
    expect((await client.call('DELETE', `${V}/${id}/`)).body).toMatchObject({
      detail: expect.stringMatching(
        /^Can't delete popular yet\. These read from it: fan_a \(view\), fan_b \(view\), fan_c \(view\), and 1 more/,
      ),
    })
  })

  test('the schema query follows what is there', async () => {
    await make('in_schema', 'select id from people')
    const dotted = (await make('dotted.view', 'select id from people')).body.id
    await act(dotted, 'run')
    await ended(dotted)
    expect(await client.rows('select count() from dotted.view')).toEqual([[2]])
    const { body } = await client.call('POST', 'query/DatabaseSchemaQuery/', { query: { kind: 'DatabaseSchemaQuery' } })
    expect(body).toMatchObject({
      tables: {
        events: { type: 'posthog' },
        people: { id: peopleId, type: 'data_warehouse', fields: { id: { type: 'integer' }, name: { type: 'string' } } },
        in_schema: { type: 'view', query: { kind: 'HogQLQuery', query: 'select id from people' } },
      },
      joins: [],
    })
    // The table behind a view is listed among the tables, but no SQL reads it under its own name.
    expect(body).toHaveProperty(['tables', 'dotted.view', 'type'], 'materialized_view')
    expect(body).not.toHaveProperty(['tables', 'dotted_view'])
    expect(await client.call('POST', 'query/HogQLQuery/', { query: { kind: 'DatabaseSchemaQuery' } })).toMatchObject({
      status: 400,
      body: { detail: 'Query kind mismatch: path kind "HogQLQuery" does not match body kind "DatabaseSchemaQuery".' },
    })
  })

  test('an asynchronous query is polled to its end', async () => {
    const begun = await client.call('POST', 'query/', {
      query: hogql('select count() from people'),
      refresh: 'force_async',
    })
    expect(begun.status).toBe(202)
    const { id } = begun.body.query_status
    const poll = () => client.call('GET', `query/${id}/`)
    const done = await until(poll, (body) => (body.query_status as unknown as { complete: boolean }).complete)
    expect(done).toMatchObject({ status: 200, body: { query_status: { results: { results: [[2]] } } } })
    expect((await client.call('DELETE', `query/${id}/`)).body).toEqual({ message: 'Query already complete' })
    expect((await client.call('GET', 'query/unknown-id/')).body).toMatchObject({
      detail: 'Query unknown-id not found for team 1',
    })
  })
})

test('nothing complained behind the scenes', () => expect(client.lines).toEqual([]))
