/** The files exports are made of, who gets them, for how long, and under what name. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { PNG } from 'pngjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { QueryAnswer } from '../../src/local/engine/engine.ts'
import { EngineError } from '../../src/local/engine/engine.ts'
import { toCsv } from '../../src/local/exports/csv.ts'
import { type Bench, openBench } from './tree-setup.ts'

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const SOURCE = { kind: 'HogQLQuery', query: 'select 1' }

let bench: Bench
let answer: Partial<QueryAnswer>
let queries: unknown[]
let failure: Error | undefined

const table = (columns: readonly (readonly [string, string])[], ...rows: unknown[][]): Partial<QueryAnswer> => ({
  columns: columns.map(([name, clickhouse]) => ({ name, clickhouse })),
  rows,
})

const toAnswer = (): QueryAnswer => ({
  columns: [],
  rows: [],
  hasMore: false,
  bytes: 0,
  limit: 100,
  offset: 0,
  executed: '',
  ...answer,
})

const query = async (...call: unknown[]): Promise<QueryAnswer> => {
  queries.push(call)
  if (failure !== undefined) throw failure
  return toAnswer()
}

beforeEach(async () => {
  answer = table([['id', 'UInt8']], [1])
  queries = []
  failure = undefined
  bench = await openBench({ query })
})
afterEach(() => bench.close())

interface Export {
  readonly id: number
  readonly has_content: boolean
  readonly exception: string | null
  readonly filename: string
}
// What comes is compared with literals; the cast only spares narrowing on the way there.
const create = async (format: string, context: object = {}, key?: string): Promise<Export> =>
  (await bench.ask('POST', 'exports/', { export_format: format, export_context: { source: SOURCE, ...context } }, key))
    .body as Export

/** Follows the redirect without the key. */
const fetchContent = async (id: number, search = ''): Promise<Response> => {
  const reply = await bench.ask('GET', `exports/${id}/content/${search}`)
  expect(reply.status).toBe(302)
  return bench.fetch(reply.headers.get('location') ?? '')
}
const contentOf = async (format: string): Promise<Buffer> => {
  const { id, exception } = await create(format)
  expect(exception).toBeNull()
  return Buffer.from(await (await fetchContent(id)).arrayBuffer())
}

/** A reader of RFC 4180 that knows nothing of the writer. */
const readCsv = (text: string): string[][] => {
  const rows: string[][] = [[]]
  let at = 0
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"') {
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
        cell += text[at]
        if (text[at] === '"') at += 1
      }
      at += 1
    } else {
      for (; at < text.length && text[at] !== ',' && text[at] !== '\r'; at += 1) cell += text[at]
    }
    rows.at(-1)?.push(cell)
    if (text[at] === '\r') rows.push([])
    at += text[at] === '\r' ? 2 : 1
  }
  return rows.slice(0, -1)
}

/** One file of a zip archive, found through its directory. */
const unzip = (archive: Buffer, name: string): string => {
  let at = archive.readUInt32LE(archive.lastIndexOf('PK\u0005\u0006') + 16)
  while (archive.readUInt32LE(at) === 0x02014b50) {
    const nameLength = archive.readUInt16LE(at + 28)
    const found = archive.toString('utf8', at + 46, at + 46 + nameLength)
    if (found === name) {
      const local = archive.readUInt32LE(at + 42)
      const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
      const packed = archive.subarray(start, start + archive.readUInt32LE(at + 20))
      return (archive.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : packed).toString()
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32)
  }
  throw new Error(`no ${name} in the archive`)
}

