import { join } from 'node:path'
import { queryAsync } from 'chdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FileSource } from '../../src/local/engine/engine.ts'
import { BUCKET_KEYS, type Bucket, startBucket } from '../services/bucket.ts'
import { type Bench, customersCsv, failureOf, openBench } from './engine-setup.ts'

let bench: Bench
let bucket: Bucket

beforeAll(async () => {
  bench = await openBench()
  await bench.file('customers.csv', customersCsv)
  const parquet = await queryAsync(
    "SELECT number + 1 AS id, concat('n', toString(number)) AS name, number / 2 AS half FROM numbers(3)",
    { format: 'Parquet' },
  )
  await bench.file('rows.parquet', Buffer.from(parquet.bytes()))
  bucket = await startBucket({ anonymous: true })
  bucket.objects.set('customers.csv', customersCsv)
  bucket.objects.set('part-1.csv', 'id,name\n1,a\n')
  bucket.objects.set('part-2.csv', 'id,name\n2,b\n')
  bucket.objects.set('denied.csv', 'id\n1\n')
  bucket.denied.add('denied.csv')
  bucket.moved.set('moved.csv', '/lake/customers.csv')
})
afterAll(async () => {
  await bucket.close()
  await bench.close()
})

const local = async (name: string, content: string, format: FileSource['format']): Promise<FileSource> => ({
  format,
  at: { kind: 'file', path: await bench.file(name, content) },
})

describe('files', () => {
  it('names the columns of a CSV without header c1, c2 and so on', async () => {
    const path = await bench.file('plain.csv', '1,x\n2,y\n')
    await bench.table(1, 'plain', 'plain', path, 'CSV')
    expect(await bench.rows('select c2, c1 from plain order by c1')).toEqual([
      ['x', 1],
      ['y', 2],
    ])
  })

  it('reads JSON by key, whatever the order and with keys missing', async () => {
    const path = await bench.file('a.jsonl', '{"id":1,"tags":["a","b"]}\n{"name":"n","id":2}\n')
    await bench.table(1, 'json', 'things', path, 'JSONEachRow')
    expect(await bench.rows('select id, name, tags from things order by id')).toEqual([
      [1, null, ['a', 'b']],
      [2, 'n', []],
    ])
  })

  it('reads Parquet with its own types', async () => {
    await bench.table(1, 'pq', 'rows', join(bench.directory, 'rows.parquet'), 'Parquet')
    const { columns, rows } = await bench.engine.query(1, 'select * from rows order by id')
    expect(rows).toEqual([
      [1, 'n0', 0],
      [2, 'n1', 0.5],
      [3, 'n2', 1],
    ])
    expect(columns.map(({ name }) => name)).toEqual(['id', 'name', 'half'])
  })

  it('honours the quote setting of each CSV, also in one query', async () => {
    const at = { kind: 'file', path: await bench.file('q.csv', 'v\n"a ""b"""\n') } as const
    const columns = [{ name: 'v', clickhouse: 'Nullable(String)' }]
    for (const csvAllowDoubleQuotes of [true, false]) {
      const source = { format: 'CSVWithNames', at, csvAllowDoubleQuotes } as const
      await bench.engine.put(1, {
        kind: 'table',
        id: `q${csvAllowDoubleQuotes}`,
        name: `quotes_${csvAllowDoubleQuotes}`,
        source,
        columns,
      })
    }
    expect(await bench.rows('select a.v, b.v from quotes_true a cross join quotes_false b')).toEqual([
      ['a "b"', '"a ""b"""'],
    ])
  })

  it('returns the type a column was set to', async () => {
    const path = join(bench.directory, 'customers.csv')
    await bench.table(1, 'typed', 'typed', path, 'CSVWithNames', {
      id: 'Nullable(String)',
      mrr: 'Nullable(Decimal(38, 10))',
      joined: "Nullable(DateTime64(6, 'UTC'))",
    })
    const { columns, rows } = await bench.engine.query(1, 'select id, mrr, joined from typed order by id limit 1')
    expect(columns.map(({ clickhouse }) => clickhouse)).toEqual([
      'Nullable(String)',
      'Nullable(Decimal(38, 10))',
      "Nullable(DateTime64(6, 'UTC'))",
    ])
    expect(rows).toEqual([['007', 10.5, '2024-01-01T00:00:00.000000Z']])
  })

  it('refuses a value that does not fit the type it was set to, rather than changing it', async () => {
    const path = join(bench.directory, 'customers.csv')
    await bench.table(1, 'bad', 'bad_text', path, 'CSVWithNames', { name: 'Nullable(Int64)' })
    expect((await failureOf(bench.engine.query(1, 'select name from bad_text'))).reason).toBe('execution')
    await bench.table(1, 'bad2', 'bad_parquet', join(bench.directory, 'rows.parquet'), 'Parquet', {
      half: 'Nullable(Int64)',
    })
    expect((await failureOf(bench.engine.query(1, 'select half from bad_parquet'))).reason).toBe('execution')
    await bench.table(1, 'fine', 'fine_parquet', join(bench.directory, 'rows.parquet'), 'Parquet', {
      id: 'Nullable(String)',
      name: 'Array(Nullable(String))',
    })
    expect(await bench.rows('select id from fine_parquet order by id limit 1')).toEqual([['1']])
  })
})

