import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { queryAsync } from 'chdb'
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import { FILE_KINDS, toBucketTables, toParts } from '../../src/local/sources/bucket-files.ts'
import { BUCKET_KEYS, type Bucket, startBucket } from '../services/bucket.ts'
import { type Json, type Sources, startSources } from './sources-client.ts'

let bucket: Bucket
let api: Sources

beforeAll(async () => {
  bucket = await startBucket()
  api = await startSources({ allowHttpBuckets: true })
})
afterAll(async () => {
  await api?.local.close()
  await bucket?.close()
})

const SOURCES = 'external_data_sources/'
const keys = { access_key: BUCKET_KEYS.accessKey, secret_key: BUCKET_KEYS.secretKey }
/** The settings of a source over one folder of the bucket. */
const settings = (folder: string, more: object = {}) => ({ bucket_url: `${bucket.url}${folder}`, ...keys, ...more })
const put = (objects: Readonly<Record<string, string | Buffer>>): void => {
  for (const [key, content] of Object.entries(objects)) bucket.objects.set(key, content)
}
const look = (payload: object, type = 'AmazonS3') =>
  api.call('POST', `${SOURCES}database_schema/`, { source_type: type, ...payload })
const connect = async (prefix: string, payload: object, type = 'AmazonS3'): Promise<string> => {
  const made = await api.call('POST', SOURCES, { source_type: type, prefix, payload })
  expect(made).toMatchObject({ status: 201, body: { id: expect.any(String) } })
  return String(made.body.id)
}
const act = (schema: Json, action: string) => api.call('POST', `external_data_schemas/${String(schema.id)}/${action}/`)
const change = (schema: Json, body: object) => api.call('PATCH', `external_data_schemas/${String(schema.id)}/`, body)
const rowsOf = (body: Json): readonly Json[] => body as unknown as readonly Json[]
const whole = (...names: readonly string[]) =>
  names.map((name) => ({ name, should_sync: true, sync_type: 'full_refresh' }))

describe('the form', () => {
  it.each(['AmazonS3', 'GoogleCloudStorage'])('says whose it is: %s', async (type) => {
    const { status, body } = await api.call('GET', `${SOURCES}wizard/?source_type=${type}`)
    expect(status).toBe(200)
    expect(body[type]).toMatchObject({
      name: type,
      category: 'File storage',
      caption: expect.stringMatching(
        /^This form is the local warehouse's own: PostHog has not released .* as a source/,
      ),
      docsUrl: null,
      unreleasedSource: null,
      fields: [
        { name: 'bucket_url', type: 'text', required: true, secret: false },
        { name: 'access_key', type: 'text', required: true, secret: true },
        { name: 'secret_key', type: 'password', required: true, secret: true },
        {
          name: 'format',
          type: 'select',
          defaultValue: 'CSVWithNames',
          options: [{ value: 'CSVWithNames' }, { value: 'CSV' }, { value: 'Parquet' }, { value: 'JSONEachRow' }],
        },
      ],
    })
  })

  test.each([
    [{}, 'Invalid source config: Required field'],
    [{ format: 'Delta' }, "Invalid source config: Field 'format' has an invalid value"],
    [{ secret_key: 'wrong' }, 'Access was denied when reading the provided file'],
    [{ access_key: 'AKNONE' }, 'The Access Key you provided does not exist'],
    [{ format: 'Parquet' }, 'There are no files below this URL whose names end in .parquet.'],
    [{ bucket_url: 'https://127.0.0.1/x' }, 'URL pattern hostname must not resolve to internal IP ranges.'],
    [{ bucket_url: 'https://localhost/x' }, 'URL pattern hostname is not allowed.'],
    [{ bucket_url: 's3://bucket/x' }, 'URL pattern must use https.'],
    [{ bucket_url: 'file:///etc/' }, 'URL pattern must use https.'],
    [{ bucket_url: 'http://127.0.0.1:1/lake/' }, 'Could not connect to the bucket.'],
    [{ bucket_url: 'PLAINx/*.csv' }, 'Enter the plain URL'],
    [{ bucket_url: 'PLAIN%7Ba,b%7D/' }, 'Enter the plain URL'],
    [{ bucket_url: 'PLAINx?versionId=1' }, 'Enter the plain URL'],
    [{ bucket_url: 'PLAIN../nowhere/' }, "The provided bucket doesn't exist"],
  ])('answers %j', async (given, text) => {
    put({ 'form/a.csv': 'id\n1\n' })
    const url = 'bucket_url' in given ? { bucket_url: given.bucket_url.replace('PLAIN', bucket.url) } : {}
    const payload = Object.keys(given).length === 0 ? {} : settings('form/', { ...given, ...url })
    expect(await look(payload)).toMatchObject({ status: 400, body: { message: expect.stringContaining(text) } })
    const made = await api.call('POST', SOURCES, { source_type: 'AmazonS3', payload })
    expect(made).toMatchObject({ status: 400, body: { message: expect.stringContaining(text) } })
  })

  it('wants https unless the warehouse was started for plain http', async () => {
    const strict = await startSources()
    const asked = { source_type: 'AmazonS3', ...settings('form/') }
    expect(await strict.call('POST', `${SOURCES}database_schema/`, asked)).toMatchObject({
      status: 400,
      body: { message: 'URL pattern must use https.' },
    })
    await strict.local.close()
  })
})

