import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { type Sources, startSources } from './sources-client.ts'

const ROWS = 1_000_000

const awkward = `
  CREATE TABLE "Weird.Näme" (
    "Id" int PRIMARY KEY, "a.b" numeric(10,2), free numeric, j jsonb, words text[], grid int[][],
    at timestamptz, plain timestamp, day date, raw bytea, f float8, ok bool, u uuid, "quo""te" text, big bigint);
  INSERT INTO "Weird.Näme" VALUES
    (1, 12345678.90, 12345678901234567890.123456789, '{"a": [1, null]}', ARRAY['x"y', NULL, 'ü'], '{{1,2},{3,4}}',
     '2024-01-01 12:00:00.123456+02', '2024-02-29 23:59:59.999999', '1950-05-06', '\\xDEADBEEF', 'NaN', true,
     '6c84fb90-12c4-11e1-840d-7b25c5ee775a', E'tab\\there, ''quote'' and \\\\ slash', 9223372036854775807),
    (2, NULL, NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, NULL, '-Infinity', false, NULL, NULL, -9223372036854775808)`

const bench = `
  CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84), amount numeric(12,2),
    updated_at timestamptz NOT NULL);
  INSERT INTO accounts SELECT g, g % 10, g % 1000, '', g / 100.0, '2024-01-01'::timestamptz + make_interval(secs => g)
    FROM generate_series(1, ${ROWS}) g;
  CREATE TABLE orders (id int PRIMARY KEY, total numeric(10,2), note text, updated_at timestamptz NOT NULL);
  INSERT INTO orders SELECT g, g * 1.5, 'note ' || g, '2024-01-01'::timestamptz + make_interval(mins => g)
    FROM generate_series(1, 100) g;
  CREATE TABLE history (hid bigserial, delta int);
  INSERT INTO history (delta) SELECT g FROM generate_series(1, 50) g;
  CREATE TABLE keyless (n int, n2 int);
  INSERT INTO keyless VALUES (1, 1), (1, 2)`