describe('CSV', () => {
  test('has a header, a line per row, and values as they are', async () => {
    answer = table(
      [
        ['id', 'UInt8'],
        ['a, "b"', 'String'],
        ['tags', 'Array(String)'],
      ],
      [1, 'plain', ['x', 'y']],
      [2, null, []],
      [3, '=1+2\r\n"quoted"', [' ']],
      [true, ' blank ', { k: 'v' }],
    )
    expect((await contentOf('text/csv')).toString()).toBe(
      [
        'id,"a, ""b""",tags\r\n',
        '1,plain,"[""x"",""y""]"\r\n',
        '2,,[]\r\n',
        '3,"=1+2\r\n""quoted""","["" ""]"\r\n',
        'true," blank ","{""k"":""v""}"\r\n',
      ].join(''),
    )
  })

  test('a row of nothing is still a row', () => {
    expect(toCsv({ columns: ['n'], types: [], rows: [[null], ['']] })).toBe('n\r\n""\r\n""\r\n')
  })

  test('whatever the cells hold, a reader gets it back', () => {
    const hostile = fc.array(
      fc.constantFrom('"', ',', '\r', '\n', '\r\n', ' ', '\t', ';', "'", '=', 'é', '😀', '\0', 'x'),
    )
    const cell = fc.oneof(
      hostile.map((parts) => parts.join('')),
      fc.string({ unit: 'grapheme' }),
    )
    const cells = fc.integer({ min: 1, max: 4 }).chain((width) => {
      const row = fc.array(cell, { minLength: width, maxLength: width })
      return fc.tuple(row, fc.array(row, { maxLength: 5 }))
    })
    fc.assert(
      fc.property(cells, ([columns, rows]) => {
        expect(readCsv(toCsv({ columns, types: [], rows }))).toEqual([columns, ...rows])
      }),
      { numRuns: 500 },
    )
  })
})

describe('XLSX', () => {
  test('opens as a sheet with numbers, truths and texts', async () => {
    answer = table(
      [
        ['n', 'Nullable(Int64)'],
        ['text', 'String'],
        ['b', 'Bool'],
        ['wide', 'UInt64'],
      ],
      [42, '=SUM(A1)<&>\u0001\ud800!', true, '18446744073709551615'],
      [null, 'é😀', false, '7'],
    )
    const archive = await contentOf(XLSX)
    const strings = [...unzip(archive, 'xl/sharedStrings.xml').matchAll(/<t[^>]*>([^<]*)<\/t>/g)].map(
      ([, text]) => text,
    )
    const cells = [...unzip(archive, 'xl/worksheets/sheet1.xml').matchAll(/<c r="(\w+)"([^>]*)>(?:<v>([^<]*)<\/v>)?/g)]
    const values = cells.map(([, place, attributes, value]) => [
      place,
      attributes?.includes('t="s"')
        ? `text ${strings[Number(value)]}`
        : attributes?.includes('t="b"')
          ? `truth ${value}`
          : value,
    ])
    expect(Object.fromEntries(values)).toMatchObject({
      A1: 'text n',
      D1: 'text wide',
      A2: '42',
      B2: 'text =SUM(A1)&lt;&amp;&gt;!',
      C2: 'truth 1',
      D2: 'text 18446744073709551615',
      B3: 'text é😀',
      C3: 'truth 0',
      D3: '7',
    })
  })
})

describe('PNG', () => {
  const inkOf = (image: PNG, top: number, bottom: number): number => {
    let ink = 0
    for (let at = top * image.width * 4; at < bottom * image.width * 4; at += 4) {
      if ((image.data[at] ?? 255) < 64) ink += 1
    }
    return ink
  }

  test('is a picture with ink for every row, and none where there is no text', async () => {
    answer = table([['name', 'String']], ['Ada'], [''], ['Zoë'])
    const image = PNG.sync.read(await contentOf('image/png'))
    const rows = [0, 1, 2, 3].map((row) => inkOf(image, 8 + row * 22, 30 + row * 22))
    expect(rows.map((ink) => ink > 40)).toEqual([true, true, false, true])
  })

  test('different texts are different pictures, the same are the same', async () => {
    const draw = async (name: string): Promise<Buffer> => {
      answer = table([['name', 'String']], [name])
      return contentOf('image/png')
    }
    const first = await draw('Ada')
    expect(await draw('Ada')).toEqual(first)
    expect(await draw('Adb')).not.toEqual(first)
  })

  test('stops at a size that can be looked at', async () => {
    const columns = Array.from({ length: 60 }, (_, index): [string, string] => [`column_${index}`, 'String'])
    const row = columns.map(() => 'x'.repeat(10_000))
    answer = table(columns, ...Array.from({ length: 500 }, () => row))
    const image = PNG.sync.read(await contentOf('image/png'))
    expect(image.width).toBeLessThan(2500)
    expect(image.height).toBeLessThan(1000)
    answer = table([['one', 'String']])
    expect(PNG.sync.read(await contentOf('image/png')).height).toBeGreaterThan(40)
  })
})

test('JSON has columns, types and rows', async () => {
  answer = table(
    [
      ['id', 'UInt8'],
      ['id', 'String'],
    ],
    [1, 'a'],
  )
  expect(JSON.parse((await contentOf('application/json')).toString())).toEqual({
    columns: ['id', 'id'],
    types: [
      ['id', 'UInt8'],
      ['id', 'String'],
    ],
    results: [[1, 'a']],
  })
})

