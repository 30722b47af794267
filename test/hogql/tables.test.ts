import { describe, expect, it } from 'vitest'
import { toIdentifier, toTableIdentifier } from '../../src/hogql/identifiers.ts'
import { tablesIn } from '../../src/hogql/tables.ts'

describe('the tables a text names', () => {
  it.each([
    ['select 1', []],
    ['select * from events', ['events']],
    ['select * from a, b as c, (select 1 from d) e where x in (select y from f)', ['a', 'b', 'd', 'f']],
    ['select * from stripe.prod.charge c left join persons p on c.id = p.id', ['stripe.prod.charge', 'persons']],
    ['select * from `odd name` join "other ""one""" on 1', ['odd name', 'other "one"']],
    ['with x as (select * from a) select * from x join b on 1', ['a', 'b']],
    ['with x as (select * from a), y as (select * from x) select * from y', ['a']],
    ['select * from a union all select * from b', ['a', 'b']],
    ['select * from t array join arr as x', ['t']],
    ['select * from numbers(10)', []],
    ["select 'from a' /* from b */ -- from c", []],
    ['select a, b from c order by d, e', ['c']],
    ['select * from a where b = 1, c', ['a']],
    ['select * from a join a on 1', ['a']],
    ["select 'open from a", []],
    ["select extract(day from ts), trim(both ' ' from name) from t where a is distinct from b", ['t']],
    ['select * from t array join a as x, b as y', ['t']],
    ['select * from a join b using id, c', ['a', 'b']],
    ['select * from (a join b on 1)', ['a', 'b']],
    ['select * from (select 1 from a) x, b', ['a', 'b']],
    ['with events as (select * from events) select * from events', ['events']],
    ['with x(a) as (select 1 from t), y as materialized (select * from x) select * from y', ['t']],
    ['select t.from from a // from b', ['a']],
  ])('%s', (sql, tables) => {
    expect([...tablesIn(sql)].sort()).toEqual([...tables].sort())
  })
})

describe('names as they are written', () => {
  it.each([
    ['plain', 'plain'],
    ['Mixed_1$', 'Mixed_1$'],
    ['odd name', '`odd name`'],
    ['1st', '`1st`'],
    ['a`b\\c', '`a\\`b\\\\c`'],
    ['ünïcode', '`ünïcode`'],
  ])('%s', (name, written) => {
    expect(toIdentifier(name)).toBe(written)
    // What is written is read as the name again.
    expect(tablesIn(`select * from ${written}`)).toEqual([name])
  })

  it('keeps dots between namespaces', () => {
    expect(toTableIdentifier('stripe.my prefix.charge')).toBe('stripe.`my prefix`.charge')
  })
})