describe('discovery', () => {
  it('makes a table of each folder and each file, with the columns of the files', async () => {
    put({
      'shop/customers.csv': 'id,email,since\n1,a@b.c,2024-01-02\n',
      'shop/orders/2024/01.csv': 'id,total,at,paid\n1,9.5,2024-01-02 03:04:05,true\n',
      'shop/orders/2024/02.csv.gz': gzipSync('id,total,at,paid\n2,1,2024-02-02 03:04:05,false\n'),
      'shop/orders/notes.txt': 'not a table',
      'shop/other/readme.md': '# not a table',
      'elsewhere/x.csv': 'id\n1\n',
    })
    const { status, body } = await look(settings('shop'))
    expect(status).toBe(200)
    expect(rowsOf(body).map(({ table }) => table)).toEqual(['customers', 'orders'])
    expect(body[1]).toEqual({
      table: 'orders',
      label: null,
      should_sync: false,
      incremental_fields: [],
      incremental_available: false,
      append_available: false,
      cdc_available: null,
      xmin_available: null,
      incremental_field: null,
      sync_type: null,
      rows: null,
      supports_webhooks: false,
      webhook_only: false,
      description: null,
      should_sync_default: true,
      available_columns: [
        { field: 'id', label: 'id', type: 'integer', nullable: true },
        { field: 'total', label: 'total', type: 'float', nullable: true },
        { field: 'at', label: 'at', type: 'datetime', nullable: true },
        { field: 'paid', label: 'paid', type: 'boolean', nullable: true },
      ],
      detected_primary_keys: ['id'],
      primary_key_detection_supported: true,
      permission_error: null,
      rls_warning: null,
    })
  })

  it('tells apart what only an ending does, and says which table it cannot read', async () => {
    put({
      'odd/both/a.csv': 'n\n1\n',
      'odd/both.csv': 'n\n2\n',
      'odd/spark.csv/part-0.csv': 'n\n3\n',
      'odd/Ünï code & %41/a.csv': 'n\n4\n',
      'odd/what?/a.csv': 'n\n5\n',
      'odd/broken.csv': 'a,a\n1\n',
    })
    const found = rowsOf((await look(settings('odd/'))).body)
    expect(found.map(({ table, permission_error }) => [table, permission_error])).toEqual([
      ['both', null],
      ['both.csv', null],
      ['broken', 'Could not get columns'],
      ['spark', null],
      ['what?', 'The local warehouse cannot read names with *, ?, {, }, | or :: in them.'],
      ['Ünï code & %41', null],
    ])
    const id = await connect('odd', { ...settings('odd/'), schemas: whole(...found.map(({ table }) => String(table))) })
    const counts: unknown[] = []
    for (const { table } of found) {
      const { table: rows, latest_error } = await api.settled(id, String(table))
      const name = rows === null ? null : `SELECT sum(n) FROM \`${String(rows?.name)}\``
      counts.push(name === null ? latest_error : await api.rows(name))
    }
    expect(counts).toEqual([
      [[1]],
      [[2]],
      'Could not get columns',
      [[3]],
      'The local warehouse cannot read names with *, ?, {, }, | or :: in them.',
      [[4]],
    ])
  })

  it('finds new folders and misses those that are gone', async () => {
    put({ 'grow/one/a.csv': 'id\n1\n' })
    const id = await connect('grow', settings('grow/'))
    await api.settled(id, 'one')
    put({ 'grow/two/a.csv': 'id\n1\n' })
    const refresh = async () => (await api.call('POST', `${SOURCES}${id}/refresh_schemas/`)).body
    expect(await refresh()).toEqual({ added: 1, deleted: 0, auto_enabled: 0, total_tables_seen: 2 })
    bucket.objects.delete('grow/two/a.csv')
    expect(await refresh()).toEqual({ added: 0, deleted: 1, auto_enabled: 0, total_tables_seen: 1 })
  })
})

