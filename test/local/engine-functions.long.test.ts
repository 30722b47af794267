/**
 * Every function and cast of the local warehouse with arguments of every type, against ClickHouse itself: the call as
 * PostHog would print it runs on the same engine without HogQL in between. It has the same answer and type, or none.
 */
import { join } from 'node:path'
import { Session } from 'chdb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngineError } from '../../src/local/engine/engine.ts'
import { functionNames } from '../../src/local/engine/hogql/functions.ts'
import { castTypes } from '../../src/local/engine/hogql/types.ts'
import { readChunk } from '../../src/local/engine/row-text.ts'
import { type Bench, openBench } from './engine-setup.ts'

/** One column for each type, and two rows of which the second is NULL where it can be. */
const columns = {
  i: 'Int64',
  f: 'Float64',
  s: 'String',
  n: 'String',
  d: 'Date',
  d32: 'Date32',
  t: "DateTime('UTC')",
  t6: "DateTime64(6, 'UTC')",
  z: 'Nullable(String)',
  zi: 'Nullable(Int64)',
  b: 'Bool',
  a: 'Array(Int64)',
  m: 'Decimal(18, 4)',
  u: 'UUID',
  j: 'String',
  mp: 'Map(String, Int64)',
} as const
type Column = keyof typeof columns
const names = Object.keys(columns) as Column[]
/** Enough beside further arguments. */
const few: readonly Column[] = ['i', 'f', 's', 'd', 't6', 'z', 'b', 'a', 'm']
const uuid = '0194d642-0000-7000-8000-000000000001'
const lines = [
  [5, 1.5, 'äbc', '12', '2024-01-31', '1950-03-04', 1706670245, '2024-01-31 03:04:05.678901', 'x', 7, true, [3, 1]],
  [-2, 0, '2024-02-29 10:00:00', 'x', '2024-02-29', '2250-01-01', 0, '1969-12-31 23:59:59.5', null, null, false, []],
].map((line, at) => JSON.stringify([...line, at + 0.25, uuid, '{"b":[1,"y"],"c":null}', { k: 1 }]))

const structure = names.map((name) => `${name} ${columns[name]}`).join(', ')

let bench: Bench
let clickhouse: Session
beforeAll(async () => {
  bench = await openBench()
  const connectionArgs = ['--session_timezone=UTC', '--transform_null_in=1', '--date_time_output_format=iso']
  clickhouse = new Session(join(bench.directory, 'clickhouse'), { connectionArgs })
  await clickhouse.queryAsync(`CREATE TABLE typed (${structure}) ENGINE = Memory`)
  await clickhouse.queryAsync(`INSERT INTO typed FORMAT JSONCompactEachRow ${lines.join('\n')}`)
  const fields = names.map((name) => ({ name, clickhouse: columns[name] }))
  const rows = await bench.engine.rows.create(1, fields)
  await bench.engine.rows.insert(rows, names, lines)
  await bench.engine.put(1, { kind: 'rows', id: 'r', name: 'typed', alias: 'typed', rows })
})
afterAll(async () => {
  clickhouse.cleanup()
  await bench.close()
})

/** What ClickHouse answers; undefined when it refuses. */
const ask = async (expression: string): Promise<unknown> => {
  try {
    const answer = await clickhouse.queryAsync(`SELECT ${expression} FROM typed`, {
      format: 'JSONCompactEachRowWithNamesAndTypes',
    })
    const { types, rows } = readChunk(answer.text())
    return { types, rows }
  } catch {
    // chDB leaves the head of a failed answer in front of the next one.
    await clickhouse.queryAsync('SELECT 1')
    return undefined
  }
}

const askLocal = async (expression: string): Promise<unknown> => {
  try {
    const { columns, rows } = await bench.engine.query(1, `select ${expression} from typed`)
    return { types: columns.map(({ clickhouse }) => clickhouse), rows }
  } catch (error) {
    if (error instanceof EngineError && ['execution', 'unsupported'].includes(error.reason)) return undefined
    throw error
  }
}

