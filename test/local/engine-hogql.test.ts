/** Where HogQL means something else than the ClickHouse text it looks like, and what is refused because of that. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, failureOf, openBench } from './engine-setup.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
  const path = await bench.file('rows.csv', 'n,word,at\n1,a,2024-01-02 03:04:05.678901\n,,\n')
  const at = "Nullable(DateTime64(6, 'UTC'))"
  await bench.table(1, 't', 'rows', path, 'CSVWithNames', { n: 'Nullable(Int64)', word: 'Nullable(String)', at })
})
afterAll(() => bench.close())

const dateTime = "DateTime('UTC')"
const dateTime64 = "DateTime64(6, 'UTC')"

describe('conversions', () => {
  it.each([
    // A number is a time, never a text to be guessed at.
    ['toDateTime(5)', dateTime, '1970-01-01T00:00:05Z'],
    ['toDateTime(1700000000)', dateTime, '2023-11-14T22:13:20Z'],
    ['5::datetime', dateTime, '1970-01-01T00:00:05Z'],
    ['5::timestamp', dateTime, '1970-01-01T00:00:05Z'],
    ['20240102::timestamp', dateTime, '1970-08-23T06:15:02Z'],
    ["toDateTime('2024-01-02'::date)", dateTime, '2024-01-02T00:00:00Z'],
    ["toDateTime(toDateTime('2024-01-02 03:04:05.678901'))", dateTime, '2024-01-02T03:04:05Z'],
    ['arrayMap(x -> toDateTime(x), [1, 2])', `Array(${dateTime})`, ['1970-01-01T00:00:01Z', '1970-01-01T00:00:02Z']],
    ["toDateTime('2024-01-02')", dateTime, '2024-01-02T00:00:00Z'],
    ["toDateTime('2024-01-02 03:04:05')", dateTime, '2024-01-02T03:04:05Z'],
    ["toDateTime('2024-01-02 03:04:05.678')", dateTime64, '2024-01-02T03:04:05.678000Z'],
    ["toDateTime('2024-01-02T03:04:05+02:00')", dateTime64, '2024-01-02T01:04:05.000000Z'],
    ["toDateTime(concat('2024-01', '-02'))", `Nullable(${dateTime64})`, '2024-01-02T00:00:00.000000Z'],
    ["toDateTime(concat('no', 'thing'))", `Nullable(${dateTime64})`, null],
    ['toDateTime(null)', 'Nullable(Nothing)', null],
    ["'2024-01-02 03:04:05'::timestamptz", dateTime, '2024-01-02T03:04:05Z'],
    ["toDate('2024-01-02 03:04:05')", 'Nullable(Date)', '2024-01-02'],
    ["toDate('nothing')", 'Nullable(Date)', null],
    ["toDate(toDateTime('2024-01-02 03:04:05'))", 'Date', '2024-01-02'],
    ["'2024-01-02'::date", 'Date', '2024-01-02'],
    ["'12'::int", 'Int64', 12],
    ['1.9::int', 'Int64', 1],
    ['toInt(1.9)', 'Nullable(Int64)', null],
    ["'1.5'::float", 'Float64', 1.5],
    ['5::text', 'String', '5'],
    ["toBool('yes')", 'Bool', true],
    ['true', 'UInt8', 1],
    ['toString(false)', 'String', '0'],
    ["left('äöü', 2)", 'String', 'äö'],
    ["right('äöü', 2)", 'String', 'öü'],
    ["toTimeZone(toDateTime('2024-01-02'))", dateTime, '2024-01-02T00:00:00Z'],
  ])('%s is %s %j', async (expression, type, value) => {
    const { columns, rows } = await bench.engine.query(1, `select ${expression}`)
    expect([columns[0]?.clickhouse, rows[0]?.[0]]).toEqual([type, value])
  })

  it.each([
    ["toDateTime('nothing')", 'cannot_parse_datetime'],
    ["'x'::int", 'cannot_parse_text'],
    ["'x'::date", 'cannot_parse_date'],
    ["'x'::float", 'cannot_parse_number'],
    ["toBool('x')", 'cannot_parse_bool'],
  ])('%s is an error, not NULL', async (expression, code) => {
    expect(await failureOf(bench.engine.query(1, `select ${expression}`))).toMatchObject({ reason: 'execution', code })
  })

  it.each([
    ['toDateTime(1.5)', 'toDateTime of Float64'],
    ['toDateTime(true = 1 and 1.5)', 'toDateTime of Float64'],
    ['toDateTime([1])', 'toDateTime of Array(UInt8)'],
    ['toDateTime(toUUID(word))', 'toDateTime of UUID'],
    ["toDateTime('2024-01-02', 'UTC')", 'this function with anything but one argument'],
    ["now('UTC')", 'now with a time zone'],
    ["trim('x', 'y')", 'this function with anything but one argument'],
    ['toDate([1])', 'toDate of Array(UInt8)'],
    ["cast('1' as int)", 'CAST(… AS …)'],
    ['1::bool', 'a cast to bool'],
    ['1::bigint', 'a cast to bigint'],
    ["'x'::uuid", 'a cast to uuid'],
    ['arrayReverseSort([1, 2])', 'the function arrayReverseSort'],
    ['HAS([1], 1)', 'the function HAS'],
    ["1 < 'a'", 'the order of a text and a number'],
    ["word ?? 'x' = 'x'", '?? beside a comparison'],
    ["word = 'x' ?? 'y'", '?? beside a comparison'],
    ["word ?? 'x' is null", '?? beside a comparison'],
  ])('%s is refused', async (expression, text) => {
    const error = await failureOf(bench.engine.query(1, `select ${expression} from rows`))
    expect([error.reason, error.message]).toEqual(['unsupported', expect.stringContaining(text)])
  })
})

describe('numbers of arguments', () => {
  it.each([
    ["substring('abc', 2)", "Function 'substring' expects 3 arguments, found 2"],
    ["concat('a')", "Function 'concat' expects at least 2 arguments, found 1"],
    ['least(1, 2, 3)', "Function 'least' expects 2 arguments, found 3"],
    ['round(1, 2, 3)', "Function 'round' expects at most 2 arguments, found 3"],
    ['today(1)', "Function 'today' expects 0 arguments, found 1"],
    ['count(1, 2)', "Aggregation 'count' expects at most 1 argument, found 2"],
    ['uniq()', "Aggregation 'uniq' expects at least 1 argument, found 0"],
    ['quantile(n)', "Aggregation 'quantile' requires parameters in addition to arguments"],
    ['topK(1, 2)(n)', "Aggregation 'topK' expects 1 parameter, found 2"],
    ['[1, 2][0]', 'SQL indexes start from one, not from zero. E.g: array[1]'],
  ])('%s is a mistake in PostHog, and here', async (expression, message) => {
    const error = await failureOf(bench.engine.query(1, `select ${expression} from rows`))
    expect([error.reason, error.message]).toEqual(['syntax', message])
  })
})

describe('comparisons and operators', () => {
  it.each([
    ['equals(n, word), notEquals(n, 1), less(n, 5), greater(null, n) from rows where n is null', [1, 1, 0, 0]],
    ["like(word, 'a'), notLike(word, 'a'), ilike(word, word) from rows where n is null", [0, 1, 1]],
    ["word like null, word not like null, word not ilike 'a' from rows where n is null", [1, 0, 1]],
    ['word like word, word not like word from rows where n is null', [1, 0]],
    ["'1' = 1, '1' != 1, 1 = '1', true = 'true', equals('1', 1), 'a' = 9007199254740993", [0, 1, 0, 0, 0, 0]],
    ["1 = 1.0, true = 1, null = null, 1 != null, 1 = 2, 'a' = 'a', 'a' != 'a', 2 > 1", [1, 1, 1, 1, 0, 1, 0, 1]],
    ['5 and 1, 5 or 0, 5 and 0, 5 or 1, 1 and 1, 0 or 0', [5, 5, 0, 1, 1, 0]],
    ["1 + 2 || 'a', 'a' || 'b' || 3", ['3a', 'ab3']],
    ["word ?? 'x' ?? 'y', (word ?? 'x') = 'x', 1 + n ?? 2 * 3 from rows where n is null", ['x', 1, 6]],
    ["IFNULL(null, 1), Coalesce(null, 2), LOWER('A'), isnull(null)", [1, 2, 'a', 1]],
  ])('select %s', async (rest, row) => {
    expect(await bench.rows(`select ${rest}`)).toEqual([row])
  })

  it('leaves a comparison with NULL in JOIN … ON as it is', async () => {
    const sql = 'select count() from rows a join (select 1 as one) b on a.n = null and b.one = 1'
    expect(await bench.rows(sql)).toEqual([[0]])
  })

  it("does not add a number to a joined text: + and || bind alike, so it is ('a' || 1) + 2", async () => {
    const error = await failureOf(bench.engine.query(1, "select 'a' || 1 + 2"))
    expect([error.reason, error.code]).toEqual(['execution', 'illegal_type_of_argument'])
  })

  it('names a cast as PostHog prints it', async () => {
    const { columns } = await bench.engine.query(1, "select 5::timestamp, '5'::int, true")
    expect(columns.map(({ name }) => name)).toEqual(["toDateTime(5, 'UTC')", "toInt64('5')", 'true'])
  })
})
