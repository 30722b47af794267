import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { QueryService, type Reply, type SchemaInput } from '../../src/local/query.ts'
import { type Bench, openBench } from './engine-setup.ts'

let bench: Bench
let service: QueryService
let now: number

const start = Date.parse('2026-04-01T00:00:00Z')
const endless =
  'select count() from events a cross join events b cross join events c cross join events d where a.event != d.distinct_id'
const schema: SchemaInput = {
  tables: [
    {
      id: '0198bb00-0000-0000-0000-000000000001',
      name: 'stripe.customer',
      format: 'CSVWithNames',
      url_pattern: 'https://bucket/customers.csv',
      row_count: 3,
      columns: [
        { name: 'id', clickhouse: 'Nullable(Int64)', valid: true },
        { name: 'odd name', clickhouse: 'Tuple(String)', valid: false },
      ],
    },
  ],
  views: [
    {
      id: '0198ee00-0000-0000-0000-000000000001',
      name: 'daily',
      sql: 'select 1',
      materialized: true,
      status: 'Completed',
      last_run_at: '2026-03-31T10:00:00Z',
      columns: [{ name: 'n', clickhouse: 'UInt8', valid: true }],
    },
  ],
}

beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())
beforeEach(() => {
  now = start
  service = new QueryService({ engine: bench.engine, now: () => now, schema: () => schema })
})

const hogql = (query: string, rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  query: { kind: 'HogQLQuery', query },
  ...rest,
})

/** The members of a body, whatever it is. */
function bodyOf(reply: Reply): Record<string, unknown> {
  // Every reply body is an object; the test asserts on its members.
  return reply.body as Record<string, unknown>
}

function statusOf(reply: Reply): Record<string, unknown> {
  return bodyOf(reply).query_status as Record<string, unknown>
}

