import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { basename, join } from 'node:path'
import { queryAsync } from 'chdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FileSource } from '../../src/local/engine/engine.ts'
import { type Bench, customersCsv, failureOf, openBench } from './engine-setup.ts'

let bench: Bench
let server: Server
let origin: string
const seen: string[] = []

/** A bucket of one folder: GET and HEAD with ranges, ListObjectsV2, and a key nobody may read. */
function bucket(): Server {
  return createServer(async (request, response): Promise<unknown> => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`)
    const url = new URL(request.url ?? '/', 'http://bucket')
    if (url.searchParams.has('list-type')) {
      const contents = ['part-1.csv', 'part-2.csv'].map(
        (key) =>
          `<Contents><Key>${key}</Key><Size>16</Size><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>"x"</ETag></Contents>`,
      )
      response.writeHead(200, { 'content-type': 'application/xml' })
      return response.end(
        `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name><KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
      )
    }
    if (url.pathname.includes('denied')) return response.writeHead(403).end()
    if (url.pathname.includes('moved')) return response.writeHead(302, { location: '/bucket/customers.csv' }).end()
    const body = await readFile(join(bench.directory, basename(url.pathname))).catch(() => undefined)
    if (!body) return response.writeHead(404).end()
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
    const [from, to] = [Number(range?.[1] ?? 0), Math.min(Number(range?.[2] || body.length - 1), body.length - 1)]
    const headers = {
      'content-length': to - from + 1,
      'accept-ranges': 'bytes',
      etag: '"x"',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    }
    response.writeHead(
      range ? 206 : 200,
      range ? { ...headers, 'content-range': `bytes ${from}-${to}/${body.length}` } : headers,
    )
    return response.end(request.method === 'HEAD' ? undefined : body.subarray(from, to + 1))
  })
}

beforeAll(async () => {
  bench = await openBench()
  await bench.file('customers.csv', customersCsv)
  await bench.file('part-1.csv', 'id,name\n1,a\n')
  await bench.file('part-2.csv', 'id,name\n2,b\n')
  const parquet = await queryAsync(
    "SELECT number + 1 AS id, concat('n', toString(number)) AS name, number / 2 AS half FROM numbers(3)",
    { format: 'Parquet' },
  )
  await bench.file('rows.parquet', Buffer.from(parquet.bytes()))
  server = bucket()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
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
  const keys = { accessKey: 'AKTEST', secretKey: 'very-secret-key' }

  it('signs with the keys it was given and reads the rows', async () => {
    const source = {
      format: 'CSVWithNames',
      at: { kind: 'url', url: `${origin}/bucket/customers.csv`, ...keys },
    } as const
    const columns = await bench.engine.describe(source)
    await bench.engine.put(1, { kind: 'table', id: 's3', name: 'from_bucket', source, columns })
    const answer = await bench.engine.query(1, 'select count() from from_bucket')
    expect(answer.rows).toEqual([[3]])
    expect(answer.executed).toBe('SELECT count() FROM `from_bucket` AS `from_bucket` LIMIT 101')
    expect(seen.some((line) => line.startsWith('GET /bucket/customers.csv AWS4-HMAC-SHA256 Credential=AKTEST/'))).toBe(
      true,
    )
  })

  it('reads every file a glob matches', async () => {
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${origin}/bucket/part-*.csv`, ...keys } } as const
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
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${origin}/bucket/customers.csv` } } as const
    expect((await bench.engine.describe(source)).map(({ name }) => name)).toEqual(['id', 'name', 'mrr', 'joined'])
  })

  it.each([
    ['keys', keys],
    ['no keys', {}],
  ])('follows no redirect, with %s', async (_, given) => {
    const before = seen.length
    const source = { format: 'CSVWithNames', at: { kind: 'url', url: `${origin}/bucket/moved.csv`, ...given } } as const
    expect((await failureOf(bench.engine.describe(source))).reason).toBe('storage')
    expect(seen.slice(before).filter((line) => line.includes('customers'))).toEqual([])
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
    for (const given of [{ accessKey: 'AKTEST', secretKey: 'very-secret-key' }, {}]) {
      const error = await failureOf(
        bench.engine.describe({ format: 'CSV', at: { kind: 'url', url: `${origin}/bucket/${name}`, ...given } }),
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