describe.skipIf(!hasPostgres())('a Postgres source', () => {
  let db: Postgres
  let api: Sources

  beforeAll(async () => {
    db = await startPostgres()
    api = await startSources({ admin: true })
    await db.sql(awkward)
    await db.sql(bench)
  })

  afterAll(async () => {
    await api?.local.close()
    await db?.close()
  })

  const payload = (schemas?: unknown) => ({
    ...db.login,
    schema: 'public',
    ...(schemas === undefined ? {} : { schemas }),
  })

  const connect = async (prefix: string, schemas: unknown): Promise<string> => {
    const made = await api.call('POST', 'external_data_sources/', {
      source_type: 'Postgres',
      prefix,
      payload: payload(schemas),
    })
    expect(made).toMatchObject({ status: 201, body: { id: expect.any(String) } })
    return String(made.body.id)
  }

  const change = (schema: unknown, body: unknown) => api.call('PATCH', `external_data_schemas/${String(schema)}/`, body)
  const act = (schema: unknown, action: string) =>
    api.call('POST', `external_data_schemas/${String(schema)}/${action}/`)

  it('discovers tables with what each can do', async () => {
    const answer = await api.call('POST', 'external_data_sources/database_schema/', {
      source_type: 'Postgres',
      ...db.login,
      schema: 'public',
    })
    expect(answer.status).toBe(200)
    const tables: unknown = answer.body
    expect((tables as { table: string }[]).map(({ table }) => table)).toEqual([
      'Weird.Näme',
      'accounts',
      'history',
      'keyless',
      'orders',
    ])
    expect((tables as { table: string }[]).find(({ table }) => table === 'orders')).toMatchObject({
      table: 'orders',
      label: null,
      should_sync: false,
      incremental_fields: [
        {
          label: 'updated_at',
          type: 'timestamp',
          field: 'updated_at',
          field_type: 'timestamp',
          nullable: false,
          is_indexed: false,
        },
        { label: 'id', type: 'integer', field: 'id', field_type: 'integer', nullable: false, is_indexed: true },
      ],
      incremental_available: true,
      append_available: true,
      cdc_available: null,
      xmin_available: true,
      incremental_field: 'updated_at',
      sync_type: null,
      supports_webhooks: false,
      webhook_only: false,
      should_sync_default: true,
      available_columns: [
        { field: 'id', label: 'id', type: 'integer', nullable: false },
        { field: 'total', label: 'total', type: 'numeric', nullable: true },
        { field: 'note', label: 'note', type: 'text', nullable: true },
        { field: 'updated_at', label: 'updated_at', type: 'timestamp with time zone', nullable: false },
      ],
      detected_primary_keys: ['id'],
      primary_key_detection_supported: true,
      permission_error: null,
      rls_warning: null,
    })
  })

  it('keeps every awkward type and name, and says what a table is', async () => {
    const id = await connect('odd_', [{ name: 'Weird.Näme', should_sync: true, sync_type: 'full_refresh' }])
    const schema = await api.settled(id, 'Weird.Näme')
    expect(schema).toMatchObject({
      status: 'Completed',
      latest_error: null,
      table: { name: 'odd_postgres_weird_näme', hogql_name: 'postgres.odd.weird.näme', row_count: 2 },
    })
    const select = `"Id", toString("a.b"), toString(free), j, words, grid, at, plain, day, raw, toString(f), ok, u, \`quo"te\`, big`
    expect(await api.rows(`SELECT ${select} FROM \`odd_postgres_weird_näme\` ORDER BY "Id"`)).toEqual([
      [
        1,
        '12345678.9',
        '12345678901234567890.123456789',
        '{"a": [1, null]}',
        '["x\\"y",null,"ü"]',
        '[[1,2],[3,4]]',
        '2024-01-01T10:00:00.123456Z',
        '2024-02-29T23:59:59.999999Z',
        '1950-05-06',
        'deadbeef',
        'nan',
        true,
        '6c84fb90-12c4-11e1-840d-7b25c5ee775a',
        "tab\there, 'quote' and \\ slash",
        '9223372036854775807',
      ],
      [2, null, null, null, null, null, null, null, null, null, '-inf', false, null, null, '-9223372036854775808'],
    ])
    expect(await api.rows('SELECT count() FROM postgres.odd.weird.`näme`')).toEqual([[2]])
  })

  it('reads a million rows whole', { timeout: 120_000 }, async () => {
    const id = await connect('whole', [{ name: 'accounts', should_sync: true, sync_type: 'full_refresh' }])
    await api.settled(id, 'accounts')
    const sql = 'SELECT count(), sum(aid), sum(abalance), toString(sum(amount)), min(updated_at), max(updated_at)'
    expect(await api.rows(`${sql} FROM postgres.whole.accounts`)).toEqual([
      [ROWS, 500_000_500_000, 499_500_000, '5000005000', '2024-01-01T00:00:01.000000Z', '2024-01-12T13:46:40.000000Z'],
    ])
    expect(
      await api.rows(
        'SELECT aid, bid, abalance, toString(amount) FROM postgres.whole.accounts WHERE aid IN (1, 777777)',
      ),
    ).toEqual(
      expect.arrayContaining([
        [1, 1, 1, '0.01'],
        [777_777, 7, 777, '7777.77'],
      ]),
    )
    const jobs = await api.call('GET', `external_data_sources/${id}/jobs/?schemas=accounts`)
    expect(jobs.body).toMatchObject([
      { status: 'Completed', rows_synced: ROWS, latest_error: null, schema: { name: 'accounts' }, billable: true },
    ])
  })

  it('merges what changed, and only that', async () => {
    const id = await connect('inc', [
      {
        name: 'orders',
        should_sync: true,
        sync_type: 'incremental',
        incremental_field: 'updated_at',
        incremental_field_type: 'timestamp',
      },
    ])
    const first = await api.settled(id, 'orders')
    expect(first).toMatchObject({ incremental: true, primary_key_columns: ['id'], table: { row_count: 100 } })
    await db.sql(`
      UPDATE orders SET note = 'changed', updated_at = '2024-06-01' WHERE id IN (3, 5);
      UPDATE orders SET note = 'changed without trace' WHERE id = 7;
      INSERT INTO orders VALUES (101, 1, 'new', '2024-06-02');
      ALTER TABLE orders ADD COLUMN extra text DEFAULT 'e'`)
    await act(first.id, 'reload')
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', table: { row_count: 101 } })
    expect(
      await api.rows('SELECT id, note, extra FROM postgres.inc.orders WHERE id IN (3, 4, 5, 7, 101) ORDER BY id'),
    ).toEqual([
      [3, 'changed', 'e'],
      [4, 'note 4', null],
      [5, 'changed', 'e'],
      [7, 'note 7', null],
      [101, 'new', 'e'],
    ])
    const jobs = await api.call('GET', `external_data_sources/${id}/jobs/`)
    // The row that carries the cursor is read again, because others may have come with the same time.
    expect(jobs.body).toMatchObject([{ rows_synced: 4 }, { rows_synced: 100 }])
  })

  it('adds rows to a table without keys', async () => {
    const id = await connect('app', [
      {
        name: 'history',
        should_sync: true,
        sync_type: 'append',
        incremental_field: 'hid',
        incremental_field_type: 'integer',
      },
    ])
    const first = await api.settled(id, 'history')
    await db.sql('INSERT INTO history (delta) VALUES (1000), (2000)')
    await act(first.id, 'reload')
    expect(await api.settled(id, 'history')).toMatchObject({ status: 'Completed', table: { row_count: 52 } })
    expect(await api.rows('SELECT count(), sum(delta), max(hid) FROM postgres.app.history')).toEqual([[52, 4275, 52]])
  })

  it('will not merge by a key that several rows share', async () => {
    const id = await connect('dup', [
      {
        name: 'keyless',
        should_sync: true,
        sync_type: 'incremental',
        incremental_field: 'n2',
        incremental_field_type: 'integer',
        primary_key_columns: ['n'],
      },
    ])
    expect(await api.settled(id, 'keyless')).toMatchObject({
      status: 'Failed',
      should_sync: false,
      incremental_sync_blocked: 'duplicate_primary_key',
      table: null,
    })
  })

  it('takes the columns and rows it was told to', async () => {
    const id = await connect('part', [
      {
        name: 'orders',
        should_sync: true,
        sync_type: 'full_refresh',
        enabled_columns: ['note'],
        row_filters: [
          { column: 'id', operator: '<=', value: 4 },
          { column: 'note', operator: 'not in', value: "'note 1', 'it''s'" },
        ],
      },
    ])
    await api.settled(id, 'orders')
    expect(await api.rows('SELECT * FROM postgres.part.orders ORDER BY id')).toEqual([
      [2, 'note 2'],
      [3, 'changed'],
      [4, 'note 4'],
    ])
  })

  it('shows a synced table among the tables, and keeps hands off it', async () => {
    const id = await connect('tab', [{ name: 'history', should_sync: true, sync_type: 'full_refresh' }])
    const schema = await api.settled(id, 'history')
    const path = `warehouse_tables/${String(schema.table?.id)}/`
    expect(await api.call('GET', path)).toMatchObject({
      status: 200,
      body: {
        name: 'tab_postgres_history',
        hogql_name: 'postgres.tab.history',
        created_via: 'source',
        credential: null,
        external_data_source: { id, status: 'Completed', source_type: 'Postgres' },
        external_schema: { name: 'history', should_sync: true, sync_type: 'full_refresh' },
      },
    })
    expect(await api.call('DELETE', path)).toMatchObject({
      status: 400,
      body: { message: "Can't delete a sourced table" },
    })
    expect((await api.call('POST', `${path}update_schema/`, { updates: { hid: 'float' } })).status).toBe(403)
    expect((await api.call('POST', `${path}refresh_schema/`)).status).toBe(200)
    expect(await api.rows('SELECT count() FROM tab_postgres_history')).toEqual([[52]])
  })

  it('syncs again when it is due', async () => {
    const id = await connect('due', [{ name: 'history', should_sync: true, sync_type: 'full_refresh' }])
    const schema = await api.settled(id, 'history')
    await change(schema.id, { sync_frequency: '1hour' })
    const runs = async () => {
      const { body } = await api.call('GET', `external_data_sources/${id}/jobs/`)
      return (body as unknown as readonly unknown[]).length
    }
    await fetch(`${api.local.origin}/_admin/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'X-Admin-Token': api.local.adminToken ?? '' },
      body: JSON.stringify({ advance_ms: 3_600_000 }),
    })
    expect(await runs()).toBe(2)
    await api.settled(id, 'history')
  })

  it('switches a table off when its password is wrong, and masks the password', async () => {
    const id = await connect('pwd', [{ name: 'history', should_sync: true, sync_type: 'full_refresh' }])
    const schema = await api.settled(id, 'history')
    await db.sql("ALTER ROLE reader PASSWORD 'another-word'")
    await api.call('POST', `external_data_sources/${id}/reload/`)
    expect(await api.settled(id, 'history')).toMatchObject({
      status: 'Failed',
      should_sync: false,
      latest_error: 'password authentication failed for user "reader"',
      last_synced_at: schema.last_synced_at,
      table: { row_count: 52 },
    })
    expect((await api.source(id)).latest_error).toBe('password authentication failed for user "reader"')
    const wrong = await api.call('PATCH', `external_data_sources/${id}/`, { job_inputs: { password: 'still-wrong' } })
    expect(wrong).toMatchObject({
      status: 400,
      body: {
        type: 'validation_error',
        detail:
          'The database rejected the username or password. Check the user and password for this source and try again.',
      },
    })
    const right = await api.call('PATCH', `external_data_sources/${id}/`, { job_inputs: { password: 'another-word' } })
    expect(right.status).toBe(200)
    expect(JSON.stringify(right.body)).not.toContain('another-word')
    expect(right.body.job_inputs).toEqual({
      host: '127.0.0.1',
      port: String(db.login.port),
      database: 'shop',
      user: 'reader',
      schema: 'public',
      ssh_tunnel: null,
    })
    await change(schema.id, { should_sync: true })
    await act(schema.id, 'reload')
    expect(await api.settled(id, 'history')).toMatchObject({ status: 'Completed', latest_error: null })
    await db.sql("ALTER ROLE reader PASSWORD 'pa55-word'")
  })

  it('ends a sync that is cancelled half-way, and keeps the rows of before', { timeout: 120_000 }, async () => {
    const id = await connect('stop', [{ name: 'accounts', should_sync: true, sync_type: 'full_refresh' }])
    const schema = await api.schema(id, 'accounts')
    expect(await act(schema.id, 'cancel')).toMatchObject({ status: 200, body: null })
    expect(await api.schema(id, 'accounts')).toMatchObject({
      status: 'Failed',
      latest_error: 'Sync cancelled by user',
      should_sync: true,
      table: null,
    })
    expect(await act(schema.id, 'cancel')).toMatchObject({
      status: 400,
      body: { detail: 'No running sync to cancel.' },
    })
    // A resync ends what runs and starts over.
    await act(schema.id, 'reload')
    await act(schema.id, 'resync')
    expect(await api.settled(id, 'accounts')).toMatchObject({ status: 'Completed', table: { row_count: ROWS } })
    const jobs = await api.call('GET', `external_data_sources/${id}/jobs/`)
    expect(jobs.body).toMatchObject([
      { status: 'Completed' },
      { status: 'Failed', latest_error: 'Sync cancelled by user' },
      { status: 'Failed', latest_error: 'Sync cancelled by user' },
    ])
    // Then half-way through a rebuild: what was there goes on serving.
    await act(schema.id, 'resync')
    await change(schema.id, { should_sync: false })
    expect(await api.schema(id, 'accounts')).toMatchObject({
      status: 'Failed',
      latest_error: 'Sync stopped because syncing was turned off',
    })
    expect(await api.rows('SELECT count() FROM postgres.stop.accounts')).toEqual([[ROWS]])
  })

  it('fails a sync whose server dies, and recovers', { timeout: 120_000 }, async () => {
    const id = await connect('dead', [{ name: 'accounts', should_sync: true, sync_type: 'full_refresh' }])
    // The server has begun to send once it has a session that reads the table.
    const reading =
      'SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE \'%FROM "public"."accounts"%\' AND pid <> pg_backend_pid()'
    await expect.poll(async () => (await db.sql(reading))[0]?.n, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
    await db.kill()
    const failed = await api.settled(id, 'accounts')
    expect(failed).toMatchObject({ status: 'Failed', should_sync: true, table: null })
    const probe = await api.call('POST', 'external_data_sources/database_schema/', {
      source_type: 'Postgres',
      ...db.login,
    })
    expect(probe).toMatchObject({ status: 400, body: { message: 'Could not connect to the host on the port given' } })
    await db.start()
    await act(failed.id, 'reload')
    expect(await api.settled(id, 'accounts')).toMatchObject({ status: 'Completed', table: { row_count: ROWS } })
  })

  it('deletes data, then everything, and frees the names', async () => {
    const id = await connect('gone', [{ name: 'history', should_sync: true, sync_type: 'full_refresh' }])
    const schema = await api.settled(id, 'history')
    const emptied = await api.call('DELETE', `external_data_schemas/${String(schema.id)}/delete_data/`)
    expect(emptied).toMatchObject({ status: 200, body: null })
    expect(await api.schema(id, 'history')).toMatchObject({
      status: null,
      table: null,
      last_synced_at: null,
      should_sync: true,
    })
    expect(await api.rows('SELECT 1 FROM gone_postgres_history')).toMatchObject({ code: expect.any(String) })
    await act(schema.id, 'reload')
    await api.settled(id, 'history')
    expect(await api.rows('SELECT count() FROM gone_postgres_history')).toEqual([[52]])
    expect((await api.call('DELETE', `external_data_sources/${id}/`)).status).toBe(204)
    expect((await api.call('GET', `external_data_sources/${id}/jobs/`)).status).toBe(404)
    expect(await api.rows('SELECT 1 FROM gone_postgres_history')).toMatchObject({ code: expect.any(String) })
    const again = await connect('gone', [{ name: 'history', should_sync: true, sync_type: 'full_refresh' }])
    await api.settled(again, 'history')
    expect(await api.rows('SELECT count() FROM gone_postgres_history')).toEqual([[52]])
  })

  it('sees new and vanished tables', async () => {
    const id = await connect('new', [{ name: 'history', should_sync: true, sync_type: 'full_refresh' }])
    await api.settled(id, 'history')
    await db.sql('CREATE TABLE late (id int PRIMARY KEY)')
    const refresh = () => api.call('POST', `external_data_sources/${id}/refresh_schemas/`)
    // The source was created with one table; the five others are new to it.
    expect(await refresh()).toMatchObject({
      status: 200,
      body: { added: 5, deleted: 0, auto_enabled: 0, total_tables_seen: 6 },
    })
    await db.sql('DROP TABLE late')
    expect((await refresh()).body).toEqual({ added: 0, deleted: 1, auto_enabled: 0, total_tables_seen: 5 })
    await api.call('PATCH', `external_data_sources/${id}/`, {
      auto_sync_new_schemas: true,
      auto_sync_schema_patterns: ['la?e*'],
    })
    await db.sql('CREATE TABLE later (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY)')
    expect((await refresh()).body).toEqual({ added: 2, deleted: 0, auto_enabled: 1, total_tables_seen: 7 })
    expect(await api.settled(id, 'later')).toMatchObject({ status: 'Completed', sync_type: 'incremental' })
    expect(await api.schema(id, 'other')).toMatchObject({ should_sync: false, sync_type: null, status: null })
    await db.sql('DROP TABLE later; DROP TABLE other')
  })

  it.each([
    ['*', true],
    ['LONG_*', true],
    ['*_?nd', true],
    ['*a?*a*_end', true],
    ['long_', false],
    ['*_e', false],
    ['ong_*', false],
    ['?ong*_.nd', false],
    [`${'*a'.repeat(30)}*b`, false],
    [`*${'?'.repeat(60)}*`, false],
  ])('weighs a new table against %s', async (pattern, wanted) => {
    const id = await connect('glob', [{ name: 'history', should_sync: false }])
    const refresh = () => api.call('POST', `external_data_sources/${id}/refresh_schemas/`)
    await refresh()
    const settings = { auto_sync_new_schemas: true, auto_sync_schema_patterns: [pattern] }
    await api.call('PATCH', `external_data_sources/${id}/`, settings)
    const name = `long_${'a'.repeat(40)}_end`
    await db.sql(`CREATE TABLE ${name} (id int PRIMARY KEY)`)
    expect((await refresh()).body).toMatchObject({ added: 1, auto_enabled: wanted ? 1 : 0 })
    await db.sql(`DROP TABLE ${name}`)
    await api.call('DELETE', `external_data_sources/${id}/`)
  })
})
