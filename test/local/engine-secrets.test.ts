/** The engine quotes the SQL it was given in many of its errors, and that holds addresses and keys of buckets. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EngineError } from '../../src/local/engine/engine.ts'
import { type Bench, openBench } from './engine-setup.ts'

const keys = { accessKey: 'AKMARKER', secretKey: 'SKMARKER' }
const file = 'id,word\n1,ab\n'
let bench: Bench
let server: Server

beforeAll(async () => {
  bench = await openBench()
  server = createServer((request, response) => {
    const headers = { 'content-length': file.length, etag: '"x"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server on TCP has an address of this shape.
  const { port } = server.address() as AddressInfo
  const source = {
    format: 'CSVWithNames',
    at: { kind: 'url', url: `http://127.0.0.1:${port}/bucket/words.csv`, ...keys },
  } as const
  const columns = await bench.engine.describe(source)
  await bench.engine.put(1, { kind: 'table', id: 't', name: 't', source, columns })
})
afterAll(async () => {
  await bench.close()
  server.close()
})

const wrong = [
  '1e999, word from t',
  `${'9'.repeat(400)}, word from t`,
  '0x1p5, word from t',
  'word, count() from t group by id',
  'word, count() from t',
  'count() from t where count() > 1',
  'sum(count()) from t',
  '* from t order by sum(id)',
  'id from t group by 5',
  'id from t order by 7',
  'id + word from t',
  'a.id from t a join t b on a.id > b.word',
  'a.id from t a left join t b on 1',
  'a.id from t a left join t b using (zzz)',
  'word::int from t',
  'intDiv(1, id - 1) from t',
  'arrayJoin(id) from t',
  'id from t union all select word, 1 from t',
  'id from t where word in (select id, word from t)',
  '(select id, word from t union all select 1, 2) from t',
  'row_number() over w from t',
  'any(id) over (order by id range between 1 preceding and 5 following) from t',
  'if(word, 1, 2) from t',
  'id from t where word',
  'id from t having id > 1',
  'x + 1 as y, y + 1 as x from t',
  'distinct id from t order by word',
  't.zz from t',
  '* from t group by id',
  'quantile(2)(id) from t',
  "JSONExtractInt(id, 'x') from t",
  "formatDateTime(id, '%Q') from t",
  'arrayMap(x -> y, [id]) from t',
  'arrayMap((x, y) -> x, [id]) from t',
  "dateDiff('parsec', now(), now()) from t",
  'toStartOfInterval(now(), toIntervalDay(0)) from t',
  'repeat(word, 1000000000) from t',
  "match(word, '(') from t",
  'topK(0)(id) from t',
  'sum(word) from t',
  'max(id) as id from t where id = 1',
  'id from t where id = max(id)',
  '[id, word] from t',
  'multiIf(1, id, word, 2, 3) from t',
  'id between word and 2 from t',
  '-word from t',
  'id in (1, word) from t',
  'id.x from t',
  'toUUID(id) from t',
  '(id, word) = (1, 2, 3) from t',
  'nth_value(id, word) over () from t',
  'max(max(id)) over () from t',
  "id from t where tuple(1) = tuple('x')",
  'now() - word from t',
  "splitByChar('ab', word) from t",
  'range(id, word) from t',
  'id from t where (select 1, 2)',
  `id from t where word = '${'x'.repeat(9_000)}'::date`,
]

it.each(wrong)('no error tells of a bucket: select %s', async (rest) => {
  const sql = `select ${rest}`
  for (const call of [bench.engine.query(1, sql), bench.engine.analyse(1, sql)]) {
    const error = await call.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (error === undefined) continue
    if (!(error instanceof EngineError)) throw error
    expect(error.message).not.toMatch(/MARKER|127\.0\.0\.1|bucket|s3\(|SELECT|FORMAT|CSVWithNames/)
  }
})