describe('an export', () => {
  test('is shown as the sheet shows it', async () => {
    const context = { source: SOURCE, filename: 'stripe customers' }
    const made = await bench.ask('POST', 'exports/', { export_format: 'text/csv', export_context: context })
    expect(made.status).toBe(201)
    expect(made.body).toEqual({
      id: 1,
      dashboard: null,
      insight: null,
      export_format: 'text/csv',
      created_at: '2026-09-02T10:11:12.345Z',
      has_content: true,
      export_context: context,
      filename: 'stripe-customers-2026-09-02-101112.csv',
      expires_after: '2026-09-09T00:00:00Z',
      exception: null,
    })
    expect((await bench.ask('GET', 'exports/1/')).body).toEqual(made.body)
  })

  test('reads up to 50,000 rows, in its own project', async () => {
    await create('text/csv', { source: { ...SOURCE, values: { a: 1 } } })
    expect(queries).toEqual([[1, 'select 1', expect.objectContaining({ defaultLimit: 50_000, values: { a: 1 } })]])
  })

  test.each([
    ['text/csv', 'csv', '2026-09-09T00:00:00Z'],
    [XLSX, 'xlsx', '2026-09-09T00:00:00Z'],
    ['image/png', 'png', '2027-03-01T00:00:00Z'],
    ['application/json', 'json', '2027-03-01T00:00:00Z'],
  ])('as %s has its extension and its life', async (format, extension, expires) => {
    const made = await create(format)
    expect(made).toMatchObject({ filename: `export-2026-09-02-101112.${extension}`, expires_after: expires })
  })

  test.each([
    ['Déjà vu: 100% "sure"', 'deja-vu-100-sure'],
    ['  --a  _ b--  ', 'a-_-b'],
    ['../../etc/passwd', 'etcpasswd'],
    ['a\r\nb"; x', 'a-b-x'],
    ['日本', ''],
    [7, 'export'],
    ['', 'export'],
  ])('named %j gets a safe file name', async (filename, expected) => {
    expect((await create('text/csv', { filename })).filename).toBe(`${expected}-2026-09-02-101112.csv`)
  })

  test.each([
    [new EngineError('unknown_table', 'Unknown table `nope`.'), 'Unknown table `nope`.'],
    [new EngineError('busy', 'Queries are busy'), 'Queries are busy'],
  ])('that fails is 201 with the reason', async (error, exception) => {
    failure = error
    const made = await bench.ask('POST', 'exports/', { export_format: 'text/csv', export_context: { source: SOURCE } })
    expect(made).toMatchObject({ status: 201, body: { has_content: false, exception } })
    expect((await bench.ask('GET', 'exports/1/content/')).status).toBe(404)
  })

  test.each([
    [{ kind: 'TrendsQuery' }, /The local warehouse does not run TrendsQuery/],
    [{ kind: 'DatabaseSchemaQuery' }, /Unsupported query kind: DatabaseSchemaQuery/],
    [{ kind: 'HogQLQuery' }, /Field required/],
  ])('of %j is 201 with the reason', async (source, exception) => {
    expect(await create('text/csv', { source })).toMatchObject({
      has_content: false,
      exception: expect.stringMatching(exception),
    })
    expect(queries).toEqual([])
  })
})

