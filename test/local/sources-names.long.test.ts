/** The names of synced tables: who has one when a sync ends, and what an upload over one leaves. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { hogql } from './http-client.ts'
import { type Sources, startSources } from './sources-client.ts'

describe.skipIf(!hasPostgres())('a synced table', () => {
  let db: Postgres
  let api: Sources
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sources-names-'))
    db = await startPostgres()
    await db.sql(`
      CREATE TABLE orders (id int PRIMARY KEY, note text, updated_at timestamptz NOT NULL);
      INSERT INTO orders SELECT g, 'note ' || g, '2024-01-01'::timestamptz + make_interval(mins => g)
        FROM generate_series(1, 3) g;
      CREATE TABLE "one name" (n int); INSERT INTO "one name" VALUES (1);
      CREATE TABLE one_name (n int); INSERT INTO one_name VALUES (2)`)
    api = await startSources({ directory })
  })

  afterAll(async () => {
    await api?.local.close()
    await db?.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  })

  const connect = async (prefix: string, schemas: unknown): Promise<string> => {
    const payload = { ...db.login, schema: 'public', schemas }
    const made = await api.call('POST', 'external_data_sources/', { source_type: 'Postgres', prefix, payload })
    expect(made.status).toBe(201)
    return String(made.body.id)
  }

  const full = (name: string) => ({ name, should_sync: true, sync_type: 'full_refresh' })
  const merging = {
    name: 'orders',
    should_sync: true,
    sync_type: 'incremental',
    incremental_field: 'updated_at',
    incremental_field_type: 'timestamp',
    primary_key_columns: ['id'],
  }

  const reload = async (id: string, name: string): Promise<void> => {
    const { id: schema } = await api.schema(id, name)
    expect((await api.call('POST', `external_data_schemas/${String(schema)}/reload/`)).status).toBe(200)
  }

  /** Keeps everybody from reading a table at the source; resolves when somebody waits for it. */
  const lock = async (table: string, begin: () => Promise<unknown>): Promise<() => Promise<void>> => {
    const { host, port, database } = db.login
    const holder = new pg.Client({ host, port, database, user: 'postgres' })
    await holder.connect()
    await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
    await begin()
    const waiting = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await expect.poll(async () => (await db.sql(waiting))[0]?.n, { timeout: 20_000, interval: 5 }).toBe(1)
    onTestFinished(() => holder.end())
    return async () => {
      await holder.query('COMMIT')
    }
  }

  const tablesNamed = async (name: string): Promise<unknown> =>
    (await api.call('GET', `warehouse_tables/?search=${name}`)).body.count

  const taken = (name: string, dotted: string) => ({
    status: 'Failed',
    should_sync: false,
    table: null,
    latest_error: `A table or view with this name already exists. Choose a different name. The table would be ${name}, or ${dotted} in SQL.`,
  })

  it('does not come to be when its name was taken during its first sync', async () => {
    let id = ''
    let release = await lock('orders', async () => {
      id = await connect('view', [full('orders')])
    })
    const made = await api.call('POST', 'warehouse_saved_queries/', {
      name: 'postgres.view.orders',
      query: hogql('select 7 as n'),
    })
    expect(made.status).toBe(201)
    await release()
    expect(await api.settled(id, 'orders')).toMatchObject(taken('view_postgres_orders', 'postgres.view.orders'))
    expect(await api.rows('select n from postgres.view.orders')).toEqual([[7]])
    expect(await tablesNamed('view_postgres_orders')).toBe(0)

    release = await lock('orders', async () => {
      id = await connect('file', [full('orders')])
    })
    expect((await api.upload('file_postgres_orders', 'x.csv', 'n\n8\n')).status).toBe(201)
    await release()
    expect(await api.settled(id, 'orders')).toMatchObject(taken('file_postgres_orders', 'postgres.file.orders'))
    expect(await api.rows('select n from file_postgres_orders')).toEqual([[8]])
    expect(await tablesNamed('file_postgres_orders')).toBe(1)
  })

  it('does not share its name with another of its source', async () => {
    const id = await connect('twin', [full('one name'), full('one_name')])
    const rows = [await api.settled(id, 'one name'), await api.settled(id, 'one_name')]
    expect(rows.map(({ status }) => String(status)).sort()).toEqual(['Completed', 'Failed'])
    expect(await tablesNamed('twin_postgres_one_name')).toBe(1)
    const won = String(rows[0]?.status) === 'Completed' ? 1 : 2
    expect(await api.rows('select n from twin_postgres_one_name')).toEqual([[won]])
  })

  it('is what was uploaded over it until its next sync ends, which has all of its rows', async () => {
    const id = await connect('over', [merging])
    const table = (await api.settled(id, 'orders')).table?.id
    // A merge keeps what the source deleted, so that only rows which were kept can have it.
    await db.sql('DELETE FROM orders WHERE id = 1')
    for (const number of [8, 9]) {
      const uploaded = await api.upload('over_postgres_orders', 'mine.csv', `word\nword ${number}\n`)
      expect(uploaded).toMatchObject({
        status: 201,
        body: {
          id: table,
          format: 'CSVWithNames',
          url_pattern: expect.stringMatching(/\/managed\/team_1\/mine\.csv$/),
          columns: [{ name: 'word', type: 'string' }],
          hogql_name: 'postgres.over.orders',
          created_via: 'source',
          external_data_source: { id },
        },
      })
    }
    const uploadedRows = async () => {
      expect(await api.rows('select word from over_postgres_orders')).toEqual([['word 9']])
      expect(await api.rows('select * from postgres.over.orders')).toEqual([['word 9']])
    }
    await uploadedRows()
    // Nobody counted the rows of the file.
    const { body: schema } = await api.call('POST', 'query/', { query: { kind: 'DatabaseSchemaQuery' } })
    expect(schema.tables?.['postgres.over.orders']).toMatchObject({ row_count: null })
    await api.local.close()
    api = await startSources({ directory })
    await uploadedRows()
    expect((await api.call('POST', `warehouse_tables/${String(table)}/refresh_schema/`)).status).toBe(200)
    expect((await api.call('DELETE', `warehouse_tables/${String(table)}/`)).status).toBe(400)
    await uploadedRows()

    await reload(id, 'orders')
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', table: { id: table } })
    // What is left is the file that took a name in the test before.
    const kept = Number(await tablesNamed('file_postgres_orders'))
    await expect.poll(async () => readdir(join(directory, 'uploads', 'team_1'))).toHaveLength(kept)
    const rows = [
      [1, 'note 1'],
      [2, 'note 2'],
      [3, 'note 3'],
    ]
    expect(await api.rows('select id, note from over_postgres_orders order by id')).toEqual(rows)
    expect(await api.call('GET', `warehouse_tables/${String(table)}/`)).toMatchObject({
      body: {
        format: 'DeltaS3Wrapper',
        url_pattern: expect.stringContaining('/dlt/'),
        columns: [{ name: 'id' }, { name: 'note' }, { name: 'updated_at' }],
      },
    })
    await api.local.close()
    api = await startSources({ directory })
    expect(await api.rows('select id, note from postgres.over.orders order by id')).toEqual(rows)
  })

  it('takes in what is new also when a file was uploaded over it meanwhile', async () => {
    const id = await connect('during', [merging])
    await api.settled(id, 'orders')
    await db.sql("INSERT INTO orders VALUES (4, 'note 4', '2024-02-01')")
    const release = await lock('orders', () => reload(id, 'orders'))
    expect((await api.upload('during_postgres_orders', 'mine.csv', 'word\nmine\n')).status).toBe(201)
    expect(await api.rows('select word from postgres.during.orders')).toEqual([['mine']])
    await release()
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', latest_error: null })
    expect(await api.rows('select id, note from postgres.during.orders order by id')).toEqual([
      [2, 'note 2'],
      [3, 'note 3'],
      [4, 'note 4'],
    ])
  })

  it('frees both names with its data, also with a file over it', async () => {
    const id = await connect('gone', [full('orders')])
    const { id: schema } = await api.settled(id, 'orders')
    expect((await api.upload('gone_postgres_orders', 'mine.csv', 'word\nmine\n')).status).toBe(201)
    expect((await api.call('DELETE', `external_data_schemas/${String(schema)}/delete_data/`)).status).toBe(200)
    for (const name of ['gone_postgres_orders', 'postgres.gone.orders']) {
      expect(await api.rows(`select * from ${name}`)).toMatchObject({ detail: `Unknown table \`${name}\`.` })
    }
    expect((await api.upload('gone_postgres_orders', 'mine.csv', 'word\nagain\n')).status).toBe(201)
    expect(await api.rows('select word from gone_postgres_orders')).toEqual([['again']])
  })
})
