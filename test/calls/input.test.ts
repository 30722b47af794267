import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Recorder, startRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'

let posthog: Recorder
let mcp: Connection
beforeAll(async () => {
  posthog = await startRecorder()
  mcp = await connectMcp({ origin: posthog.origin })
})
afterAll(async () => {
  await mcp.close()
  await posthog.close()
})

const call = async (tool: string, args: Record<string, unknown>) => {
  posthog.script(({ method }) => ({
    status: method === 'GET' ? 200 : 201,
    json: { count: 0, next: null, results: [], ancestors: [] },
  }))
  const { isError = false, content } = await mcp.call(tool, args)
  return { isError, text: content[0]?.text ?? '' }
}

describe('what a model wrote is read as it was meant', () => {
  const json = { name: 'orders', sync_type: 'full_refresh', should_sync: true }
  test.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'an object and a list as text',
      'external_data_sources_create',
      {
        source_type: 'Postgres',
        payload: '{"host":"db.acme.com","port":"5432"}',
        schemas: '[{"name":"orders","sync_type":"full_refresh"}]',
      },
      { source_type: 'Postgres', created_via: 'mcp', payload: { host: 'db.acme.com', port: '5432', schemas: [json] } },
    ],
    [
      'text inside an object that was text',
      'external_data_sources_create',
      {
        source_type: 'Postgres',
        payload: {},
        schemas: '[{"name":"orders","sync_type":"incremental","incremental_field_lookback_seconds":"60"}]',
      },
      {
        source_type: 'Postgres',
        created_via: 'mcp',
        payload: {
          schemas: [
            { name: 'orders', sync_type: 'incremental', incremental_field_lookback_seconds: 60, should_sync: true },
          ],
        },
      },
    ],
    ['a boolean as text', 'warehouse_saved_queries_run', { id: ID, full_refresh: 'true' }, { full_refresh: true }],
    ['a number as text', 'warehouse_saved_queries_ancestors', { id: ID, level: '3' }, { level: 3 }],
    ['null for an optional input', 'warehouse_saved_queries_ancestors', { id: ID, level: null }, {}],
    [
      'null for both projects',
      'warehouse_saved_queries_run',
      { id: ID, full_refresh: null, project_id: null, environment_id: null },
      {},
    ],
    [
      'text that looks like something else stays text',
      'file_system_create',
      { path: '2026', ref: 'true', type: '[]' },
      { path: '2026', ref: 'true', type: '[]' },
    ],
  ])('%s', async (_case, tool, args, body) => {
    expect(await call(tool, args)).toMatchObject({ isError: false })
    expect(posthog.requests.at(-1)?.json).toEqual(body)
  })

  test.each([
    ['text', 'select 1 as one'],
    ['the query object', { kind: 'HogQLQuery', query: 'select 1 as one' }],
    ['the query object as text', '{"kind":"HogQLQuery","query":"select 1 as one"}'],
  ])('SQL as %s', async (_case, query) => {
    await call('warehouse_saved_queries_create', { name: 'a', query })
    expect(posthog.requests.at(-1)?.json).toEqual({
      name: 'a',
      query: { kind: 'HogQLQuery', query: 'select 1 as one' },
    })
  })

  test('a number as text that picks from numbers', async () => {
    await call('data_warehouse_job_stats', { days: '30' })
    expect(posthog.requests[0]?.query).toEqual([['days', '30']])
  })

  test('a project as text', async () => {
    await call('warehouse_tables_list', { project_id: '12' })
    expect(posthog.requests[0]?.path).toBe('/api/projects/12/warehouse_tables/')
  })
})