describe('what cannot be exported', () => {
  const ask = async (body: object) => bench.ask('POST', 'exports/', body)
  const NO_SUBJECT = 'Either dashboard, insight or export_context is required for an export.'
  const VIDEO = 'Video export supports session recordings only.'
  const context = { source: SOURCE }
  test.each([
    [{ export_context: context }, 'export_format', 'required', 'This field is required.'],
    [{ export_format: null }, 'export_format', 'null', 'This field may not be null.'],
    [
      { export_format: 'application/x-ndjson', export_context: context },
      'export_format',
      'invalid_choice',
      '"application/x-ndjson" is not a valid choice.',
    ],
    [{ export_format: 'toString' }, 'export_format', 'invalid_choice', '"toString" is not a valid choice.'],
    [{ export_format: 'text/csv', export_context: {} }, null, 'invalid_input', NO_SUBJECT],
    [{ export_format: 'text/csv', export_context: null }, null, 'invalid_input', NO_SUBJECT],
    [
      { export_format: 'image/png', dashboard: 1 },
      'dashboard',
      'invalid_input',
      'This dashboard does not belong to your team.',
    ],
    [
      { export_format: 'image/png', insight: '7' },
      'insight',
      'invalid_input',
      'This insight does not belong to your team.',
    ],
    [
      { export_format: 'image/png', insight: 'abc' },
      'insight',
      'incorrect_type',
      'Incorrect type. Expected pk value, received str.',
    ],
    [{ export_format: 'video/mp4', export_context: context }, 'export_format', 'invalid_input', VIDEO],
    [
      { export_format: 'video/mp4', export_context: { session_recording_id: 'x' } },
      'export_context',
      'invalid_input',
      'The local warehouse has no session recordings; PostHog has.',
    ],
    [
      { export_format: 'image/png', export_context: { heatmap_url: 'http://10.0.0.1/' } },
      'export_context',
      'invalid_input',
      'heatmap_url not allowed: the local warehouse opens no web pages.',
    ],
    [
      { export_format: 'application/pdf', export_context: context },
      'export_format',
      'invalid_input',
      'The local warehouse does not write application/pdf; PostHog does.',
    ],
    [
      { export_format: 'text/csv', export_context: { path: '/api/x' } },
      'export_context',
      'invalid_input',
      'The local warehouse exports the results of queries only: export_context.source must be a HogQLQuery.',
    ],
  ])('%j', async (body, attr, code, detail) => {
    const reply = await ask(body)
    expect(reply.status).toBe(400)
    expect(reply.body).toEqual({ type: 'validation_error', code, detail, attr })
    expect((await bench.ask('GET', 'exports/')).body).toMatchObject({ count: 0 })
  })
})

describe('who sees it', () => {
  const NOT_FOUND = { type: 'invalid_request', code: 'not_found', detail: 'Not found.', attr: null }

  test('its maker alone, newest first, in its project', async () => {
    await create('text/csv', { path: '/api/one' })
    await create('image/png')
    await create('text/csv', {}, 'phx_ben')
    const list = async (search = '', key?: string) => {
      const { results } = (await bench.ask('GET', `exports/${search}`, undefined, key)).body as { results: Export[] }
      return results.map(({ id }) => id)
    }
    expect(await list()).toEqual([2, 1])
    expect(await list('', 'phx_ben')).toEqual([3])
    expect(await list('?export_format=text/csv')).toEqual([1])
    expect(await list('?export_format=text/nonsense')).toEqual([2, 1])
    expect(await list('?context_path=api/o')).toEqual([1])
    expect(await list('?limit=1&offset=1')).toEqual([1])
    expect((await bench.ask('GET', '2/exports/')).body).toMatchObject({ count: 0 })
    for (const path of ['exports/3/', 'exports/3/content/', 'exports/99/', 'exports/abc/', '2/exports/1/']) {
      expect([path, (await bench.ask('GET', path)).body]).toEqual([path, NOT_FOUND])
    }
    expect(await bench.ask('GET', 'exports/abc/content/')).toMatchObject({
      status: 500,
      body: { type: 'server_error' },
    })
  })

  test('until it expires, and then its file goes', async () => {
    const csv = await create('text/csv')
    const png = await create('image/png')
    const { headers } = await bench.ask('GET', `exports/${csv.id}/content/`)
    bench.now = Date.parse('2026-09-08T23:59:59.999Z')
    expect((await bench.ask('GET', `exports/${csv.id}/`)).status).toBe(200)
    bench.now += 1
    expect((await bench.ask('GET', `exports/${csv.id}/`)).body).toEqual(NOT_FOUND)
    expect((await bench.ask('GET', `exports/${csv.id}/content/`)).body).toEqual(NOT_FOUND)
    expect((await bench.ask('GET', 'exports/')).body).toMatchObject({ count: 1 })
    expect((await bench.fetch(headers.get('location') ?? '')).status).toBe(403)
    bench.now = Date.parse('2028-01-01T00:00:00Z')
    const next = await create('text/csv')
    expect(next.id).toBe(png.id + 1)
    expect(await readdir(join(bench.directory, 'exports'))).toEqual([String(next.id)])
  })

  test('one that a crash left without an outcome says so after 630 seconds', async () => {
    let resume = (): void => undefined
    await bench.close()
    bench = await openBench({ query: () => new Promise((resolve) => (resume = () => resolve(toAnswer()))) })
    const pending = create('text/csv')
    const seen = async () => (await bench.ask('GET', 'exports/1/')).body as Export
    await expect.poll(seen).toMatchObject({ id: 1, has_content: false, exception: null })
    expect((await bench.ask('GET', 'exports/1/content/')).body).toEqual(NOT_FOUND)
    bench.now += 630_000
    expect((await seen()).exception).toBeNull()
    bench.now += 1
    expect((await seen()).exception).toBe(
      'Export failed without throwing an exception. Please try to rerun this export and contact support if it fails to complete multiple times.',
    )
    resume()
    expect(await pending).toMatchObject({ id: 1, has_content: true, exception: null })
  })

  test('one that is under way when the warehouse stops says that', async () => {
    const query = (_project: number, _sql: string, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise<QueryAnswer>((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))))
    await bench.close()
    bench = await openBench({ query })
    const pending = create('text/csv')
    await expect.poll(async () => (await bench.ask('GET', 'exports/1/')).status).toBe(200)
    await bench.close()
    expect((await pending).exception).toBe('The local warehouse was stopped while this export was under way.')
    bench = await openBench()
  })

  test('files that no export tells of are removed when the warehouse opens', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'exports-'))
    try {
      const first = await openBench({ query, directory })
      await first.ask('POST', 'exports/', { export_format: 'text/csv', export_context: { source: SOURCE } })
      await first.close()
      await writeFile(join(directory, 'exports', '2'), 'left by a crash')
      await writeFile(join(directory, 'exports', '1.new'), 'left by a crash')
      const second = await openBench({ directory })
      expect(await readdir(join(directory, 'exports'))).toEqual(['1'])
      expect((await second.ask('GET', 'exports/1/content/')).status).toBe(302)
      await second.close()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  test('a full disk is told as the exception', async () => {
    await bench.close()
    bench = await openBench({ query, full: 'The local warehouse is full.' })
    expect(await create('text/csv')).toMatchObject({ has_content: false, exception: 'The local warehouse is full.' })
  })
})