describe('syncs', () => {
  it('copies rows with their types, and again when the files changed', async () => {
    put({
      'csv/orders/1.csv': 'id,total,at,paid,note\n007,9.5,2024-01-02 03:04:05,true,"a ""b"""\n',
      'csv/orders/2.csv': 'note,id\n,8\n',
    })
    const id = await connect('csv', { ...settings('csv/'), schemas: whole('orders') })
    const schema = await api.settled(id, 'orders')
    expect(schema).toMatchObject({
      status: 'Completed',
      latest_error: null,
      should_sync: true,
      sync_type: 'full_refresh',
      incremental: false,
      table: { name: 'csv_amazons3_orders', hogql_name: 'amazons3.csv.orders', row_count: 2 },
    })
    const all = 'SELECT id, total, at, paid, note FROM amazons3.csv.orders ORDER BY id'
    const first = [7, 9.5, '2024-01-02T03:04:05Z', true, 'a "b"']
    expect(await api.rows(all)).toEqual([first, [8, null, null, null, null]])
    bucket.objects.set('csv/orders/2.csv', 'id,total\n9,1\n10,2\n')
    // Whoever reads the table meanwhile reads the rows of before: they are copied, not linked.
    expect(await api.rows('SELECT count() FROM csv_amazons3_orders')).toEqual([[2]])
    await act(schema, 'reload')
    await api.settled(id, 'orders')
    expect(await api.rows('SELECT id, total FROM csv_amazons3_orders ORDER BY id')).toEqual([
      [7, 9.5],
      [9, 1],
      [10, 2],
    ])
    const jobs = await api.call('GET', `${SOURCES}${id}/jobs/`)
    expect(jobs.body).toMatchObject([
      { status: 'Completed', rows_synced: 3, latest_error: null, schema: { name: 'orders' } },
      { status: 'Completed', rows_synced: 2, latest_error: null, schema: { name: 'orders' } },
    ])
    const table = await api.call('GET', `warehouse_tables/${String(schema.table?.id)}/`)
    expect(table.body).toMatchObject({ created_via: 'source', external_data_source: { source_type: 'AmazonS3' } })
  })

  it('reads Parquet from Google Cloud Storage with its own types', async () => {
    const { bytes } = await queryAsync(
      `SELECT number AS n, toDecimal64(number, 2) AS d, toDateTime64('2024-01-02 03:04:05', 3, 'UTC') AS at,
         [number, NULL] AS list, map('k', number) AS m, if(number = 1, NULL, 'text') AS s FROM numbers(3)`,
      { format: 'Parquet' },
    ).then((answer) => ({ bytes: Buffer.from(answer.bytes()) }))
    put({ 'pq/things/part-0.parquet': bytes, 'pq/things/part-1.parquet': bytes })
    const id = await connect('pq', settings('pq/', { format: 'Parquet' }), 'GoogleCloudStorage')
    expect(await api.settled(id, 'things')).toMatchObject({
      status: 'Completed',
      table: { name: 'pq_googlecloudstorage_things', row_count: 6 },
    })
    expect(
      await api.rows('SELECT n, toString(d), at, list, m, s FROM pq_googlecloudstorage_things WHERE n = 1'),
    ).toEqual(Array(2).fill([1, '1', '2024-01-02T03:04:05.000Z', [1, null], { k: 1 }, null]))
  })

  it('reads JSON, in any case the format is written', async () => {
    put({ 'js/logs/a.jsonl': '{"id":1,"tags":["x"]}\n{"id":2}\n', 'js/logs/b.ndjson': '{"tags":[],"id":3}\n' })
    const id = await connect('js', settings('js/', { format: 'jsoneachrow' }))
    await api.settled(id, 'logs')
    expect(await api.rows('SELECT id, tags FROM amazons3.js.logs ORDER BY id')).toEqual([
      [1, ['x']],
      [2, []],
      [3, []],
    ])
  })

  it('reads hundreds of files in several statements, each file once', async () => {
    for (let n = 0; n < 600; n += 1) put({ [`many/files/${n}.csv`]: `n\n${n}\n` })
    const before = bucket.seen.length
    const id = await connect('many', settings('many/'))
    expect(await api.settled(id, 'files')).toMatchObject({ status: 'Completed', table: { row_count: 600 } })
    expect(await api.rows('SELECT count(), uniqExact(n), sum(n) FROM amazons3.many.files')).toEqual([
      [600, 600, 179_700],
    ])
    const reads = bucket.seen.slice(before).filter((line) => line.startsWith('GET /lake/many/files/'))
    // Besides, the first file is looked into for the columns: when connecting and when syncing.
    expect(reads.length).toBeGreaterThanOrEqual(600)
    expect(reads.length).toBeLessThan(620)
  })

  it('reads files that have a column of the name the engine gives to paths', async () => {
    for (let n = 0; n < 300; n += 1) put({ [`path/files/${n}.csv`]: `_path,n\n${n === 7 ? 'zzz' : ''},${n}\n` })
    const id = await connect('path', settings('path/'))
    expect(await api.settled(id, 'files')).toMatchObject({ status: 'Completed', table: { row_count: 300 } })
    expect(await api.rows('SELECT uniqExact(n), any(_path) FROM amazons3.path.files')).toEqual([[300, 'zzz']])
  })

  it('takes the columns and rows it was told to', async () => {
    put({ 'part/orders/1.csv': "id,note,day\n1,note 1,2024-01-01\n2,it's,2024-01-02\n3,,2024-01-03\n4,x,\n" })
    const id = await connect('part', {
      ...settings('part/'),
      schemas: [
        {
          ...whole('orders')[0],
          enabled_columns: ['note'],
          row_filters: [
            { column: 'day', operator: '>=', value: '2024-01-02' },
            { column: 'note', operator: 'not in', value: "'note 1', 'it''s'" },
          ],
        },
      ],
    })
    const schema = await api.settled(id, 'orders')
    expect(schema).toMatchObject({ status: 'Completed', table: { row_count: 0 } })
    await change(schema, { row_filters: [{ column: 'id', operator: 'IN', value: [2, 4] }] })
    await act(schema, 'reload')
    await api.settled(id, 'orders')
    // The key comes along, as it does for every source.
    expect(await api.rows('SELECT * FROM amazons3.part.orders ORDER BY id')).toEqual([
      [2, "it's"],
      [4, 'x'],
    ])
  })

  it('says that it reads files whole when it is told to read what is new', async () => {
    put({ 'inc/orders/1.csv': 'id\n1\n' })
    const schemas = [
      {
        name: 'orders',
        should_sync: true,
        sync_type: 'append',
        incremental_field: 'id',
        incremental_field_type: 'integer',
      },
    ]
    const id = await connect('inc', { ...settings('inc/'), schemas })
    expect(await api.settled(id, 'orders')).toMatchObject({
      status: 'Failed',
      should_sync: false,
      latest_error: 'The local warehouse reads the files of a bucket whole: use full_refresh.',
    })
  })
})