/** Polls as a client does, until the query is complete. */
async function settled(id: string): Promise<Reply> {
  for (;;) {
    const reply = service.status(1, id)
    if (reply.status !== 202) return reply
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('HogQLQuery', () => {
  it('answers in the shape of the sheet', async () => {
    const reply = await service.run(
      1,
      hogql('select event, count() as n from events group by event order by n desc limit 1', { name: 'mcp sample' }),
    )
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({
      results: [['$pageview', 180]],
      columns: ['event', 'n'],
      types: [
        ['event', 'String'],
        ['n', 'UInt64'],
      ],
      hasMore: true,
      limit: 1,
      offset: 0,
      query: 'select event, count() as n from events group by event order by n desc limit 1',
      hogql: 'select event, count() as n from events group by event order by n desc limit 1',
      clickhouse: 'SELECT `event`, count() AS `n` FROM `events` AS `events` GROUP BY `event` ORDER BY `n` DESC LIMIT 2',
      timings: [{ k: './execute', t: 0 }],
      error: null,
      explain: null,
      metadata: null,
      modifiers: {},
      query_status: null,
      cache_key: expect.stringMatching(/^cache_[0-9a-f]{32}$/),
      is_cached: false,
      last_refresh: '2026-04-01T00:00:00.000Z',
      next_allowed_client_refresh: '2026-04-01T00:01:00.000Z',
      cache_target_age: '2026-04-01T06:00:00.000Z',
      timezone: 'UTC',
      calculation_trigger: null,
    })
  })

  it.each([undefined, null, false, true, 'force_cache', 'blocking', 'force_blocking', 'async_except_on_cache_miss'])(
    'waits for the answer with refresh %j',
    async (refresh) => {
      const reply = await service.run(1, hogql('select 1', { refresh }))
      expect([reply.status, bodyOf(reply).results]).toEqual([200, [[1]]])
    },
  )

  it('fills placeholders', async () => {
    const reply = await service.run(1, { query: { kind: 'HogQLQuery', query: 'select {a}', values: { a: 'x' } } })
    expect(bodyOf(reply).results).toEqual([['x']])
  })
})

describe('errors', () => {
  const wrong = (code: string, detail: string, type = 'validation_error', status = 400) => ({
    status,
    body: { type, code, detail, attr: null },
  })

  it.each([
    ['select user_id from events', wrong('invalid_input', 'Unable to resolve field: user_id')],
    ['select 1 from nope', wrong('invalid_input', 'Unknown table `nope`.')],
    [
      "select timestamp + 'x' from events",
      wrong('illegal_type_of_argument', "Illegal types DateTime64(6, 'UTC') and String of arguments of function plus"),
    ],
    ['selec 1', wrong('invalid_input', 'Unexpected "selec" at character 1: expected SELECT')],
    [
      "select * from file('/etc/passwd')",
      wrong(
        'invalid_input',
        'The local warehouse does not support the table function file; PostHog might. Supported: see docs/local-warehouse.md.',
      ),
    ],
  ])('answers %s as PostHog does', async (sql, reply) => {
    expect(await service.run(1, hogql(sql))).toEqual(reply)
  })

  it.each([
    [
      { query: { kind: 'Tomato Soup' } },
      "query\n  Input tag 'Tomato Soup' found using 'kind' does not match any of the expected tags: 'DatabaseSchemaQuery', 'HogQLQuery'",
    ],
    [{}, 'query\n  Field required'],
    [{ query: { kind: 'HogQLQuery' } }, 'query.query\n  Field required'],
    [hogql('select 1', { surprise: 1 }), 'surprise\n  Extra inputs are not permitted'],
  ])('finds the mistake in the body %j', async (body, text) => {
    expect(await service.run(1, body)).toEqual(
      wrong('parse_error', `JSON parse error - 1 validation error for QueryRequest\n${text}`, 'invalid_request'),
    )
  })

  it.each([null, 'text', 7, [], { query: 'select 1' }, { query: null }, hogql('select 1', { refresh: 'soon' })])(
    'calls the body %j a parse error',
    async (body) => {
      const reply = await service.run(1, body)
      expect([reply.status, bodyOf(reply).code]).toEqual([400, 'parse_error'])
    },
  )

  it.each([
    [{ query: { kind: 'SavedInsightNode' } }, 'Unsupported query kind: SavedInsightNode'],
    [
      { query: { kind: 'TrendsQuery' } },
      'The local warehouse does not run TrendsQuery; PostHog does. It runs HogQLQuery and DatabaseSchemaQuery.',
    ],
    [
      { query: { kind: 'HogQLQuery', query: 'select 1', filters: { dateRange: {} } } },
      'The local warehouse does not support the query option filters; PostHog does.',
    ],
    [
      hogql('select 1', { variables_override: { x: 1 } }),
      'The local warehouse does not support the query option variables_override; PostHog does.',
    ],
  ])('refuses %j', async (body, detail) => {
    expect(await service.run(1, body)).toEqual(wrong('invalid_input', detail))
  })

  it('answers 504 over the time limit and 503 without an engine', async () => {
    const slow = await openBench({ timeoutMs: 300 })
    const reply = await new QueryService({ engine: slow.engine, now: () => now, schema: () => schema }).run(
      1,
      hogql(endless),
    )
    await slow.close()
    const limited = new QueryService({ engine: slow.engine, now: () => now, schema: () => schema })
    expect(await limited.run(1, hogql('select 1'))).toEqual(
      wrong(
        'error',
        "Queries are a little too busy right now. We're working to free up resources. Please try again later.",
        'server_error',
        503,
      ),
    )
    expect(reply).toEqual(
      wrong(
        'error',
        'Query has hit the max execution time before completing. Try a shorter time range or fewer rows.',
        'server_error',
        504,
      ),
    )
  })
})

describe('asynchronous queries', () => {
  it.each([{ refresh: 'async' }, { refresh: 'force_async' }, { refresh: 'lazy_async' }, { async: true }])(
    'answers 202 to %j and the whole response later',
    async (rest) => {
      const reply = await service.run(1, hogql('select 42 as n', { ...rest, client_query_id: 'mine' }))
      expect(reply.status).toBe(202)
      expect(statusOf(reply)).toEqual({
        id: 'mine',
        team_id: 1,
        query_async: true,
        complete: false,
        error: false,
        error_message: null,
        error_code: null,
        results: null,
        start_time: '2026-04-01T00:00:00.000Z',
        pickup_time: '2026-04-01T00:00:00.000Z',
        end_time: null,
        expiration_time: '2026-04-01T00:20:00.000Z',
        task_id: 'mine',
        insight_id: null,
        dashboard_id: null,
        query_progress: null,
        labels: null,
        cache_key: null,
        bytes_read: null,
        budget_remaining_bytes: null,
        query_scan: null,
      })
      const done = await settled('mine')
      expect(done.status).toBe(200)
      expect(statusOf(done)).toMatchObject({
        complete: true,
        error: false,
        end_time: '2026-04-01T00:00:00.000Z',
        results: { results: [[42]], columns: ['n'] },
      })
    },
  )

  it('runs a client_query_id once', async () => {
    await service.run(1, hogql('select 1 as first', { async: true, client_query_id: 'same' }))
    await settled('same')
    const again = await service.run(1, hogql('select 2 as second', { async: true, client_query_id: 'same' }))
    expect(again.status).toBe(202)
    expect(statusOf(again)).toMatchObject({ complete: true, results: { columns: ['first'] } })
  })

  it('keeps the error of a failed query with the status 400', async () => {
    await service.run(1, hogql('select nothing from events', { async: true, client_query_id: 'bad' }))
    const reply = await settled('bad')
    expect(reply.status).toBe(400)
    expect(statusOf(reply)).toMatchObject({
      complete: true,
      error: true,
      error_message: 'Unable to resolve field: nothing',
      results: null,
    })
  })

  it('knows a query for twenty minutes, and only in its project', async () => {
    await service.run(1, hogql('select 1', { async: true, client_query_id: 'q' }))
    await settled('q')
    now = start + 20 * 60_000 - 1
    expect(service.status(1, 'q').status).toBe(200)
    expect(service.status(2, 'q')).toEqual({
      status: 404,
      body: { type: 'invalid_request', code: 'not_found', detail: 'Query q not found for team 2', attr: null },
    })
    now += 1
    expect(service.status(1, 'q').status).toBe(404)
  })

  it('keeps as many results as fit, and forgets first what ended first', async () => {
    // Some 60 MB each, of which two fit.
    const wide = "select arrayMap(i -> repeat('x', 1000000), range(60)) as a"
    for (const id of ['first', 'second', 'small', 'third']) {
      await service.run(1, hogql(id === 'small' ? 'select 1' : wide, { async: true, client_query_id: id }))
      expect((await settled(id)).status).toBe(200)
    }
    const statuses = ['first', 'second', 'small', 'third'].map((id) => service.status(1, id).status)
    expect(statuses).toEqual([404, 200, 200, 200])
  })

  it('can be cancelled', async () => {
    await service.run(1, hogql(endless, { async: true, client_query_id: 'long' }))
    expect(service.cancel(1, 'long', true)).toEqual({
      status: 200,
      body: { message: 'Only tried to dequeue, not cancelling query on clickhouse' },
    })
    expect(service.status(1, 'long').status).toBe(202)
    expect(service.cancel(2, 'long')).toEqual({ status: 200, body: { message: 'Cancelled query on clickhouse' } })
    expect(service.status(1, 'long').status).toBe(202)
    expect(service.cancel(1, 'long')).toEqual({ status: 200, body: { message: 'Cancelled query on clickhouse' } })
    expect(statusOf(await settled('long'))).toMatchObject({
      complete: true,
      error: true,
      error_message: 'The query was cancelled',
    })
    expect(service.cancel(1, 'long')).toEqual({ status: 200, body: { message: 'Query already complete' } })
  })

  it('cancels a query its caller waits for by the id it gave, and by hanging up', async () => {
    const waiting = service.run(1, hogql(endless, { client_query_id: 'w' }))
    service.cancel(1, 'w')
    const cancelled = {
      status: 400,
      body: { type: 'validation_error', code: 'query_was_cancelled', detail: 'The query was cancelled', attr: null },
    }
    expect(await waiting).toEqual(cancelled)
    const line = new AbortController()
    const second = service.run(1, hogql(endless), line.signal)
    line.abort()
    expect(await second).toEqual(cancelled)
    expect(service.cancel(1, 'never-seen').status).toBe(200)
  })
})

describe('DatabaseSchemaQuery', () => {
  it('describes built-in tables, tables and views, whatever refresh says', async () => {
    const reply = await service.run(1, { query: { kind: 'DatabaseSchemaQuery' }, refresh: 'force_async' })
    expect(reply.status).toBe(200)
    const field = (name: string, type: string, rest = {}) => ({
      name,
      hogql_value: name,
      type,
      schema_valid: true,
      table: null,
      fields: null,
      chain: null,
      id: null,
      ...rest,
    })
    expect(reply.body).toMatchObject({
      tables: {
        events: {
          id: 'events',
          name: 'events',
          type: 'posthog',
          row_count: null,
          fields: {
            properties: field('properties', 'json'),
            timestamp: field('timestamp', 'datetime'),
            uuid: field('uuid', 'string'),
          },
        },
        persons: { type: 'posthog', fields: { is_identified: field('is_identified', 'boolean') } },
        'stripe.customer': {
          id: '0198bb00-0000-0000-0000-000000000001',
          type: 'data_warehouse',
          format: 'CSVWithNames',
          url_pattern: 'https://bucket/customers.csv',
          row_count: 3,
          fields: {
            id: field('id', 'integer'),
            'odd name': field('odd name', 'json', { hogql_value: '`odd name`', schema_valid: false }),
          },
        },
        daily: {
          type: 'materialized_view',
          query: { kind: 'HogQLQuery', query: 'select 1' },
          last_run_at: '2026-03-31T10:00:00Z',
          status: 'Completed',
          fields: { n: field('n', 'integer') },
        },
      },
      joins: [],
    })
  })
})