describe('buckets', () => {
  const keys = BUCKET_KEYS

  it('signs with the keys it was given and reads the rows', async () => {
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${bucket.url}customers.csv`, ...keys } } as const
    const columns = await bench.engine.describe(source)
    await bench.engine.put(1, { kind: 'table', id: 's3', name: 'from_bucket', source, columns })
    const answer = await bench.engine.query(1, 'select count() from from_bucket')
    expect(answer.rows).toEqual([[3]])
    expect(answer.executed).toBe('SELECT count() FROM `from_bucket` AS `from_bucket` LIMIT 101')
    expect(
      bucket.seen.some((line) => line.startsWith('GET /lake/customers.csv AWS4-HMAC-SHA256 Credential=AKTEST/')),
    ).toBe(true)
  })

  it('reads every file a glob matches', async () => {
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${bucket.url}part-*.csv`, ...keys } } as const
    await bench.engine.put(1, {
      kind: 'table',
      id: 'glob',
      name: 'parts',
      source,
      columns: await bench.engine.describe(source),
    })
    expect(await bench.rows('select id, name from parts order by id')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
  })

  it('reads a public file without keys', async () => {
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${bucket.url}customers.csv` } } as const
    expect((await bench.engine.describe(source)).map(({ name }) => name)).toEqual(['id', 'name', 'mrr', 'joined'])
  })

  it.each([
    ['keys', keys],
    ['no keys', {}],
  ])('follows no redirect, with %s', async (_, given) => {
    const before = bucket.seen.length
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${bucket.url}moved.csv`, ...given } } as const
    expect((await failureOf(bench.engine.describe(source))).reason).toBe('storage')
    expect(bucket.seen.slice(before).filter((line) => line.includes('customers'))).toEqual([])
  })
})

describe('files that cannot be read', () => {
  it.each([
    ['empty.csv', '', 'CSVWithNames', 'The provided file contains no data'],
    ['empty.jsonl', '', 'JSONEachRow', 'The provided file contains no data'],
    ['ragged.csv', 'a,b\n1,2\n3\n', 'CSV', 'The provided file has rows with different amount of values'],
    ['text.parquet', 'this is not parquet at all', 'Parquet', 'The provided file is not in Parquet format'],
    ['broken.jsonl', 'not json\n', 'JSONEachRow', 'Could not get columns'],
  ] as const)('says why %s fails', async (name, content, format, text) => {
    const error = await failureOf(bench.engine.describe(await local(name, content, format)))
    expect([error.reason, error.message]).toEqual(['storage', text])
  })

  it.each([
    ['nope.csv', "The provided file doesn't exist in the bucket"],
    ['denied.csv', 'Access was denied when reading the provided file'],
  ])('says why %s fails in a bucket, with keys and without', async (name, text) => {
    for (const given of [BUCKET_KEYS, {}]) {
      const error = await failureOf(
        bench.engine.describe({ format: 'CSV', at: { kind: 'url', url: `${bucket.url}${name}`, ...given } }),
      )
      expect([error.reason, error.message]).toEqual(['storage', text])
    }
  })

  it('takes a star in the name of a local file for no pattern', async () => {
    await bench.file('star-secret.csv', 'a\nsecret\n')
    const path = await bench.file('star*.csv', 'a\n1\n')
    const error = await failureOf(bench.engine.describe({ format: 'CSVWithNames', at: { kind: 'file', path } }))
    expect([error.reason, error.message]).toEqual(['storage', expect.stringContaining('cannot read a file with *')])
  })

  it.each([
    ['den*.csv', BUCKET_KEYS, 'Access was denied when reading the provided file'],
    ['part*.csv', { ...BUCKET_KEYS, secretKey: 'wrong' }, 'Access was denied when reading the provided file'],
    ['part*.csv', { ...BUCKET_KEYS, accessKey: 'AKNONE' }, 'The Access Key you provided does not exist'],
    ['../nowhere/*.csv', BUCKET_KEYS, "The provided bucket doesn't exist"],
  ])('says in the words of the API what S3 says of %s with %j', async (name, keys, text) => {
    const url = new URL(name, bucket.url).href
    const error = await failureOf(bench.engine.describe({ format: 'CSV', at: { kind: 'url', url, ...keys } }))
    expect([error.reason, error.message]).toEqual(['storage', text])
  })

  it('says so when a file is gone at query time', async () => {
    const path = await bench.file('gone.csv', 'a\n1\n')
    await bench.table(1, 'gone', 'gone', path, 'CSVWithNames')
    await bench.engine.put(1, {
      kind: 'table',
      id: 'gone',
      name: 'gone',
      columns: [{ name: 'a', clickhouse: 'Nullable(Int64)' }],
      source: { format: 'CSVWithNames', at: { kind: 'file', path: `${path}.not` } },
    })
    const error = await failureOf(bench.engine.query(1, 'select * from gone'))
    expect([error.reason, error.message]).toEqual(['storage', "The provided file doesn't exist in the bucket"])
  })

  it.each([
    [{ format: 'Delta', at: { kind: 'file', path: '/x' } }, 'cannot read Delta'],
    [{ format: 'CSV', at: { kind: 'url', url: 'file:///etc/passwd' } }, "doesn't exist"],
    [{ format: 'CSV', at: { kind: 'url', url: 'http://127.0.0.1:1/x.csv' } }, 'Could not get columns'],
    [{ format: 'CSV', at: { kind: 'file', path: '/nowhere/{a.csv,../etc/passwd}' } }, 'cannot read a file with'],
    [{ format: 'CSV', at: { kind: 'file', path: '/nowhere/a.zip :: b.csv' } }, 'cannot read a file with'],
    [{ format: 'CSV', at: { kind: 'url', url: 'https://{example.com,127.0.0.1}/a.csv' } }, "doesn't exist"],
  ] as const)('refuses %j', async (source, text) => {
    const error = await failureOf(bench.engine.describe(source))
    expect(error.reason).toBe('storage')
    expect(error.message).toContain(text)
  })
})