const VALUE =
  "A file of table 'value' does not fit the columns of the first one: Cannot parse input: expected ',' before: 'seven,7\\n': (at row 1)"

describe('what goes wrong', () => {
  afterEach(() => {
    bucket.keys = BUCKET_KEYS
  })

  it('switches a table off when its key is revoked, and keeps its rows', async () => {
    put({ 'key/orders/1.csv': 'id\n1\n' })
    const id = await connect('key', settings('key/'))
    const schema = await api.settled(id, 'orders')
    const secretKey = 'another-secret-key'
    bucket.keys = { ...BUCKET_KEYS, secretKey }
    await act(schema, 'reload')
    const failed = {
      status: 'Failed',
      should_sync: false,
      latest_error: 'Access was denied when reading the provided file',
      last_synced_at: schema.last_synced_at,
      table: { row_count: 1 },
    }
    expect(await api.settled(id, 'orders')).toMatchObject(failed)
    expect((await api.source(id)).latest_error).toBe(failed.latest_error)
    expect(await api.rows('SELECT id FROM amazons3.key.orders')).toEqual([[1]])
    const patch = (job_inputs: object) => api.call('PATCH', `${SOURCES}${id}/`, { job_inputs })
    expect(await patch({ secret_key: 'still-wrong' })).toMatchObject({
      status: 400,
      body: { type: 'validation_error', detail: failed.latest_error },
    })
    const told = [await api.source(id), (await api.call('GET', `${SOURCES}${id}/jobs/`)).body]
    for (const secret of [...Object.values(BUCKET_KEYS), 'still-wrong']) {
      expect(JSON.stringify(told)).not.toContain(secret)
    }
    const right = await patch({ secret_key: secretKey })
    expect(right).toMatchObject({ status: 200 })
    expect(right.body.job_inputs).toEqual({ bucket_url: `${bucket.url}key/`, format: null })
    await change(schema, { should_sync: true })
    await act(schema, 'reload')
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', latest_error: null })
    bucket.keys = BUCKET_KEYS
    // Another address must not be told the stored keys.
    expect(await patch({ bucket_url: `${bucket.url}form/` })).toMatchObject({
      status: 400,
      body: { detail: 'Changing the connection host requires re-entering your credentials.' },
    })
    expect((await patch({ ...keys, bucket_url: `${bucket.url}form/` })).status).toBe(200)
  })

  it.each([
    [
      'file',
      () => ['1', '2'].map((file) => bucket.objects.delete(`bad/file/${file}.csv`)),
      "The source has no table named 'file' any more.",
    ],
    ['value', () => put({ 'bad/value/2.csv': 'id,n\nseven,7\n' }), VALUE],
    [
      'column',
      () => put({ 'bad/column/1.csv': 'other\n1\n' }),
      "The table 'column' has no column named 'id' any more.",
    ],
    ['denied', () => bucket.denied.add('bad/denied/2.csv'), 'Access was denied when reading the provided file'],
  ])('switches a table off for good reason: %s', async (name, spoil, text) => {
    put({ [`bad/${name}/1.csv`]: 'id,n\n1,1\n', [`bad/${name}/2.csv`]: 'id,n\n2,2\n' })
    const schemas = [{ ...whole(name)[0], enabled_columns: ['id'] }]
    const id = await connect(`bad_${name}`, { ...settings('bad/'), schemas })
    const schema = await api.settled(id, name)
    expect(schema).toMatchObject({ status: 'Completed' })
    spoil()
    await act(schema, 'reload')
    expect(await api.settled(id, name)).toMatchObject({
      status: 'Failed',
      should_sync: false,
      latest_error: text,
      table: { row_count: 2 },
    })
    expect(await api.rows(`SELECT sum(id) FROM amazons3.bad_${name}.${name}`)).toEqual([[3]])
  })

  it('fails a sync whose storage gives up, and tries again', async () => {
    put({ 'cut/orders/1.csv': 'id\n1\n', 'cut/orders/2.csv': 'id\n2\n' })
    const id = await connect('cut', settings('cut/'))
    const schema = await api.settled(id, 'orders')
    bucket.cut.add('cut/orders/2.csv')
    await act(schema, 'reload')
    expect(await api.settled(id, 'orders')).toMatchObject({
      status: 'Failed',
      should_sync: true,
      latest_error: "The storage did not give the files of table 'orders' to the end.",
      table: { row_count: 2 },
    })
    bucket.cut.clear()
    await act(schema, 'reload')
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', latest_error: null })
  })

  it('ends a sync that is cancelled while the storage keeps it waiting, and goes on answering', async () => {
    put({ 'slow/orders/1.csv': 'id\n1\n', 'slow/orders/2.csv': 'id\n2\n' })
    const id = await connect('slow', settings('slow/'))
    const schema = await api.settled(id, 'orders')
    const held = bucket.hold('slow/orders/2.csv')
    await act(schema, 'reload')
    await held.reached
    expect(await act(schema, 'cancel')).toMatchObject({ status: 200 })
    expect(await api.schema(id, 'orders')).toMatchObject({
      status: 'Failed',
      should_sync: true,
      latest_error: 'Sync cancelled by user',
      table: { row_count: 2 },
    })
    // The storage never answers; the engine is free all the same.
    expect(await api.rows('SELECT sum(id) FROM amazons3.slow.orders')).toEqual([[3]])
    held.release()
    await act(schema, 'reload')
    expect(await api.settled(id, 'orders')).toMatchObject({ status: 'Completed', table: { row_count: 2 } })
    // Neither the new process nor the rows of the ended sync gave the operator cause for concern.
    expect(api.lines).toEqual([])
  })

  it('stops when the disk is full', async () => {
    put({ 'big/orders/1.csv': 'id\n1\n' })
    const full = await startSources({ allowHttpBuckets: true, maxBytes: 1 })
    const made = await full.call('POST', SOURCES, { source_type: 'AmazonS3', payload: settings('big/') })
    expect(await full.settled(made.body.id, 'orders')).toMatchObject({
      status: 'Failed',
      should_sync: true,
      latest_error: 'The local warehouse is full: its folder may take 1 bytes. Delete tables or materialized views.',
      table: null,
    })
    await full.local.close()
  })
})

