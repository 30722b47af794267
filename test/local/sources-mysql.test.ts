import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasMariadb, type Mariadb, startMariadb } from '../services/mariadb.ts'
import { type Sources, startSources } from './sources-client.ts'

describe.skipIf(!hasMariadb())('a MySQL source', () => {
  let db: Mariadb
  let api: Sources

  beforeAll(async () => {
    db = await startMariadb()
    api = await startSources()
    await db.sql(`CREATE TABLE odd (
      \`Id\` int PRIMARY KEY, big bigint unsigned, amount decimal(20,5), f double, day date, at datetime(6), ts timestamp,
      words longtext, j json, raw varbinary(8), bits bit(8), flag tinyint(1), kind enum('a','b'), y year, t time,
      \`a.b\`\`c\` varchar(20)) CHARACTER SET utf8mb4`)
    await db.sql(`INSERT INTO odd VALUES
      (1, 18446744073709551615, 123456789012345.12345, 0.1, '2024-02-29', '2024-02-29 23:59:59.999999',
       FROM_UNIXTIME(1700000000), 'ü 😀 "q"', '{"a": 1}', x'DEADBEEF', b'101', 1, 'b', 2024, '10:11:12', 'x')`)
    await db.sql(`INSERT INTO odd (\`Id\`) VALUES (2)`)
    await db.sql(`CREATE TABLE orders (id int PRIMARY KEY, note text, updated_at datetime NOT NULL)`)
    await db.sql(`INSERT INTO orders SELECT seq, concat('note ', seq), '2024-01-01' + INTERVAL seq SECOND
      FROM seq_1_to_50000`)
  })

  afterAll(async () => {
    await api?.local.close()
    await db?.close()
  })

  const connect = async (prefix: string, schemas: unknown): Promise<string> => {
    const made = await api.call('POST', 'external_data_sources/', {
      source_type: 'MySQL',
      prefix,
      payload: { ...db.login, schemas },
    })
    expect(made).toMatchObject({ status: 201 })
    return String(made.body.id)
  }

  it('keeps every awkward type and name', async () => {
    const id = await connect('odd', [{ name: 'odd', should_sync: true, sync_type: 'full_refresh' }])
    expect(await api.settled(id, 'odd')).toMatchObject({ status: 'Completed', latest_error: null })
    const columns = `"Id", toString(big), toString(amount), f, day, at, ts, words, j, raw, bits, flag, kind, y, t`
    expect(await api.rows(`SELECT ${columns}, \`a.b\\\`c\` FROM mysql.odd.odd ORDER BY "Id"`)).toEqual([
      [
        1,
        '18446744073709551615',
        '123456789012345.12345',
        0.1,
        '2024-02-29',
        '2024-02-29T23:59:59.999999Z',
        '2023-11-14T22:13:20.000000Z',
        'ü 😀 "q"',
        '{"a": 1}',
        'deadbeef',
        '5',
        1,
        'b',
        2024,
        '10:11:12',
        'x',
      ],
      [2, ...Array.from({ length: 15 }, () => null)],
    ])
    expect((await api.source(id)).job_inputs).toMatchObject({ host: '127.0.0.1', using_ssl: 'True', schema: null })
  })

  it('merges what changed', async () => {
    const id = await connect('inc', [
      {
        name: 'orders',
        should_sync: true,
        sync_type: 'incremental',
        incremental_field: 'updated_at',
        incremental_field_type: 'timestamp',
        incremental_field_lookback_seconds: 2,
      },
    ])
    const first = await api.settled(id, 'orders')
    expect(first).toMatchObject({ status: 'Completed', table: { row_count: 50_000 } })
    await db.sql("UPDATE orders SET note = 'seen through the lookback' WHERE id = 49999")
    await db.sql("UPDATE orders SET note = 'too old to be seen' WHERE id = 7")
    await db.sql("INSERT INTO orders VALUES (50001, 'new', '2024-02-01')")
    await api.call('POST', `external_data_schemas/${String(first.id)}/reload/`)
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', table: { row_count: 50_001 } })
    expect(await api.rows('SELECT id, note FROM mysql.inc.orders WHERE id IN (7, 49999, 50001) ORDER BY id')).toEqual([
      [7, 'note 7'],
      [49_999, 'seen through the lookback'],
      [50_001, 'new'],
    ])
    const jobs = await api.call('GET', `external_data_sources/${id}/jobs/`)
    expect(jobs.body).toMatchObject([{ rows_synced: 4 }, { rows_synced: 50_000 }])
  })

  it('says what cannot be reached, and keeps the password out of it', async () => {
    const answer = await api.call('POST', 'external_data_sources/database_schema/', {
      source_type: 'MySQL',
      ...db.login,
      password: 'wrong-word',
    })
    expect(answer).toMatchObject({
      status: 400,
      body: { message: 'Could not connect to MySQL. Please check all connection details are valid.' },
    })
  })

  it('filters at the source, with values that try to be SQL', async () => {
    const hostile = "x' OR '1'='1"
    const id = await connect('part', [
      {
        name: 'orders',
        should_sync: true,
        sync_type: 'full_refresh',
        row_filters: [{ column: 'note', operator: 'IN', value: [hostile, 'note 5'] }],
      },
    ])
    await api.settled(id, 'orders')
    expect(await api.rows('SELECT id FROM mysql.part.orders')).toEqual([[5]])
  })
})