describe('the storage', () => {
  test('gives the file to whoever has the address, for an hour, and to nobody else', async () => {
    const { id } = await create('text/csv', { filename: 'a b' })
    const plain = await fetchContent(id)
    expect(plain.headers.get('content-type')).toBe('text/csv')
    expect(plain.headers.get('content-disposition')).toBeNull()
    expect(await plain.text()).toBe('id\r\n1\r\n')
    const download = await fetchContent(id, '?download=true')
    expect(download.headers.get('content-disposition')).toBe('attachment; filename="a-b-2026-09-02-101112.csv"')

    const address = (await bench.ask('GET', `exports/${id}/content/`)).headers.get('location') ?? ''
    expect(new URL(address).origin).toBe('http://127.0.0.1')
    expect(address).not.toContain('phx_')
    const other = new URL(address)
    for (const [name, value] of [
      ['expires', '9999999999'],
      ['response-content-type', 'text/html'],
      ['response-content-disposition', 'inline'],
      ['signature', ''],
    ] as const) {
      const changed = new URL(address)
      changed.searchParams.set(name, value)
      expect([name, (await bench.fetch(changed.href)).status]).toEqual([name, 403])
    }
    await create('text/csv')
    other.pathname = other.pathname.replace(/\d+$/, '2')
    expect((await bench.fetch(other.href)).status).toBe(403)
    expect((await bench.fetch(`http://127.0.0.1/_storage/exports/${id}`)).status).toBe(403)
    // As at S3, two ways to say who is asking are one too many: a client must not send the key along.
    expect((await bench.fetch(address, { authorization: 'Bearer phx_ada' })).status).toBe(400)
    bench.now += 3_600_000
    expect((await bench.fetch(address)).status).toBe(403)
  })

  test('is passed by in N for a picture that is asked for directly', async () => {
    const { id } = await create('image/png')
    expect((await bench.ask('GET', `exports/${id}/content/?direct=true`)).status).toBe(302)
    await bench.close()
    bench = await openBench({ query, editions: { warehouse: 'N' } })
    expect(await create('image/png')).toMatchObject({ id: 1, user_access_level: 'manager' })
    const reply = await bench.ask('GET', 'exports/1/content/?direct=true&download=true')
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('image/png')
    expect(reply.headers.get('content-disposition')).toBe('attachment; filename="export-2026-09-02-101112.png"')
    expect(PNG.sync.read(reply.bytes).width).toBeGreaterThan(20)
  })
})