describe('a warehouse with a directory', () => {
  let directory: string
  let local: Sources

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sources-bucket-'))
  })
  afterAll(async () => {
    await local?.local.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  })

  /** The engine's tables of synced rows, one file each. */
  const stored = async (): Promise<number> => {
    const names = await readdir(join(directory, 'engine', 'metadata', 'p_1'))
    return names.filter((name) => name.startsWith('s_')).length
  }
  const again = (schema: Json) => local.call('POST', `external_data_schemas/${String(schema.id)}/reload/`)

  it('keeps rows and settings, and what a kill leaves of a sync goes', { timeout: 120_000 }, async () => {
    put({ 'kept/orders/1.csv': 'id\n1\n' })
    local = await startSources({ directory, allowHttpBuckets: true })
    const made = await local.call('POST', SOURCES, { source_type: 'AmazonS3', payload: settings('kept/') })
    const { id } = made.body
    const schema = await local.settled(id, 'orders')
    const held = bucket.hold('kept/orders/2.csv')
    put({ 'kept/orders/2.csv': 'id\n2\n' })
    await again(schema)
    await held.reached
    expect(await stored()).toBe(2)
    process.kill(local.local.pid, 'SIGKILL')
    await local.local.close()
    held.release()

    local = await startSources({ directory, allowHttpBuckets: true })
    expect(await local.schema(id, 'orders')).toMatchObject({
      status: 'Failed',
      should_sync: true,
      latest_error: 'The local warehouse was stopped while this sync was under way.',
      table: { row_count: 1 },
    })
    expect(await stored()).toBe(1)
    expect(await local.rows('SELECT sum(id) FROM amazons3.orders')).toEqual([[1]])
    await again(schema)
    expect(await local.settled(id, 'orders')).toMatchObject({ status: 'Completed', latest_error: null })
    expect(await local.rows('SELECT sum(id) FROM amazons3.orders')).toEqual([[3]])
    await local.local.close()

    // The rules for URLs hold for every sync, not only for the first.
    local = await startSources({ directory })
    await again(schema)
    expect(await local.settled(id, 'orders')).toMatchObject({
      status: 'Failed',
      should_sync: true,
      latest_error: 'URL pattern must use https.',
      table: { row_count: 2 },
    })
  })
})