describe('what cannot be meant is refused before anything is sent', () => {
  const source = { source_type: 'Stripe', payload: {} }
  test.each<[string, string, Record<string, unknown>, RegExp]>([
    [
      'deleted by the back door',
      'warehouse_tables_update',
      { id: ID, deleted: true },
      /deleted is not an input: Hides even a synced table.*use warehouse_tables_delete/,
    ],
    [
      'a view deleted by the back door',
      'warehouse_saved_queries_update',
      { id: ID, deleted: true },
      /deleted is not an input: .*warehouse_saved_queries_delete/,
    ],
    [
      'the switch that makes a create edit what the list hides',
      'warehouse_saved_queries_create',
      { name: 'a', query: 'select 1', soft_update: true },
      /soft_update is not an input: Switches off the check that keeps a create from editing a view which the list hides/,
    ],
    ...[
      'warehouse_tables_update',
      'warehouse_saved_queries_update',
      'external_data_sources_update',
      'external_data_sources_revenue_analytics_config',
      'file_system_update',
    ].map((tool): [string, string, Record<string, unknown>, RegExp] => [
      `${tool} of nothing`,
      tool,
      { id: ID, project_id: 7 },
      /name at least one field to change/,
    ]),
    [
      'an update of nothing but null',
      'warehouse_tables_update',
      { id: ID, name: null },
      /name at least one field to change/,
    ],
    [
      'an unknown name',
      'warehouse_tables_list',
      { serach: 'x' },
      /serach is not an input[\s\S]*Inputs: search, limit, offset, project_id, environment_id/,
    ],
    [
      'several wrong inputs, all named',
      'warehouse_tables_create',
      { name: '', format: 'XLS', url_pattern: 'https://x', colour: 'red' },
      /(?=[\s\S]*name)(?=[\s\S]*format)(?=[\s\S]*credential)(?=[\s\S]*colour is not an input)/,
    ],
    [
      'both projects',
      'warehouse_tables_list',
      { project_id: 1, environment_id: 1 },
      /project_id and environment_id were both given.*\n[\s\S]*Give only project_id/,
    ],
    ['a name for an id', 'warehouse_tables_get', { id: 'orders' }, /id: must be an id \(UUID\), not a name/],
    [
      'a name among ids',
      'warehouse_saved_queries_resume_schedules',
      { view_ids: ['a'] },
      /view_ids\[0\]: must be an id/,
    ],
    ['a missing id', 'warehouse_tables_get', {}, /id.*\n[\s\S]*Inputs: id \(required\)/],
    [
      'types of no column',
      'warehouse_tables_update_schema',
      { id: ID, updates: {} },
      /updates: name at least one column/,
    ],
    ['broken JSON', 'external_data_sources_database_schema', { ...source, payload: '{"host":' }, /payload: /],
    ['text for a number', 'warehouse_tables_list', { limit: 'ten' }, /limit: /],
    ['a number out of bounds', 'data_warehouse_running_activity', { limit: 0 }, /limit: /],
    ['tables that were not chosen', 'external_data_sources_create', source, /all_tables: true, which bills every one/],
    [
      'tables in the wrong place',
      'external_data_sources_create',
      { ...source, payload: { schemas: [] }, all_tables: true },
      /payload: must not hold schemas/,
    ],
    [
      'a prefix no create takes',
      'external_data_sources_source_prefix',
      { source_type: 'Stripe', prefix: '1-a' },
      /prefix: letters, digits and _ only/,
    ],
    [
      'SQL without its token',
      'warehouse_saved_queries_update',
      { id: ID, query: 'select 1' },
      /edited_history_id: is needed with query: take latest_history_id/,
    ],
    [
      'a warehouse name with an underscore',
      'data_warehouse_check_database_name',
      { name: 'my_db' },
      /name: Warehouse name must be a DNS label/,
    ],
    ['meta that would break every later list', 'file_system_create', { path: 'a', meta: [1] }, /meta: /],
  ])('%s', async (_case, tool, args, says) => {
    const { isError, text } = await call(tool, args)
    expect(isError).toBe(true)
    expect(text).toMatch(says)
    expect(text).toContain('Nothing was changed.')
    expect(posthog.requests).toHaveLength(0)
  })
})

test('a free display name is a good prefix of a direct source', async () => {
  const { isError } = await call('external_data_sources_source_prefix', {
    source_type: 'Postgres',
    prefix: 'My 1st DB!',
    access_method: 'direct',
  })
  expect(isError).toBe(false)
})
