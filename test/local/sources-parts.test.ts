import { describe, expect, it, test } from 'vitest'
import { Clock } from '../../src/local/clock.ts'
import { SourceError } from '../../src/local/sources/connector.ts'
import { toDecimal } from '../../src/local/sources/field-text.ts'
import { maskSecrets } from '../../src/local/sources/secrets.ts'
import { Slots } from '../../src/local/sources/slots.ts'
import { SOURCE_TYPES } from '../../src/local/sources/source-types.ts'
import { quoteMysql, quotePostgres } from '../../src/local/sources/sql-names.ts'
import { nextSync } from '../../src/local/sources/sync-frequency.ts'

describe('names in SQL', () => {
  test.each([
    ['plain', '"plain"', '`plain`'],
    ['Mixed.Case', '"Mixed.Case"', '`Mixed.Case`'],
    ['a"; DROP TABLE x; --', '"a""; DROP TABLE x; --"', '`a"; DROP TABLE x; --`'],
    ['a`b', '"a`b"', '`a``b`'],
    ['back\\slash', '"back\\slash"', '`back\\slash`'],
  ])('%j', (name, postgres, mysql) => {
    expect(quotePostgres(name)).toBe(postgres)
    expect(quoteMysql(name)).toBe(mysql)
  })
})

describe('the next sync', () => {
  const at = (text: string): number => Date.parse(`${text}Z`)
  const next = (syncFrequency: string, syncTimeOfDay: string | null, now: string): string =>
    new Date(
      nextSync({ id: '0000003c-0000-4000-8000-000000000000', syncFrequency, syncTimeOfDay }, at(now)),
    ).toISOString()

  test.each([
    ['24hour', '03:00:00', '2024-01-01T02:59:59', '2024-01-01T03:00:00.000Z'],
    ['24hour', '03:00:00', '2024-01-01T03:00:00', '2024-01-02T03:00:00.000Z'],
    ['6hour', '03:00:00', '2024-01-01T10:00:00', '2024-01-01T15:00:00.000Z'],
    ['5min', '03:02:00', '2024-01-01T10:03:00', '2024-01-01T10:07:00.000Z'],
    // Without a time the place within the interval comes from the table's id: here 60 ms after the full hour.
    ['1hour', null, '2024-01-01T10:30:00', '2024-01-01T11:00:00.060Z'],
  ])('%s at %s, asked at %s, is at %s', (frequency, time, now, then) => {
    expect(next(frequency, time, now)).toBe(then)
  })

  it('rings when the clock is pushed past it', () => {
    const clock = new Clock()
    const rung: number[] = []
    const due = nextSync({ id: '00000000-0000', syncFrequency: '1hour', syncTimeOfDay: null }, clock.now())
    clock.wake(due, () => rung.push(clock.now()))
    clock.advance(3_600_000)
    expect(rung).toHaveLength(1)
    expect(rung[0]).toBeGreaterThanOrEqual(due)
    clock.stop()
  })
})

describe('secrets in errors', () => {
  const inputs = { host: 'db', password: 'hunter22', connection_string: 'postgresql://u:s3cret@db/x' }

  test.each([
    ['failed with hunter22 for u', 'failed with *** for u'],
    ['bad dsn postgresql://u:s3cret@db/x', 'bad dsn ***'],
    ['bad url mysql://root:other-word@host/db', 'bad url mysql://root:***@host/db'],
    ["options password='a b' user=x", 'options password=*** user=x'],
    ['no route to db', 'no route to db'],
  ])('%j becomes %j', (text, masked) => {
    expect(maskSecrets(text, 'Postgres', inputs)).toBe(masked)
  })
})

describe('decimals', () => {
  const read = toDecimal('price', 6, 2)

  test.each([
    ['1234.56', '"1234.56"'],
    ['-0.5', '"-0.5"'],
    ['1.5000', '"1.5000"'],
    ['NaN', 'null'],
    ['Infinity', 'null'],
  ])('%s is %s', (value, json) => {
    expect(read(value)).toBe(json)
  })

  test.each(['12345', '0.125'])('%s does not fit, and says which column it is in', (value) => {
    expect(() => read(value)).toThrow(SourceError)
    expect(() => read(value)).toThrow(/'price'.*4 digits before or 2 behind/)
  })
})

describe('slots', () => {
  it('lets as many in as there are, and the next when one leaves', async () => {
    const slots = new Slots(1)
    const signal = new AbortController().signal
    const order: string[] = []
    let leave = (): void => undefined
    const first = slots.run(async () => {
      order.push('first')
      await new Promise<void>((resolve) => {
        leave = resolve
      })
    }, signal)
    const second = slots.run(async () => void order.push('second'), signal)
    await Promise.resolve()
    expect(order).toEqual(['first'])
    leave()
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
  })

  it('forgets who gave up waiting', async () => {
    const slots = new Slots(1)
    let leave = (): void => undefined
    const first = slots.run(
      () =>
        new Promise<void>((resolve) => {
          leave = resolve
        }),
      new AbortController().signal,
    )
    const abort = new AbortController()
    const second = slots.run(async () => {
      throw new Error('it ran')
    }, abort.signal)
    abort.abort(new Error('gave up'))
    await expect(second).rejects.toThrow('gave up')
    leave()
    await first
    await slots.run(async () => undefined, new AbortController().signal)
  })
})

it('knows every type of the enum once', () => {
  expect(SOURCE_TYPES).toHaveLength(1362)
  expect(new Set(SOURCE_TYPES).size).toBe(1362)
  expect(SOURCE_TYPES.slice(0, 3)).toEqual(['Ashby', 'Supabase', 'CustomerIO'])
  expect(SOURCE_TYPES.at(-1)).toBe('Supermetrics')
})
