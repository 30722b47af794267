import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { readBody } from '../../src/body.ts'
import { PLAIN_PER_HOUR, QueryBudget } from '../../src/query/query-budget.ts'
import { readAnswer, toCells, toTable } from '../../src/query/query-table.ts'
import { estimateTokens } from '../../src/text/token-estimate.ts'

describe('the estimate of tokens', () => {
  it.each([
    ['numbers', Array.from({ length: 200 }, (_, at) => `${at * 7919}\t${at / 7}`).join('\n')],
    ['ids', Array.from({ length: 100 }, () => crypto.randomUUID()).join('\n')],
    ['times', Array.from({ length: 100 }, (_, at) => `2026-09-02T10:${at % 60}:00.000000Z\tCompleted`).join('\n')],
    ['prose', 'The quick brown fox jumps over the lazy dog, and nobody minds at all. '.repeat(30)],
    [
      'json',
      JSON.stringify(
        Array.from({ length: 50 }, (_, at) => ({ event: '$pageview', properties: { $browser: 'Chrome', n: at } })),
      ),
    ],
    ['other scripts', '顧客の注文 заказ клиента '.repeat(40)],
  ])('is near the true count, and seldom below, for %s', (_, text) => {
    const ratio = estimateTokens(text) / encode(text).length
    expect(ratio).toBeGreaterThan(0.9)
    expect(ratio).toBeLessThan(2.6)
  })
})

describe('rows within a budget', () => {
  const answer = { columns: [{ name: 'n', type: 'Int64' }], rows: Array.from({ length: 1_000 }, (_, at) => [at]) }

  it('stop where it ends, and say how many are held back', () => {
    const table = toTable(answer, 300)
    expect(table.rows.length + table.held).toBe(1_000)
    expect(encode(table.rows.map(toCells).join('\n')).length).toBeLessThanOrEqual(300)
    expect(table.rows.length).toBeGreaterThan(50)
  })

  it('cut long cells, and say at how many characters', () => {
    const table = toTable({ columns: answer.columns, rows: [['x'.repeat(5_000)], [1]] }, 4_000)
    expect(table).toMatchObject({ held: 0, cutTo: 1_000 })
    expect(String(table.rows[0]?.[0])).toMatch(/^x{1000}… \(cut, 5000 characters\)$/)
    // Not through the middle of a character.
    const faces = toTable({ columns: answer.columns, rows: [[`x${'😀'.repeat(2_000)}`]] }, 4_000)
    expect(String(faces.rows[0]?.[0]).isWellFormed()).toBe(true)
  })

  it.each([1, 30, 300])('hold a row of %i wide cells within the budget too', (width) => {
    const columns = Array.from({ length: width }, (_, at) => ({ name: `column_${at}`, type: 'String' }))
    const row = columns.map(() => 'word '.repeat(200))
    const table = toTable({ columns, rows: [row, row] }, 500)
    const text = [toCells(table.columns.map(({ name }) => name)), ...table.rows.map(toCells)].join('\n')
    expect(encode(text).length).toBeLessThanOrEqual(600)
    expect(table.columns.length + table.heldColumns).toBe(width)
    expect(table.rows[0]).toHaveLength(table.columns.length)
  })

  it('cannot look like other rows or cells', () => {
    expect(toCells(['a\tb', 'c\nd', null, 'NULL', '', 0, { a: '\n' }, [1]])).toBe(
      '"a\\tb"\t"c\\nd"\tNULL\t"NULL"\t""\t0\t{"a":"\\n"}\t[1]',
    )
  })
})

describe('numbers', () => {
  const body = (text: string) => readBody(Buffer.from(text), 'application/json', true)

  it('stay what they are, as text where JavaScript has no such number', () => {
    const read = body(
      '{"results":[[9007199254740993,18446744073709551615,-9223372036854775808,1.5,12345678901234567.25,7,1e400]]}',
    )
    expect(read).toEqual({
      kind: 'json',
      value: {
        results: [
          ['9007199254740993', '18446744073709551615', '-9223372036854775808', 1.5, '12345678901234567.25', 7, '1e400'],
        ],
      },
    })
  })

  it('are not what a broken body has', () => {
    expect(body('{"results":[[1')).toEqual({ kind: 'other', broken: true })
  })
})

describe('answers', () => {
  it.each([
    [
      {
        results: [[1, 'a']],
        columns: ['n', 's'],
        types: [
          ['n', 'UInt8'],
          ['s', 'String'],
        ],
      },
      ['UInt8', 'String'],
    ],
    [{ results: [[1, 'a']], columns: ['n', 's'], types: ['UInt8', 'String'] }, ['UInt8', 'String']],
    [{ results: [[1, 'a']], columns: ['n', 's'], types: null }, [undefined, undefined]],
    [{ results: [[1, 'a']] }, [undefined, undefined]],
  ])('have their types where PostHog says them: %j', (body, types) => {
    expect(readAnswer(body)?.columns.map(({ type }) => type)).toEqual(types)
  })

  it.each([[{}], [{ results: null }], [{ results: [1] }], [{ results: 'x' }]])('are not %j', (body) => {
    expect(readAnswer(body)).toBeUndefined()
  })
})

describe('the hourly budget', () => {
  it('is told once it runs low, and is whole again an hour later', () => {
    let now = 0
    const budget = new QueryBudget(() => now)
    for (let query = 1; query <= PLAIN_PER_HOUR - 21; query += 1) budget.count()
    expect(budget.warning()).toBeUndefined()
    budget.count()
    expect(budget.warning()).toContain('(20 left)')
    for (let query = 1; query <= 30; query += 1) budget.count()
    expect(budget.warning()).toContain('(0 left)')
    now += 3_600_000
    expect(budget.warning()).toBeUndefined()
  })
})
