/** Queries that are allowed and ask for too much: each gets an answer or an error, and the next caller is served. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, failureOf, openBench } from './engine-setup.ts'

let bench: Bench

beforeAll(async () => {
  bench = await openBench({ timeoutMs: 5_000 })
})
afterAll(() => bench.close())

const nestedMaps = `length(toString(${'arrayMap(x -> '.repeat(9)}1${', range(10))'.repeat(9)}))`

describe('a flood', () => {
  it.each([
    ['range(1, 1000000000)', 'argument_out_of_bound'],
    ['length(arrayMap(x -> range(1000000), range(1000000)))', 'memory_limit_exceeded'],
    [nestedMaps, 'memory_limit_exceeded'],
    ["length(replaceRegexpAll(repeat('a', 1000000), 'a', repeat('b', 1000000)))", 'memory_limit_exceeded'],
    ["repeat('x', 100000000000)", 'too_large_string_size'],
  ])('of one value is stopped: %s', async (expression, code) => {
    const error = await failureOf(bench.engine.query(1, `select ${expression}`))
    // A busy machine may not get as far as the limit of memory.
    expect([code, 'timeout']).toContain(error.code ?? error.reason)
    expect(await bench.rows('select 1')).toEqual([[1]])
  })

  it.each([
    'select count() from events a cross join events b cross join events c cross join events d where a.event != d.event',
    'select groupArray(concat(a.uuid, b.uuid, c.uuid)) from events a cross join events b cross join events c',
  ])('of rows is stopped: %s', async (sql) => {
    const error = await failureOf(bench.engine.query(1, sql))
    expect(['timeout', 'memory_limit_exceeded']).toContain(error.code ?? error.reason)
    expect(await bench.rows('select 1')).toEqual([[1]])
  })

  it('of bytes in one value does not pass through the process that asked', async () => {
    const sql = "select repeat(repeat('x', 1000000), 200)"
    const before = process.resourceUsage().maxRSS
    const error = await failureOf(bench.engine.query(1, sql, { timeoutMs: 60_000 }))
    expect([error.reason, error.code]).toEqual(['execution', 'too_many_bytes'])
    // In KiB: less than the one value, of which the old way kept several copies.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(150_000)
    expect(await bench.rows('select 1')).toEqual([[1]])
  })

  it('of letters in an error is read at once', async () => {
    for (const letter of [' ', '/', 'a:', '(A', "\\'"]) {
      const text = letter.repeat(Math.floor(90_000 / letter.length))
      const error = await failureOf(bench.engine.query(1, `select '${text}x'::int`))
      expect([letter, error.code]).toEqual([letter, 'cannot_parse_text'])
    }
  })

  it('of conversions in conversions does not multiply', async () => {
    const nested = (name: string, depth: number): string => `${`${name}(`.repeat(depth)}timestamp${')'.repeat(depth)}`
    const sql = `select ${nested('toDate', 30)} = toDate(timestamp), ${nested('toDateTime', 30)} = timestamp from events limit 1`
    expect(await bench.rows(sql)).toEqual([[1, 1]])
  })
})
