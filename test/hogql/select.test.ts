import { describe, expect, it } from 'vitest'
import { limited, placeOf, toSelect } from '../../src/hogql/select.ts'

const ok = (text: string) => {
  const select = toSelect(text)
  if ('refused' in select) throw new Error(select.refused)
  return select
}

describe('what may be sent', () => {
  it.each([
    ['select 1', false, false],
    ['  WITH a AS (SELECT 1) SELECT * FROM a', false, false],
    ['select 1 limit 5', true, false],
    ['select * from (select 1 limit 5)', false, false],
    ['select x from t limit 2 by x', false, false],
    ['select x from t limit 1, 2 by x', false, false],
    ['select x from t limit 2 by x limit 10', true, false],
    ['select 1 union all select 2', false, true],
    ['(select 1) intersect (select 2)', false, true],
    ['(select 1)', false, false],
    ['select t.limit from t', false, false],
    ['select limit, union from t', false, false],
    ['select t.union from t where limit > 5', false, false],
    ['select * except (a) from t', false, false],
    ['select 1 except (select 2)', false, true],
    ['select x from t limit 1 offset 2 by x', false, false],
    ['select x from t limit 1+1 by x', false, false],
    ["select 1 // don't limit 5", false, false],
    ['select x from t limit 5 with ties', true, false],
    ['select \'limit 5\', `limit`, "limit" from t -- limit 5', false, false],
    ['select 1 as limited', false, false],
  ])('%s', (text, isLimited, isSet) => {
    expect(ok(text)).toMatchObject({ isLimited, isSet })
  })

  it.each([
    ['select 1;', 'select 1'],
    ['select 1 ; ; -- the end', 'select 1'],
    ['select 1 /* a */ -- b', 'select 1'],
    ["select ';' as a", "select ';' as a"],
  ])('goes without what ends it: %s', (text, sql) => {
    expect(ok(text).sql).toBe(sql)
  })

  it('keeps the places of the SQL as they were', () => {
    const text = '-- first\n\nselect nope from t;'
    expect(ok(text).sql).toBe('-- first\n\nselect nope from t')
    expect(placeOf(text, text.indexOf('nope'))).toBe('line 3, column 8')
  })
})

describe('a LIMIT', () => {
  it.each([
    ['select x from t', 'select x from t\nLIMIT 4'],
    ['select x from t order by x offset 5', 'select x from t order by x \nLIMIT 4 offset 5'],
    ['select x from t settings a = 1', 'select x from t \nLIMIT 4 settings a = 1'],
    ['(select x from t)', '(select x from t\nLIMIT 4 )'],
    ['select x from t limit 2 by x', 'select x from t limit 2 by x\nLIMIT 4'],
    ['select x from t limit 9', 'select x from t limit 9'],
    ['select 1 union all select 2', 'SELECT * FROM (\nselect 1 union all select 2\n) LIMIT 4'],
    ['select x from t // why', 'select x from t\nLIMIT 4'],
  ])('of ours stands where it may: %s', (text, sql) => {
    const { sql: made, shift } = limited(ok(text), 4)
    expect(made).toBe(sql)
    expect(made.slice(shift).startsWith(text.slice(0, 9))).toBe(true)
  })
})

describe('what is refused before it is sent', () => {
  it.each([
    ['', 'there is no SQL in it'],
    [' -- nothing', 'there is no SQL in it'],
    ['select 1; select 2', 'more than one statement'],
    ['drop table x', 'DROP is not a SELECT'],
    ['/* a */ Insert into t values (1)', 'INSERT is not a SELECT'],
    ['explain select 1', 'EXPLAIN is not a SELECT'],
    ['events', 'does not start with SELECT'],
    ['with a as (1)', 'no SELECT in it'],
    ["select 'open", "the quote ' does not end (line 1, column 8)"],
    ['select 1 /* open', 'a comment does not end (line 1, column 10)'],
    ['select (1', 'a bracket is not closed'],
    ['select 1)\n)', 'there is a ) too many (line 1, column 9)'],
  ])('%s', (text, why) => {
    const select = toSelect(text)
    expect('refused' in select ? select.refused : 'let through').toContain(why)
  })

  it('hides no second statement in a quote or a comment', () => {
    for (const text of ["select '\\'; drop table x", 'select 1 -- \n; drop table x', 'select `a``b`; drop table x']) {
      expect(toSelect(text), text).toHaveProperty('refused')
    }
  })
})
