/** The room rows take on the disk. */
import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { type Bench, openBench } from './engine-setup.ts'
import { sizeOf } from './folders.ts'

let bench: Bench | undefined

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

it('takes the room of many small batches once, although the engine puts them together', async () => {
  bench = await openBench()
  const { engine, directory } = bench
  const table = await engine.rows.create(1, [{ name: 'word', clickhouse: 'String' }])
  const batch = (): string[] => Array.from({ length: 10_000 }, () => `["${randomBytes(24).toString('base64')}"]`)
  let bytes = 0
  for (let turn = 0; turn < 60; turn += 1) {
    const lines = batch()
    bytes += lines.join('').length
    await engine.rows.insert(table, ['word'], lines)
  }
  expect(await engine.rows.count(table)).toBe(600_000)
  await expect.poll(() => sizeOf(directory), { timeout: 20_000 }).toBeLessThan(bytes)
  await engine.rows.drop(table)
  expect(await sizeOf(directory)).toBeLessThan(bytes / 100)
})

it('takes the room of a view that was run once', async () => {
  bench = await openBench()
  const { engine, directory } = bench
  const hashes =
    'select cityHash64(concat(a.uuid, b.uuid, c.uuid)) as h from events a cross join events b cross join events c limit 8000000'
  await engine.put(1, { kind: 'view', id: 'v', name: 'hashes', sql: hashes, rows: null })
  await engine.materialize(1, 'v')
  const before = await sizeOf(directory)
  // Eight bytes each, and what the engine adds.
  expect(before).toBeLessThan(8_000_000 * 8.5)
  await bench.rows('select count() from events a cross join events b cross join events c where a.uuid != c.uuid')
  expect(await sizeOf(directory)).toBe(before)
})
