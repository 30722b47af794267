import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, customersCsv, failureOf, openBench } from './engine-setup.ts'

let bench: Bench
let path: string

beforeAll(async () => {
  bench = await openBench()
  path = await bench.file('customers.csv', customersCsv)
  await bench.table(1, 't1', 'customers', path, 'CSVWithNames')
  await bench.table(2, 't1', 'secrets', path, 'CSVWithNames')
  const view = { kind: 'view', id: 'v', name: 'hidden_view', sql: 'select 1 as one', rows: null } as const
  await bench.engine.put(2, view)
  const { table } = await bench.engine.materialize(2, 'v')
  await bench.engine.put(2, { ...view, rows: table })
})
afterAll(() => bench.close())

/** Each is refused as unsupported; the message holds the second text. */
const unsupported: readonly (readonly [string, string])[] = [
  ["select * from file('/etc/passwd')", 'the table function file'],
  ["select * from file('/etc/passwd', 'LineAsString')", 'the table function file'],
  ["select * from url('http://127.0.0.1/')", 'the table function url'],
  ["select * from s3('https://bucket/key')", 'the table function s3'],
  ["select * from remote('localhost', 'system.tables')", 'the table function remote'],
  ["select * from executable('id', 'TSV', 'a String')", 'the table function executable'],
  ["select * from mysql('127.0.0.1:3306', 'd', 't', 'u', 'p')", 'the table function mysql'],
  ["select * from postgresql('127.0.0.1:5432', 'd', 't', 'u', 'p')", 'the table function postgresql'],
  ["select * from azureBlobStorage('x', 'y', 'z')", 'the table function azureBlobStorage'],
  ["select * from cluster('default', system.one)", 'the table function cluster'],
  ["select * from merge('system', '.*')", 'the table function merge'],
  ["select * from dictionary('d')", 'the table function dictionary'],
  ["select * from input('a String')", 'the table function input'],
  ["select * from format('CSV', '1')", 'Unexpected "format"'],
  ["select * from generateRandom('a String')", 'the table function generateRandom'],
  ['select * from generate_series(1, 1000000000000)', 'the table function generate_series'],
  ['select * from zeros(1000000000000)', 'the table function zeros'],
  ['select * from Python(x)', 'the table function Python'],
  ['select * from viewExplain(1)', 'the table function viewExplain'],
  ["select * from events where event in file('/etc/passwd')", 'IN without a list'],
  ["select * from `file`('/etc/passwd')", 'the table function file'],
  ["select * from /* x */ file /* y */ ('/etc/passwd')", 'the table function file'],
  ["select * from events join file('/etc/passwd') f on 1", 'the table function file'],
  ["select * from (select * from file('/etc/passwd'))", 'the table function file'],
  ["with a as (select * from url('http://x/')) select 1", 'the table function url'],
  ["select 1 where 1 in (select 1 from url('http://x/'))", 'the table function url'],
  ['select * from numbers(10)', 'the table function numbers'],
  ['select * from numbers', 'the table numbers'],
  ['select * from system.tables', 'the table system.tables'],
  ['select * from `system`.`tables`', 'the table system.tables'],
  ['select * from INFORMATION_SCHEMA.tables', 'the table INFORMATION_SCHEMA.tables'],
  ["select file('/etc/passwd')", 'the function file'],
  ["select `file`('/etc/passwd')", 'the function file'],
  ["select getSetting('session_timezone')", 'the function getSetting'],
  ['select currentDatabase()', 'the function currentDatabase'],
  ['select hostName(), version()', 'the function hostName'],
  ["select dictGet('a', 'b', 1)", 'the function dictGet'],
  ["select joinGet('a', 'b', 1)", 'the function joinGet'],
  ['select sleepEachRow(3)', 'the function sleepEachRow'],
  ["select dictGetOrDefault('a', 'b', 1, 2)", 'the function dictGetOrDefault'],
  ["select getMacro('x')", 'the function getMacro'],
  ['select filesystemAvailable()', 'the function filesystemAvailable'],
  ["select structureToProtobufSchema('a String')", 'the function structureToProtobufSchema'],
  ["select executable('id')", 'the function executable'],
  ["select catboostEvaluate('/etc/passwd', 1)", 'the function catboostEvaluate'],
  ['select sumMapX(1)', 'the function sumMapX'],
  ["select 1 into outfile '/tmp/x'", 'INTO OUTFILE'],
  ['select 1 format CSV', 'FORMAT'],
  ['select 1 settings max_threads = 1', 'SETTINGS'],
  ['select 1; select 2', 'several statements'],
  ['select 1; drop table events', 'several statements'],
  ['drop table events', 'DROP statements'],
  ['/* select */ insert into events select 1', 'INSERT statements'],
  ["create table x engine = File('CSV', '/tmp/x') as select 1", 'CREATE statements'],
  ['set max_threads = 1', 'SET statements'],
  ['explain select 1', 'EXPLAIN statements'],
  ['show tables', 'SHOW statements'],
  ['system shutdown', 'SYSTEM statements'],
  ['select * from events sample 0.1', 'SAMPLE'],
  ['select * from events final', 'FINAL'],
  ['select x from events array join [1] as x', 'ARRAY JOIN'],
  ['select 1 from events prewhere 1', 'PREWHERE'],
  ['select 1 from events qualify 1', 'QUALIFY'],
  ['select 1 from events limit 1 by event', 'LIMIT BY'],
  ['select 1 from events limit 1 with ties', 'LIMIT WITH TIES'],
  ['select 1 from events limit 1, 2', 'LIMIT offset, count'],
  ['select 1 from events group by event with totals', 'WITH TOTALS'],
  ['select 1 from events, persons', 'commas in FROM'],
  ['select 1 from events asof join persons on 1', 'ASOF JOIN'],
  ['select 1 intersect select 1', 'INTERSECT'],
  ['select 1 union select 1', 'UNION without'],
  ['select 1 union all select 2 limit 1', 'a branch of UNION'],
  ['with recursive a as (select 1) select 1', 'WITH RECURSIVE'],
  ['with 1 as x select x', 'WITH <expression>'],
  ['select * except (uuid) from events', '* EXCEPT'],
  ['select {filters} from events', 'the placeholder {filters}'],
  ['select {variables.x}', 'the placeholder {variables}'],
  ['select {missing}', 'the unfilled placeholder {missing}'],
  ['select person.properties.email from events', 'the joined field person.properties.email'],
  ['select (select max(p.id) from persons p where p.id = e.person_id) from events e', 'reads e of the query around it'],
  ['select 1 ? 2 : 3', 'the ternary operator'],
  ['select extract(year from timestamp) from events', 'EXTRACT'],
  ['select 1::Array(String)', 'a cast to Array'],
  ['select count() filter (where 1) from events', 'FILTER after a function'],
  ['select 1 in events', 'IN without a list'],
  ['select x -> x', 'a lambda outside an array function'],
  ['select sessions.id from sessions', 'the table sessions'],
]