/** What follows the first argument, or the whole list with `X` where the argument goes. */
const tails: Readonly<Record<string, readonly string[]>> = {
  arrayMap: ['v -> v, X', 'v -> v + 1, X'],
  arrayFilter: ['v -> v > 1, X'],
  arrayFirst: ['v -> v > 1, X'],
  arrayExists: ['v -> v > 1, X'],
  arrayAll: ['v -> v > 1, X'],
  arrayCount: ['v -> v > 1, X', 'X'],
  arraySum: ['v -> v + 1, X', 'X'],
  arraySort: ['v -> -v, X', 'X'],
  arrayConcat: ['X, [1]', 'X, X'],
  arrayElement: ['X, 1', 'X, -1', '[X], 1'],
  arrayStringConcat: ['X', "['a', 'b'], X"],
  dateDiff: ["'day', X, t", "'hour', t6, X", "'month', d, X"],
  dateTrunc: ["'month', X", "'day', X", "'hour', X, 'UTC'"],
  formatDateTime: ["X, '%Y-%m-%d %H:%i:%S'"],
  has: ['X, 1', '[X], X', "['x'], X"],
  hasAll: ['X, [1]', '[X], [X]'],
  hasAny: ['X, [1]', '[X], [X]'],
  if: ['b, X, X', 'X, 1, 2'],
  multiIf: ['b, X, X', 'X, 1, 2'],
  indexOf: ['X, 1', '[X], X'],
  JSONExtractArrayRaw: ["X, 'b'"],
  range: ['X', '0, X'],
  repeat: ['X, 2', "'ab', X"],
  splitByChar: ["',', X", 'X, s'],
  splitByString: ["', ', X"],
  toStartOfInterval: ['X, toIntervalDay(1)', 'X, interval 15 minute'],
  toTimeZone: ["X, 'Europe/Berlin'", 'X'],
  tupleElement: ['(X, 1), 1', "tuple('a', X), 2"],
  toDayOfWeek: ['X', 'X, 1'],
  argMaxIf: ['X, X, b', 'X, i, b'],
  argMinIf: ['X, X, b', 'X, i, b'],
  not: ['X'],
  base64Decode: ['base64Encode(X)'],
  substring: ['X, 1, 2', "'abcdef', X, 2"],
}

/** The fewest arguments, told by PostHog's sentence about too few. */
const arityOf = async (name: string, over: string): Promise<number> => {
  const calls = [[], ['i'], ['i', 'i'], ['i', 'i', 'i']]
  for (const args of calls) {
    const error = await bench.engine.query(1, `select ${name}(${args.join(', ')})${over} from typed`).catch((e) => e)
    if (!/expects (?:at least )?\d+ arguments?, found/.test(error instanceof EngineError ? error.message : '')) {
      return args.length
    }
  }
  throw new Error(`${name} takes no number of arguments`)
}

const templatesOf = async (name: string, over: string): Promise<readonly string[]> => {
  if (Object.hasOwn(tails, name)) return tails[name] ?? []
  const arity = await arityOf(name, over)
  if (arity === 0) return ['']
  if (arity === 1) return ['X']
  return arity === 2 ? ["X, 'b'", 'X, zi', 'X, X'] : ["X, 'b', 'c'"]
}

const isDated = (column: string): boolean => ['d', 'd32', 't', 't6'].includes(column)
const comparisonOf = (name: string, args: readonly string[]): string => {
  const plain = `${name}(${args.join(', ')})`
  const constant = args.some((arg) => /^['\d]/.test(arg))
  const sides = (test: string): string => args.map((arg) => `${test}(${arg})`).join(', ')
  if (['equals', 'like', 'ilike'].includes(name))
    return `ifNull(${plain}, ${constant ? '0' : `and(${sides('isNull')})`})`
  if (!name.startsWith('not')) return `ifNull(${plain}, 0)`
  return `ifNull(${plain}, ${constant ? '1' : `or(${sides('isNotNull')})`})`
}

/** ClickHouse's call for a call of HogQL; by default the same. From PostHog's own table of functions. */
const printed = (name: string, args: readonly string[]): string => {
  const [x = ''] = args
  if (/^(not)?(equals|i?like|less|greater)|^not(Equals|I?Like)$/i.test(name)) return comparisonOf(name, args)
  switch (name) {
    case 'left':
    case 'right':
      return `${name}UTF8(${args.join(', ')})`
    case 'toInt':
      return `accurateCastOrNull(${x}, 'Int64')`
    case 'toFloat':
      return `accurateCastOrNull(${x}, 'Float64')`
    case 'toUUID':
      return `accurateCastOrNull(${x}, 'UUID')`
    case 'toDate':
      return isDated(x) ? `toDate(${x})` : `toDateOrNull(${x})`
    case 'toDateTime':
      return isDated(x) || x === 'i' || x === 'zi'
        ? `toDateTime(${x}, 'UTC')`
        : `parseDateTime64BestEffortOrNull(${x}, 6, 'UTC')`
    case 'concat':
      return `concat(${args.map((arg) => `ifNull(toString(${arg}), '')`).join(', ')})`
    case 'lag':
    case 'lead':
      return `${name}InFrame(toNullable(${x})${args.length > 1 ? `, ${args.slice(1).join(', ')}` : ''})`
    case 'toTimeZone':
      return `toTimeZone(${x}, ${args[1] ?? "'UTC'"})`
    default:
      return `${name}(${args.join(', ')})`
  }
}

/** The arguments of a list, at its top level. */
const split = (list: string): string[] => {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at <= list.length; at += 1) {
    if ('(['.includes(list[at] ?? ' ')) depth += 1
    if (')]'.includes(list[at] ?? ' ')) depth -= 1
    if (at < list.length && !(list[at] === ',' && depth === 0 && !/'[^']*$/.test(list.slice(start, at)))) continue
    parts.push(list.slice(start, at).trim())
    start = at + 1
  }
  return parts
}

