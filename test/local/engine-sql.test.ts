import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, customersCsv, failureOf, openBench } from './engine-setup.ts'

let bench: Bench

beforeAll(async () => {
  bench = await openBench()
  const path = await bench.file('customers.csv', customersCsv)
  await bench.table(1, 't1', 'stripe.customer', path, 'CSVWithNames', { id: 'Nullable(String)' })
  await bench.engine.put(1, {
    kind: 'view',
    id: 'v1',
    name: 'paying',
    rows: null,
    sql: 'select c.id, name, mrr * 12 as arr, lower(name) from stripe.customer c where mrr > 0',
  })
})
afterAll(() => bench.close())

const supported: readonly (readonly [string, readonly (readonly unknown[])[]])[] = [
  ['select count() from events', [[360]]],
  ['SELECT COUNT(*) FROM events;', [[360]]],
  [
    'select min(timestamp), max(timestamp) from events',
    [['2026-03-02T00:00:00.000000Z', '2026-03-31T22:00:00.000000Z']],
  ],
  ['select count(), countIf(is_identified) from persons', [[24, 12]]],
  ['select event, count() as c from events group by event having c > 60 order by c desc', [['$pageview', 180]]],
  ['select event from events group by 1 order by 1 limit 2 offset 1', [['plan changed'], ['purchase']]],
  ['select distinct event from events order by event desc limit 1', [['signup']]],
  [
    "select properties.$browser, count() from events where properties.$browser = 'Safari' group by 1",
    [['Safari', 120]],
  ],
  ["select properties['$browser'] from events order by timestamp limit 1", [['Chrome']]],
  ["select sum(toInt(properties.revenue)) from events where event = 'purchase'", [[1200]]],
  ['select count() from events where properties.revenue is not null', [[60]]],
  [
    'select p.properties.email, count() as n from events e join persons p on e.person_id = p.id group by 1 order by n desc, 1 limit 1',
    [['user0@example.com', 15]],
  ],
  [
    'select id, name, mrr from stripe.customer order by id',
    [
      ['007', 'Ann', 10.5],
      ['008', 'B "q"', null],
      ['009', 'Cee', 7],
    ],
  ],
  ['select `stripe`.`customer`.id from `stripe`.customer order by 1 limit 1', [['007']]],
  [
    'select a.id, b.name from stripe.customer a left join stripe.customer b on a.id = b.id and b.mrr > 8 order by a.id',
    [
      ['007', 'Ann'],
      ['008', null],
      ['009', null],
    ],
  ],
  [
    "select id from stripe.customer a full outer join (select 'zzz' as id) b using (id) order by id desc limit 1",
    [['zzz']],
  ],
  [
    'select a.name, b.one from stripe.customer as a cross join (select 1 as one) as b order by a.id limit 1',
    [['Ann', 1]],
  ],
  ['select arr from paying order by arr', [[84], [126]]],
  ['select `lower(name)` from paying order by 1', [['ann'], ['cee']]],
  ['with a as (select 1 as x), b as (select x + 1 as y from a) select x, y from a cross join b', [[1, 2]]],
  ['with events as (select 5 as n) select n from events', [[5]]],
  ['select * from (select 2 as n union all select 1) order by n', [[1], [2]]],
  ['select 1 union distinct select 1', [[1]]],
  ['(select 1)', [[1]]],
  ['select (select max(mrr) from stripe.customer)', [[10.5]]],
  ["select id from stripe.customer where id in (select id from paying) and name not in ('Ann')", [['009']]],
  ["select 'a' in ('a', 'b'), 3 not in (1, 2), 'x' in ['x']", [[1, 1, 1]]],
  [
    'select id, row_number() over (order by mrr desc) from stripe.customer where mrr > 0 order by id',
    [
      ['007', 1],
      ['009', 2],
    ],
  ],
  [
    'select id, sum(mrr) over w, lag(name) over (order by id) from stripe.customer window w as (order by id rows between unbounded preceding and current row) order by id limit 2',
    [
      ['007', 10.5, null],
      ['008', 10.5, 'Ann'],
    ],
  ],
  [
    'select event, lag(event) over (order by timestamp) from events order by timestamp limit 2',
    [
      ['$pageview', null],
      ['$pageview', '$pageview'],
    ],
  ],
  ["select case when 1 = 2 then 'a' else 'b' end, case 3 when 3 then 'x' end", [['b', 'x']]],
  [
    "select '12'::int, '1.5'::Float, toInt('x'), toFloat('2'), toString(5), '2024-01-02'::date",
    [[12, 1.5, null, 2, '5', '2024-01-02']],
  ],
  [
    "select toDateTime('2024-01-02T03:04:05Z'), toDate(toDateTime('2024-01-02 03:04:05'))",
    [['2024-01-02T03:04:05.000000Z', '2024-01-02']],
  ],
  ["select concat('a', null, 'b'), 'a' || 'b' || 3, null ?? 'z', coalesce(null, 'y')", [['ab', 'ab3', 'z', 'y']]],
  ["select if(1 > 0, 'yes', 'no'), multiIf(0 = 1, 'a', 1 = 1, 'b', 'c')", [['yes', 'b']]],
  [
    "select lower('AB'), substring('hello', 2, 3), replaceAll('aXa', 'X', '-'), trim('  x '), length('abc')",
    [['ab', 'ell', 'a-a', 'x', 3]],
  ],
  [
    "select splitByChar(',', 'a,b'), match('abc', '^a'), extract('id=42', '(\\\\d+)'), position('abc', 'c')",
    [[['a', 'b'], 1, '42', 3]],
  ],
  [
    'select round(2.567, 2), floor(2.9), ceil(2.1), abs(-3), 7 % 4, 7 / 2, intDiv(7, 2), -2 - -5',
    [[2.57, 2, 3, 3, 3, 3.5, 3, 3]],
  ],
  [
    "select dateDiff('day', toDate('2024-01-01'), toDate('2024-01-05')), dateTrunc('month', toDate('2024-05-06')), toDate('2024-01-31') + interval 1 month",
    [[4, '2024-05-01', '2024-02-29']],
  ],
  [
    "select toStartOfMonth(toDate('2024-05-06')), formatDateTime(toDateTime('2024-01-02 03:04:05'), '%Y-%m'), toDate('2024-01-08') - toIntervalDay(7)",
    [['2024-05-01', '2024-01', '2024-01-01']],
  ],
  [
    "select arrayMap(x -> x + 1, [1, 2]), arrayFilter((x) -> x > 1, [1, 2, 3]), [5, 6][1], (1, 'a')",
    [[[2, 3], [2, 3], 5, [1, 'a']]],
  ],
  ['select arrayJoin([3, 4]) as n order by n', [[3], [4]]],
  [
    'select quantile(0.5)(mrr), median(mrr), avg(mrr), uniq(name), count(distinct name), argMax(name, mrr), any(1) from stripe.customer',
    [[8.75, 8.75, 8.75, 3, 3, 'Ann', 1]],
  ],
  [
    "select JSONExtractString('{\"a\":\"b\"}', 'a'), JSONExtractInt('{\"a\":7}', 'a'), JSONHas('{}', 'x')",
    [['b', 7, 0]],
  ],
  ["select name from stripe.customer where name like 'a%' or name ilike 'C%'", [['Cee']]],
  ['select id from stripe.customer where mrr between 7 and 8', [['009']]],
  [
    "select true, false, null, 1e3, .5, 'it''s', \"id\" from stripe.customer order by id limit 1",
    [[1, 0, null, 1000, 0.5, "it's", '007']],
  ],
  [
    'select 9007199254740993, 9007199254740991, [18446744073709551615]',
    [['9007199254740993', 9007199254740991, ['18446744073709551615']]],
  ],
  ['select /* a comment */ 1 -- and another\n', [[1]]],
]