describe('addresses', () => {
  const [csv] = FILE_KINDS

  it.each([
    ['https://lake.s3.us-east-1.amazonaws.com/', 'lake/', ['orders', 'x']],
    ['https://lake.s3.us-east-1.amazonaws.com/lake/', 'lake/lake/', ['orders', 'x']],
    ['https://s3.us-east-1.amazonaws.com/lake/', 'lake/', ['orders', 'x']],
    ['https://s3.us-east-1.amazonaws.com/lake/lake/', 'lake/lake/', ['orders', 'x']],
    ['https://storage.googleapis.com/lake/a%20b/', 'lake/a b/', ['orders', 'x']],
    ['https://lake.oss-cn-beijing.aliyuncs.com/sub/', 'lake/sub/', ['orders', 'x']],
  ])('finds the tables below %s', (url, start, names) => {
    if (csv === undefined) throw new Error('there is no format')
    const files = ['orders/1.csv', 'x.csv'].map((key) => ({ path: `${start}${key}`, bytes: 1 }))
    expect(toBucketTables(files, new URL(url), csv).map(({ name }) => name)).toEqual(names)
  })

  it('divides files by size and number, without a gap', () => {
    const files = [60, 10, 200, 1].map((megabytes, index) => ({ path: `${index}`, bytes: megabytes * 1_000_000 }))
    expect(toParts(files)).toEqual([
      { after: null, upTo: '1', bytes: 70_000_000 },
      { after: '1', upTo: '2', bytes: 200_000_000 },
      { after: '2', upTo: null, bytes: 1_000_000 },
    ])
    expect(toParts(Array.from({ length: 600 }, (_, index) => ({ path: `${index}`, bytes: 1 })))).toHaveLength(3)
  })
})

it('deletes data, then everything', async () => {
  put({ 'gone/orders/1.csv': 'id\n1\n' })
  const id = await connect('gone', settings('gone/'))
  const schema = await api.settled(id, 'orders')
  expect((await api.call('DELETE', `external_data_schemas/${String(schema.id)}/delete_data/`)).status).toBe(200)
  expect(await api.schema(id, 'orders')).toMatchObject({ status: null, table: null, should_sync: true })
  expect(await api.rows('SELECT 1 FROM amazons3.gone.orders')).toMatchObject({ code: expect.any(String) })
  await act(schema, 'reload')
  await api.settled(id, 'orders')
  expect(await api.rows('SELECT id FROM amazons3.gone.orders')).toEqual([[1]])
  expect((await api.call('DELETE', `${SOURCES}${id}/`)).status).toBe(204)
  expect(await api.rows('SELECT 1 FROM amazons3.gone.orders')).toMatchObject({ code: expect.any(String) })
  // Nothing is deleted at the source.
  expect(bucket.objects.has('gone/orders/1.csv')).toBe(true)
})