const wholeFrame = 'rows between unbounded preceding and unbounded following'
const clocks = ['now', 'today', 'yesterday']

interface Tally {
  answers: number
  refusals: number
  readonly wrong: string[]
}

const compare = async (tally: Tally, hogql: string, clickhouse: string): Promise<boolean> => {
  const [here, there] = [await askLocal(hogql), await ask(clickhouse)]
  if (here === undefined) tally.refusals += 1
  else tally.answers += 1
  if (JSON.stringify(here) !== JSON.stringify(there))
    tally.wrong.push(`${hogql} = ${JSON.stringify(here)}, but ${clickhouse} = ${JSON.stringify(there)}`)
  return here !== undefined
}

const compareAll = async (tally: Tally, name: string, over = '', parameters = ''): Promise<void> => {
  let answered = false
  for (const template of await templatesOf(name, over)) {
    for (const column of template === '' ? [''] : template === 'X' ? names : few) {
      const list = template.replaceAll('X', column)
      const args = list === '' ? [] : split(list)
      // PostHog writes out that these look past the usual frame.
      const framed = /^(lag|lead)$/.test(name) ? over.replace(')', ` ${wholeFrame})`) : over
      const hogql = `${name}${parameters}(${list})${over}`
      if (await compare(tally, hogql, `${printed(`${name}${parameters}`, args)}${framed}`)) answered = true
    }
  }
  if (!answered) tally.wrong.push(`${name} never answered`)
}

/** A function that answers no call at all would be compared with nothing. */
const expectAll = (tally: Tally, answers: number, refusals: number): void => {
  expect(tally.wrong).toEqual([])
  expect([tally.answers >= answers, tally.refusals >= refusals]).toEqual([true, true])
}

describe('with arguments of every type', { timeout: 300_000 }, () => {
  const tallied = (): Tally => ({ answers: 0, refusals: 0, wrong: [] })

  it('every function answers as ClickHouse does, or not at all', async () => {
    const tally = tallied()
    for (const name of functionNames('scalar')) if (!clocks.includes(name)) await compareAll(tally, name)
    expectAll(tally, 1_000, 2_000)
  })

  it('every aggregate, too, with its parameters', async () => {
    const tally = tallied()
    for (const name of functionNames('aggregate')) {
      await compareAll(tally, name, '', name === 'topK' ? '(2)' : name.startsWith('quantile') ? '(0.5)' : '')
    }
    expectAll(tally, 300, 300)
  })

  it('every window function', async () => {
    const tally = tallied()
    for (const name of functionNames('window')) await compareAll(tally, name, ' over (order by i desc)')
    expectAll(tally, 60, 20)
  })

  it('every cast', async () => {
    const tally = tallied()
    const functions: Readonly<Record<string, string>> = { int: 'toInt64', integer: 'toInt64', date: 'toDate' }
    for (const type of castTypes) {
      for (const column of names) {
        const to = /^(string|text|v?ar?char|char)$/.test(type) ? 'toString' : 'toFloat64'
        const name = type.includes('time') ? 'toDateTime' : (functions[type] ?? to)
        await compare(tally, `${column}::${type}`, `${name}(${column}${name === 'toDateTime' ? ", 'UTC'" : ''})`)
      }
    }
    expectAll(tally, 150, 50)
  })
})