describe('what SQL may not do', () => {
  it.each(unsupported)('refuses %s', async (sql, text) => {
    const error = await failureOf(bench.engine.query(1, sql))
    expect(error.reason).toBe('unsupported')
    expect(error.message).toContain(text)
    expect(error.message).toContain('The local warehouse does not support')
    expect((await failureOf(bench.engine.analyse(1, sql))).reason).toBe('unsupported')
  })

  it.each([
    'select * from secrets',
    'select * from hidden_view',
    'select * from `p_2`.`m_1`',
    'select * from seed.events',
    'select * from default.events',
  ])('knows no table of another project or of the engine: %s', async (sql) => {
    expect((await failureOf(bench.engine.query(1, sql))).reason).toBe('unknown_table')
  })

  it.each(['_path', '_file', '_table', '_part', '_database', '_size'])('has no virtual column %s', async (column) => {
    for (const table of ['customers', 'events']) {
      const error = await failureOf(bench.engine.query(1, `select ${column} from ${table}`))
      expect([error.reason, error.name_]).toEqual(['unknown_field', column])
    }
    expect((await failureOf(bench.engine.query(2, `select ${column} from hidden_view`))).reason).toBe('unknown_field')
  })

  it('refuses a subquery that reads a column of the query around it without naming its table', async () => {
    const sql = "select (select max(id) from persons where distinct_id = 'x') from events"
    const error = await failureOf(bench.engine.query(1, sql))
    expect(error.reason).toBe('unsupported')
    expect(error.message).toContain('a subquery that reads distinct_id of the query around it')
  })

  it('names neither file nor SQL in an error', async () => {
    const error = await failureOf(bench.engine.query(1, 'select joined + name from customers'))
    expect(error.message).not.toContain(bench.directory)
    expect(error.message).not.toMatch(/select|version|scope/i)
  })
})