describe('supported SQL', () => {
  it.each(supported)('%s', async (sql, rows) => {
    expect(await bench.rows(sql)).toEqual(rows)
  })

  it('compares NULL as HogQL does: different from every value, equal to itself', async () => {
    expect(await bench.rows('select id, mrr != 7, mrr = mrr, mrr > 1 from stripe.customer order by id')).toEqual([
      ['007', 1, 1, 1],
      ['008', 1, 1, 0],
      ['009', 0, 1, 1],
    ])
    expect(await bench.rows('select id from stripe.customer where mrr != 10.5 order by id')).toEqual([['008'], ['009']])
    expect(await bench.rows('select id from stripe.customer where mrr = null')).toEqual([['008']])
  })

  it('names columns by alias, by last part, or by the expression', async () => {
    const { columns } = await bench.engine.query(
      1,
      'select c.id, c.mrr + 1, count() as n, max(c.name) from stripe.customer c group by 1, 2',
    )
    expect(columns).toEqual([
      { name: 'id', clickhouse: 'Nullable(String)' },
      { name: 'plus(c.mrr, 1)', clickhouse: 'Nullable(Float64)' },
      { name: 'n', clickhouse: 'UInt64' },
      { name: 'max(c.name)', clickhouse: 'Nullable(String)' },
    ])
  })

  it('fills placeholders with values that stay values', async () => {
    const values = { who: "x'; drop table events; --\\", list: ['Ann', 'Cee'], n: 2, none: null }
    const { rows } = await bench.engine.query(
      1,
      'select {who}, {n} + 1, {none} is null, name from stripe.customer where name in {list} order by name limit {n}',
      { values },
    )
    expect(rows).toEqual([
      ["x'; drop table events; --\\", 3, 1, 'Ann'],
      ["x'; drop table events; --\\", 3, 1, 'Cee'],
    ])
  })

  it('shows names and not files in the SQL it ran', async () => {
    const { executed } = await bench.engine.query(
      1,
      'select arr from paying join stripe.customer c on c.id = paying.id',
    )
    expect(executed).toBe(
      'SELECT `arr` FROM `paying` AS `paying` INNER JOIN `stripe.customer` AS `c` ON equals(`c`.`id`, `paying`.`id`) LIMIT 101',
    )
  })
})

