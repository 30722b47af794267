/** What waits for its turn while the names it reads are replaced or removed. */
import { rm } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type Bench, failureOf, openBench } from './engine-setup.ts'

let bench: Bench

afterEach(() => bench.close())

/** Sixteen billion rows: minutes of work that give no row before their end. */
const endless =
  'select count() from events a cross join events b cross join events c cross join events d where a.event != d.distinct_id'

/** Keeps the engine busy until `release` is called. */
const hold = async (): Promise<{ release(): Promise<void> }> => {
  const stop = new AbortController()
  const held = failureOf(bench.engine.query(1, endless, { signal: stop.signal }))
  // A text is in the lane once it is parsed, which takes a turn of the event loop.
  await setImmediate()
  return {
    release: async () => {
      stop.abort()
      expect((await held).reason).toBe('cancelled')
    },
  }
}

/** Rows of the row store with one number in them. */
const rowsWith = async (n: number): Promise<string> => {
  const table = await bench.engine.rows.create(1, [{ name: 'n', clickhouse: 'Int64' }])
  await bench.engine.rows.insert(table, ['n'], [`[${n}]`])
  return table
}

const serve = (rows: string): Promise<void> =>
  bench.engine.put(1, { kind: 'rows', id: 't', name: 'stored', alias: 'dotted.name', rows })

test('a run reads the rows that took the place of those it was started on', async () => {
  bench = await openBench()
  const { engine } = bench
  const [before, after] = [await rowsWith(1), await rowsWith(2)]
  await serve(before)
  const view = { kind: 'view', id: 'v', name: 'reader', sql: 'select n from stored', rows: null } as const
  await engine.put(1, view)
  const { release } = await hold()
  const run = engine.materialize(1, 'v')
  await serve(after)
  const dropped = engine.rows.drop(before)
  await release()
  const made = await run
  await dropped
  await engine.put(1, { ...view, rows: made.table })
  expect(await bench.rows('select n from reader')).toEqual([[2]])
})

test('queries, analyses and counts that wait read what a table was replaced with', async () => {
  bench = await openBench()
  const { engine } = bench
  await bench.table(1, 't', 'stored', await bench.file('old.csv', 'n\n1\n'), 'CSVWithNames')
  const { release } = await hold()
  const waiting = Promise.all([
    engine.query(1, 'select n from stored'),
    engine.analyse(1, 'select n from stored'),
    engine.count(1, 'stored'),
  ])
  await setImmediate()
  const path = await bench.file('new.csv', 'n\n2\n3\n')
  const source = { format: 'CSVWithNames', at: { kind: 'file', path } } as const
  await engine.put(1, {
    kind: 'table',
    id: 't',
    name: 'stored',
    source,
    columns: [{ name: 'n', clickhouse: 'String' }],
  })
  await rm(`${bench.directory}/old.csv`)
  await release()
  const [answer, analysis, count] = await waiting
  expect(answer.rows).toEqual([['2'], ['3']])
  expect(analysis.columns).toEqual([{ name: 'n', clickhouse: 'String' }])
  expect(count).toBe(2)
})

test('a query that waits while its table is deleted says that there is none', async () => {
  bench = await openBench()
  const { engine } = bench
  const rows = await rowsWith(1)
  await serve(rows)
  await bench.table(1, 'f', 'of_a_file', await bench.file('f.csv', 'n\n1\n'), 'CSVWithNames')
  const { release } = await hold()
  const waiting = ['stored', 'dotted.name', 'of_a_file'].map((name) =>
    failureOf(engine.query(1, `select n from ${name}`)),
  )
  await setImmediate()
  for (const id of ['t', 'f']) await engine.remove(1, id)
  const dropped = engine.rows.drop(rows)
  await rm(`${bench.directory}/f.csv`)
  await release()
  expect((await Promise.all(waiting)).map(({ reason, message }) => [reason, message])).toEqual([
    ['unknown_table', 'Unknown table `stored`.'],
    ['unknown_table', 'Unknown table `dotted.name`.'],
    ['unknown_table', 'Unknown table `of_a_file`.'],
  ])
  await dropped
  // The lane went on behind the ones that had nothing to run.
  expect(await bench.rows('select 1')).toEqual([[1]])
})

test('a mistake is told while the engine is busy', async () => {
  bench = await openBench()
  const { release } = await hold()
  expect((await failureOf(bench.engine.query(1, 'select 1 from nowhere'))).reason).toBe('unknown_table')
  expect((await failureOf(bench.engine.analyse(1, 'select 1 from nowhere'))).reason).toBe('unknown_table')
  expect((await failureOf(bench.engine.count(1, 'nowhere'))).reason).toBe('unknown_table')
  await release()
})

test('the engine is drained when everything asked before has its answer', async () => {
  bench = await openBench()
  const { release } = await hold()
  const seen: string[] = []
  const answered = bench.engine.query(1, 'select 1').then(() => seen.push('answered'))
  await setImmediate()
  const drained = bench.engine.drained().then(() => seen.push('drained'))
  await release()
  await Promise.all([answered, drained])
  expect(seen).toEqual(['answered', 'drained'])
})

test('rows that are gone from the engine are told of without its names', async () => {
  bench = await openBench()
  const rows = await rowsWith(1)
  await serve(rows)
  await bench.engine.rows.drop(rows)
  const error = await failureOf(bench.engine.query(1, 'select n from stored'))
  expect(error).toMatchObject({
    reason: 'execution',
    code: 'unknown_table',
    message: 'The rows of a table that this query reads are gone.',
  })
})