describe('hostile texts', () => {
  const names = [
    "o'brien",
    'back`tick',
    'quo"te',
    'back\\slash',
    'ünïcødé 表',
    "'); drop table seed.events; --",
    'new\nline',
    'tab\there',
    '{name}',
    '$$',
    'a.b.c',
  ]

  it.each(names)('keeps %j a name of a table, a column and an alias', async (name) => {
    const path = await bench.file('hostile.jsonl', `${JSON.stringify({ [name]: 'value' })}\n`)
    await bench.table(3, 'h', name, path, 'JSONEachRow')
    const quoted = `\`${name.replace(/[\\`]/g, (char) => `\\${char}`)}\``
    const answer = await bench.engine.query(3, `select ${quoted}, ${quoted} as b from ${quoted} as ${quoted}`)
    expect(answer.rows).toEqual([['value', 'value']])
    expect(answer.columns[0]?.name).toBe(name)
    expect(await bench.engine.count(3, name)).toBe(1)
    expect(await bench.rows('select count() from events', 3)).toEqual([[360]])
  })

  it.each(names)('keeps %j a string', async (text) => {
    expect((await bench.engine.query(1, 'select {text}', { values: { text } })).rows).toEqual([[text]])
  })

  it.each([
    ['brackets', `select ${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
    ['operators', `select 1${' + 1'.repeat(20_000)}`],
    ['comparisons', `select 1${' = 1'.repeat(20_000)}`],
    ['comparisons whose null handling doubles', `select a.uuid${' = a.uuid'.repeat(100)} from events a`],
    ['negations', `select ${'not '.repeat(20_000)}1`],
    ['length', `select '${'x'.repeat(200_000)}'`],
    ['subqueries', `${'select * from ('.repeat(500)}select 1${')'.repeat(500)}`],
    ['CTEs', `with ${Array.from({ length: 3_000 }, (_, at) => `c${at} as (select 1 as x)`).join(', ')} select 1`],
    ['digits', `select ${'9'.repeat(400)}`],
    ['powers', 'select 1e999'],
  ])('refuses too many %s without falling over', async (_, sql) => {
    expect((await failureOf(bench.engine.query(1, sql))).reason).toBe('unsupported')
    expect(await bench.rows('select 1')).toEqual([[1]])
  })
})

describe('hostile values of placeholders', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

  it.each([
    ['deep', nested(5_000)],
    ['wide', Array.from({ length: 200_000 }, (_, at) => at)],
    ['long', 'x'.repeat(15_000_000)],
  ])('refuses a %s one', async (_, x) => {
    expect((await failureOf(bench.engine.query(1, 'select {x}', { values: { x } }))).reason).toBe('unsupported')
    expect(await bench.rows('select 1')).toEqual([[1]])
  })
})

describe('views that read views', () => {
  it('refuses a circle by name', async () => {
    await bench.engine.put(4, { kind: 'view', id: 'a', name: 'a', sql: 'select * from b', rows: null })
    await bench.engine.put(4, { kind: 'view', id: 'b', name: 'b', sql: 'select * from a', rows: null })
    const error = await failureOf(bench.engine.query(4, 'select * from a'))
    expect([error.reason, error.message.includes('the view a, which reads itself')]).toEqual(['unsupported', true])
  })

  it('refuses a chain that doubles at every step', async () => {
    await bench.engine.put(5, { kind: 'view', id: '0', name: 'v0', sql: 'select 1 as n', rows: null })
    for (let level = 1; level <= 30; level += 1) {
      const sql = `select a.n from v${level - 1} a cross join v${level - 1} b`
      await bench.engine.put(5, { kind: 'view', id: String(level), name: `v${level}`, sql, rows: null })
    }
    expect((await failureOf(bench.engine.query(5, 'select * from v30'))).reason).toBe('unsupported')
    expect(await bench.rows('select n from v3', 5)).toEqual([[1]])
  })
})