describe('limits', () => {
  it.each([
    ['select uuid from events', 100, 100, true],
    ['select uuid from events limit 360', 360, 360, false],
    ['select uuid from events limit 359', 359, 359, true],
    ['select uuid from events limit 5 offset 357', 3, 5, false],
    ['select uuid from events union all select uuid from events', 100, 100, true],
    ['select a.uuid from events a cross join events b limit 60000', 50_000, 50_000, true],
    ['select count() from (select uuid from events)', 1, 100, false],
  ] as const)('%s', async (sql, count, limit, hasMore) => {
    const answer = await bench.engine.query(1, sql)
    expect([answer.rows.length, answer.limit, answer.hasMore]).toEqual([count, limit, hasMore])
  })
})

describe('lineage', () => {
  it('lists what FROM and JOIN read, without CTE names and without repeats', async () => {
    const sql = `with big as (select id from paying where id in (select id from stripe.customer))
      select big.id, event from big cross join events union all select '1', event from events`
    const { reads, columns } = await bench.engine.analyse(1, sql)
    expect([...reads].sort()).toEqual(['events', 'paying', 'stripe.customer'])
    expect(columns).toEqual([
      { name: 'id', clickhouse: 'Nullable(String)' },
      { name: 'event', clickhouse: 'String' },
    ])
  })

  it('reads nothing in select 1, and does not take names out of strings or comments', async () => {
    expect((await bench.engine.analyse(1, "select 'from events' /* from persons */")).reads).toEqual([])
  })

  it('shows the columns of a star in order', async () => {
    const { columns } = await bench.engine.analyse(1, 'select 1 + 1, *, upper(name) from stripe.customer')
    expect(columns.map(({ name }) => name)).toEqual(['plus(1, 1)', 'id', 'name', 'mrr', 'joined', 'upper(name)'])
  })
})

describe('mistakes', () => {
  it.each([
    ['selec 1', 'syntax', undefined],
    ['select 1 +', 'syntax', undefined],
    ["select 'open", 'syntax', undefined],
    ['', 'syntax', undefined],
    ['select 1 as team_id', 'syntax', 'team_id'],
    ['select bogus from events', 'unknown_field', 'bogus'],
    ['select e.bogus from events e', 'unknown_field', 'e.bogus'],
    ['select x.y from events', 'unknown_field', 'x.y'],
    ['select persons.* from events', 'unknown_field', 'persons'],
    ['select created_at from events e join persons p on e.person_id = p.id', 'unknown_field', 'created_at'],
    ['select * from events e join persons p on e.person_id = p.id', 'syntax', '*'],
    ['select 1 from nope', 'unknown_table', 'nope'],
    ['select 1 from stripe.nope', 'unknown_table', 'stripe.nope'],
    ['with a as (select 1) select 1 from (select 1 from b)', 'unknown_table', 'b'],
  ] as const)('%s', async (sql, reason, name) => {
    const error = await failureOf(bench.engine.query(1, sql))
    expect([error.reason, error.name_]).toEqual([reason, name])
  })

  it("gives the engine's own error by name, without SQL, paths or versions", async () => {
    const error = await failureOf(bench.engine.query(1, 'select mrr + name from stripe.customer'))
    expect([error.reason, error.code]).toEqual(['execution', 'illegal_type_of_argument'])
    expect(error.message).toBe('Illegal types Float64 and String of arguments of function plus')
  })
})
