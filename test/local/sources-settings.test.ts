import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { type Json, type Sources, startSources } from './sources-client.ts'

describe.skipIf(!hasPostgres())('settings of a source and its tables', () => {
  let db: Postgres
  let api: Sources
  let id: string
  let orders: Json

  beforeAll(async () => {
    db = await startPostgres()
    api = await startSources()
    await db.sql(`
      CREATE SCHEMA shop;
      CREATE TABLE shop.orders (id int PRIMARY KEY, total numeric(10,2), extra jsonb, updated_at timestamptz);
      INSERT INTO shop.orders VALUES (1, 2, '{}', '2024-01-01'), (2, 3, '{}', '2024-01-02');
      CREATE TABLE public.lines (n int, m int);
      CREATE TABLE public.plain (words text)`)
    const made = await api.call('POST', 'external_data_sources/', {
      source_type: 'Postgres',
      prefix: '_prod_',
      description: 'Main',
      created_via: 'mcp',
      payload: {
        ...db.login,
        password: `${db.login.password} `,
        ssh_tunnel: { enabled: false, host: null, port: null },
      },
    })
    id = String(made.body.id)
    orders = await api.settled(id, 'shop.orders')
  })

  afterAll(async () => {
    await api?.local.close()
    await db?.close()
  })

  const patch = (body: unknown) => api.call('PATCH', `external_data_sources/${id}/`, body)
  const set = (body: unknown, schema: Json = orders) =>
    api.call('PATCH', `external_data_schemas/${String(schema.id)}/`, body)
  const validation = (detail: unknown, attr: string | null = null, code = 'invalid_input') => ({
    status: 400,
    body: { type: 'validation_error', code, detail, attr },
  })

  it('switches everything on when no table was chosen, each in the way it can', async () => {
    await api.settled(id, 'public.lines')
    await api.settled(id, 'public.plain')
    const { schemas, ...source } = await api.source(id)
    expect(source).toEqual({
      id,
      created_at: expect.any(String),
      created_by: 'ada@example.com',
      created_via: 'mcp',
      status: 'Completed',
      source_type: 'Postgres',
      latest_error: null,
      prefix: '_prod_',
      description: 'Main',
      access_method: 'warehouse',
      direct_query_enabled: false,
      auto_sync_new_schemas: false,
      auto_sync_schema_patterns: null,
      engine: null,
      last_run_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
      job_inputs: {
        host: '127.0.0.1',
        port: String(db.login.port),
        database: 'shop',
        user: 'reader',
        schema: null,
        ssh_tunnel: {
          enabled: 'False',
          host: null,
          port: null,
          auth: { selection: null, username: null },
          require_tls: { enabled: true },
        },
      },
      revenue_analytics_config: { enabled: false, include_invoiceless_charges: true },
      user_access_level: 'manager',
      supports_webhooks: false,
      supports_column_selection: true,
      api_version: 'v1',
      api_version_deprecation: null,
    })
    expect(schemas).toMatchObject([
      { name: 'public.lines', sync_type: 'append', incremental_field: 'n', primary_key_columns: null },
      { name: 'public.plain', sync_type: 'full_refresh', incremental_field: null },
      { name: 'shop.orders', sync_type: 'incremental', incremental_field: 'updated_at', primary_key_columns: ['id'] },
    ])
  })

  it('shows a table with all of its settings', async () => {
    const alone = await api.call('GET', `external_data_schemas/${String(orders.id)}/`)
    expect(alone.body).toEqual({
      id: orders.id,
      name: 'shop.orders',
      label: null,
      table: {
        id: expect.any(String),
        name: 'prod_postgres_shop_orders',
        hogql_name: 'postgres.prod.shop.orders',
        columns: [
          ['id', 'integer'],
          ['total', 'decimal'],
          ['extra', 'string'],
          ['updated_at', 'datetime'],
        ].map(([name, type]) => ({
          key: name,
          name,
          type,
          schema_valid: true,
          fields: null,
          table: null,
          chain: null,
        })),
        row_count: 2,
        user_access_level: 'manager',
      },
      should_sync: true,
      last_synced_at: expect.any(String),
      latest_error: null,
      incremental: true,
      status: 'Completed',
      sync_type: 'incremental',
      incremental_field: 'updated_at',
      incremental_field_type: 'timestamp',
      incremental_field_lookback_seconds: null,
      sync_frequency: '6hour',
      sync_time_of_day: null,
      full_refresh_interval_days: null,
      full_refresh_time_of_day: null,
      next_full_refresh_at: null,
      description: null,
      primary_key_columns: ['id'],
      cdc_table_mode: 'consolidated',
      incremental_sync_blocked: null,
      enabled_columns: null,
      row_filters: null,
      row_filter_columns: null,
      available_columns: [
        { name: 'id', data_type: 'integer', is_nullable: false },
        { name: 'total', data_type: 'numeric', is_nullable: true },
        { name: 'extra', data_type: 'jsonb', is_nullable: true },
        { name: 'updated_at', data_type: 'timestamp with time zone', is_nullable: true },
      ],
      source_column_metadata_available: true,
      source: {
        id,
        source_type: 'Postgres',
        access_method: 'warehouse',
        supports_column_selection: true,
        supports_row_filters: true,
        requires_exact_column_metadata: false,
        user_access_level: 'manager',
        api_version: 'v1',
        supported_api_versions: ['v1'],
      },
      api_version: null,
      api_version_deprecation: null,
      user_access_level: 'manager',
    })
    const listed = await api.call('GET', 'external_data_schemas/?search=orders')
    expect(listed.body).toMatchObject({ count: 1, results: [{ id: orders.id, source: null }] })
    const trimmed = await api.call('GET', 'external_data_sources/?search=postgres%20prod')
    expect(trimmed.body).toMatchObject({ count: 1, results: [{ id }] })
    expect(trimmed.body.results?.[0]?.schemas?.[2]).toEqual({
      id: orders.id,
      name: 'shop.orders',
      label: null,
      should_sync: true,
      status: 'Completed',
      sync_type: 'incremental',
      last_synced_at: expect.any(String),
      sync_frequency: '6hour',
      latest_error: null,
      table: { id: expect.any(String), name: 'prod_postgres_shop_orders', row_count: 2 },
    })
    expect((await api.call('GET', 'external_data_sources/?search=nothing')).body).toMatchObject({ count: 0 })
  })

  test.each([
    [{ access_method: 'direct' }, 'Access method cannot be changed. Create a new source instead.', null],
    [
      { job_inputs: { host: 'evil.example' } },
      'Changing the connection host requires re-entering your credentials.',
      null,
    ],
    [
      { job_inputs: { ssh_tunnel: { enabled: true, host: 'b', port: 22 } } },
      'Changing the SSH tunnel requires re-entering your database credentials.',
      null,
    ],
    [{ job_inputs: { auth_method: 'invalid' } }, 'Must be an object.', 'job_inputs__auth_method'],
    [{ job_inputs: { port: 'x' } }, "Invalid source config: Field 'port' has an invalid value", null],
  ])('refuses the source %j', async (body, detail, attr) => {
    expect(await patch(body)).toMatchObject(validation(detail, attr))
  })

  it('takes what it may, and leaves the prefix and the secret alone', async () => {
    const { body } = await api.call('GET', `external_data_sources/${id}/`)
    const back = await patch({
      prefix: 'other',
      description: 'Changed',
      source_type: 'Stripe',
      job_inputs: body.job_inputs,
    })
    expect(back).toMatchObject({
      status: 200,
      body: { prefix: '_prod_', description: 'Changed', source_type: 'Postgres', job_inputs: body.job_inputs },
    })
    const blank = await patch({ job_inputs: { password: '' } })
    expect(blank.status).toBe(200)
    const fields = await api.call('POST', `external_data_schemas/${String(orders.id)}/incremental_fields/`)
    expect(fields).toMatchObject({
      status: 200,
      body: {
        incremental_fields: [{ field: 'updated_at' }, { field: 'id' }],
        full_refresh_available: true,
        detected_primary_keys: ['id'],
      },
    })
    expect(await api.call('PUT', `external_data_sources/${id}/`, {})).toMatchObject(
      validation('This field is required.', 'client_secret', 'required'),
    )
    const revenue = { enabled: true, include_invoiceless_charges: false }
    expect(
      (await api.call('PATCH', `external_data_sources/${id}/revenue_analytics_config/`, revenue)).body
        .revenue_analytics_config,
    ).toEqual(revenue)
    expect(
      await api.call('PATCH', `external_data_sources/${id}/revenue_analytics_config/`, { enabled: 'perhaps' }),
    ).toMatchObject(validation('Must be a valid boolean.', 'enabled'))
  })

  it('keeps a type and prefix for one source', async () => {
    const text =
      "Another source of this type already uses the prefix 'prod'. Choose a different prefix so this connection's tables don't clash."
    const ask = { source_type: 'Postgres', prefix: 'prod' }
    expect(await api.call('POST', 'external_data_sources/source_prefix/', ask)).toMatchObject({
      status: 400,
      body: { message: text },
    })
    expect(await api.call('POST', 'external_data_sources/', { ...ask, payload: {} })).toMatchObject({
      status: 400,
      body: { message: text },
    })
  })

  test.each([
    [false, "The 'schemas' field must be a list of the tables to sync."],
    [[{ name: 'nope' }], 'Schemas given do not exist in source'],
    [
      [{ name: 'shop.orders', sync_type: 'hourly' }],
      'Unknown sync type: hourly. Use one of: full_refresh, incremental, append, webhook, cdc, xmin.',
    ],
    [
      [{ name: 'shop.orders', sync_type: 'cdc' }],
      'CDC must be enabled on the source before selecting it as a sync type. The following schemas requested CDC: shop.orders.',
    ],
    [
      [{ name: 'shop.orders', sync_type: 'xmin' }],
      'The local warehouse cannot sync by xmin; PostHog might. Use full_refresh, incremental or append.',
    ],
    [
      [{ name: 'shop.orders', should_sync: true, sync_type: 'incremental' }],
      'Incremental schemas given do not have an incremental field set',
    ],
    [
      [{ name: 'shop.orders', should_sync: true, sync_type: 'append', incremental_field: 'id' }],
      'Incremental schemas given do not have an incremental field type set',
    ],
    [
      [
        {
          name: 'public.lines',
          should_sync: true,
          sync_type: 'incremental',
          incremental_field: 'n',
          incremental_field_type: 'integer',
        },
      ],
      "Table 'public.lines' has no primary key to sync incrementally on. Choose a primary key for it, or switch it to full table replication.",
    ],
    [
      [{ name: 'shop.orders', row_filters: [{ column: 'x', operator: '>', value: 1 }] }],
      "Invalid row filter for schema 'shop.orders': Unknown column 'x' for this schema",
    ],
    [
      [{ name: 'shop.orders', incremental_field_lookback_seconds: 5_184_001 }],
      "incremental_field_lookback_seconds must be an integer between 0 and 5184000 (60 days) for schema 'shop.orders'.",
    ],
  ])('will not create with the tables %j', async (schemas, text) => {
    const payload = { ...db.login, schemas }
    expect(await api.call('POST', 'external_data_sources/', { source_type: 'Postgres', payload })).toMatchObject({
      status: 400,
      body: { message: text },
    })
    expect((await api.call('GET', 'external_data_sources/')).body.count).toBe(1)
  })

  test.each<[unknown, unknown, string | null]>([
    [
      { sync_frequency: '1min' },
      '"1min" is not a valid sync frequency. The fastest sync frequency is 5 minutes.',
      'sync_frequency',
    ],
    [
      { sync_frequency: 'never' },
      '"never" is not a sync frequency. To stop syncing this table, set should_sync to false.',
      'sync_frequency',
    ],
    [{ should_sync: true, sync_type: null }, 'Sync type must be set up first before enabling schema', null],
    [{ primary_key_columns: ['zip'] }, "'shop.orders' has no column named zip to merge on.", null],
    [
      { primary_key_columns: ['total'] },
      'Primary key cannot be changed after data has been synced. Delete the synced data first, then change the primary key.',
      null,
    ],
    [{ sync_type: 'cdc' }, 'CDC is not enabled for this team', null],
    [
      { enabled_columns: ['x'] },
      "Unknown columns in enabled_columns: ['x']. Run `Pull new schemas` to refresh available columns.",
      null,
    ],
    [
      { row_filters: [{ column: 'id', operator: '>', value: 'abc' }] },
      "Invalid row filter: Expected an integer value, got 'abc'",
      null,
    ],
    [
      { row_filters: [{ column: 'extra', operator: '=', value: '{}' }] },
      expect.stringMatching(/^Invalid row filter: Unsupported operator/),
      null,
    ],
    [
      { row_filters: [{ column: 'id', operator: 'IN', value: [] }] },
      'Invalid row filter: IN operator requires at least one value',
      null,
    ],
    [
      { row_filters: Array.from({ length: 21 }, () => ({ column: 'id', operator: '=', value: 1 })) },
      'Invalid row filter: Too many row filters (max 20)',
      null,
    ],
    [
      { sync_type: 'full_refresh', full_refresh_interval_days: 7 },
      expect.stringMatching(
        /^Scheduled full refreshes are only available for incremental, append only, and xmin syncs\./,
      ),
      'full_refresh_interval_days',
    ],
    [
      { sync_frequency: '30day', full_refresh_interval_days: 7 },
      expect.stringMatching(/^A full refresh runs on a scheduled sync/),
      'full_refresh_interval_days',
    ],
    [{ api_version: 'x' }, "'x' is not a supported Postgres API version. Supported versions: v1", 'api_version'],
    [{ sync_time_of_day: '25:00:00' }, 'Invalid sync time of day', null],
  ])('refuses the table %j', async (body, detail, attr) => {
    expect(await set(body)).toMatchObject(validation(detail, attr))
    expect(await api.schema(id, 'shop.orders')).toMatchObject({
      sync_frequency: '6hour',
      sync_type: 'incremental',
      primary_key_columns: ['id'],
      row_filters: null,
    })
  })

  it('wants the way of syncing beside a cursor that it does not use', async () => {
    const plain = await api.schema(id, 'public.plain')
    expect(await set({ incremental_field: 'words' }, plain)).toMatchObject(
      validation(
        'incremental_field cannot be applied to a schema with sync type full_refresh on its own. Include sync_type in the same request to change the sync type.',
      ),
    )
    expect(await set({ sync_type: 'incremental' }, plain)).toMatchObject(
      validation(
        "'public.plain' has no primary key to sync incrementally on. Choose a primary key for it, or switch it to full table replication.",
      ),
    )
  })

  it('keeps the settings it is given', async () => {
    const given = {
      sync_frequency: '24hour',
      sync_time_of_day: '03:00:00',
      incremental_field_lookback_seconds: 3_600,
      full_refresh_interval_days: 7,
      enabled_columns: ['total'],
      row_filters: [{ column: 'total', operator: '>', value: 0 }],
    }
    expect(await set(given)).toMatchObject({
      status: 200,
      body: { ...given, next_full_refresh_at: expect.any(String) },
    })
    expect(await set({ sync_frequency: null })).toMatchObject({ status: 200, body: { sync_frequency: '24hour' } })
    await api.call('POST', `external_data_schemas/${String(orders.id)}/resync/`)
    expect(await api.settled(id, 'shop.orders')).toMatchObject({ status: 'Completed' })
    expect(await api.rows('SELECT * FROM postgres.prod.shop.orders ORDER BY id')).toEqual([
      [1, 2, '2024-01-01T00:00:00.000000Z'],
      [2, 3, '2024-01-02T00:00:00.000000Z'],
    ])
  })

  it('pages jobs by time', async () => {
    const jobs = `external_data_sources/${id}/jobs/`
    expect(await api.call('GET', `${jobs}?after=yesterday-ish`)).toMatchObject(
      validation('after and before must be ISO 8601 timestamps.'),
    )
    const all = (await api.call('GET', `${jobs}?schemas=shop.orders&schemas=public.plain`)).body
    expect(all).toMatchObject([
      { schema: { name: 'shop.orders' } },
      { schema: { name: expect.any(String) } },
      { schema: { name: expect.any(String) } },
    ])
    const newest = encodeURIComponent(String(all[0]?.created_at))
    expect((await api.call('GET', `${jobs}?before=${newest}`)).body).toHaveLength(3)
    expect((await api.call('GET', `${jobs}?after=${newest}`)).body).toEqual([])
    expect((await api.call('GET', `${jobs}?schemas=shop.orders,public.plain`)).body).toEqual([])
  })

  it('removes a table and finds it again', async () => {
    const plain = await api.schema(id, 'public.plain')
    expect((await api.call('DELETE', `external_data_schemas/${String(plain.id)}/`)).status).toBe(204)
    expect(await api.rows('SELECT 1 FROM prod_postgres_public_plain')).toMatchObject({ code: expect.any(String) })
    const again = await api.call('POST', `external_data_sources/${id}/refresh_schemas/`)
    expect(again.body).toMatchObject({ added: 1 })
    expect(await api.schema(id, 'public.plain')).toMatchObject({
      should_sync: false,
      sync_type: 'full_refresh',
      table: null,
      status: null,
    })
  })
})
