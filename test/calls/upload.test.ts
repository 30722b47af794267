import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { inTurn, type Recorder, startRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'

const folder = mkdtempSync(join(tmpdir(), 'upload-'))
let posthog: Recorder
let mcp: Connection
beforeAll(async () => {
  posthog = await startRecorder()
  mcp = await connectMcp({ origin: posthog.origin, flags: ['--allow-dir', folder] })
})
afterAll(async () => {
  await mcp.close()
  await posthog.close()
  rmSync(folder, { recursive: true })
})

/** Uploads, and gives the format and the file name that arrived. */
const upload = async (args: Record<string, unknown>) => {
  posthog.script(
    inTurn([{ json: { count: 0, next: null, results: [] } }, { status: 201, json: { id: ID, name: 'orders' } }]),
  )
  await mcp.call('warehouse_tables_upload_file', { name: 'orders', ...args })
  expect(posthog.requests.map(({ method }) => method)).toEqual(['GET', 'POST'])
  const body = posthog.requests[1]?.body ?? ''
  const format = /name="format"\r\n\r\n(\w+)\r\n/.exec(body)?.[1]
  const fileName = /filename="([^"]*)"/.exec(body)?.[1] ?? ''
  return { format, fileName }
}

test.each([
  ['rows.parquet', {}, 'Parquet', 'parquet'],
  ['ROWS.PARQUET', {}, 'Parquet', 'parquet'],
  ['rows.jsonl', {}, 'JSONEachRow', 'jsonl'],
  ['rows.ndjson', {}, 'JSONEachRow', 'jsonl'],
  ['rows.json', {}, 'JSONEachRow', 'jsonl'],
  ['rows.csv', {}, 'CSVWithNames', 'csv'],
  ['rows.parquet.csv', {}, 'CSVWithNames', 'csv'],
  ['rows', {}, 'CSVWithNames', 'csv'],
  ['parquet', {}, 'CSVWithNames', 'csv'],
  ['rows.csv', { format: 'Parquet' }, 'Parquet', 'parquet'],
  ['rows.parquet', { format: 'CSVWithNames' }, 'CSVWithNames', 'csv'],
])('the format of %s with %j is %s', async (path, said, format, ending) => {
  writeFileSync(join(folder, path), 'x')
  const arrived = await upload({ path, ...said })
  expect(arrived.format).toBe(format)
  expect(arrived.fileName).toMatch(new RegExp(`^orders-[0-9a-f]{8}\\.${ending}$`))
})

test('text is CSV unless it is said to be something else', async () => {
  expect((await upload({ content: 'a\n1\n' })).format).toBe('CSVWithNames')
  expect((await upload({ content: '{"a":1}', format: 'JSONEachRow' })).format).toBe('JSONEachRow')
})

test('two uploads of one name never share a stored file', async () => {
  const names: string[] = []
  for (let count = 0; count < 5; count += 1) names.push((await upload({ content: 'a\n1\n' })).fileName)
  for (const name of names) expect(name).toMatch(/^orders-[0-9a-f]{8}\.csv$/)
  expect(new Set(names).size).toBe(5)
})
