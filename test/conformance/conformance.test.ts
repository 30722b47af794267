/**
 * Every concrete exchange of the fact sheets against the local warehouse, each in the profile it belongs to.
 * None of them has been run against a real PostHog; see contract.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPostgres } from '../services/postgres.ts'
import { crossCutting } from './cross-cutting.ts'
import type { Absent, Exchange, Tag } from './exchange.ts'
import { managed } from './managed.ts'
import { sources } from './sources.ts'
import { Stages } from './stage.ts'
import { tables } from './tables.ts'
import { fill } from './values.ts'

const sheets = [crossCutting, tables, managed, sources.errors, sources.examples]
const postgres = hasPostgres()

const isPresent = (exchange: Exchange | Absent): exchange is Exchange => exchange.absent === undefined
const titleOf = ({ row, note, tag, mark }: Exchange | Absent): string =>
  `${row}${note === undefined ? '' : ` (${note})`} [${tag}, ${mark}]`
const isSkipped = ({ profile }: Exchange): boolean => profile?.postgres === true && !postgres

let stages: Stages
const passed: Record<Tag, number> = { anywhere: 0, seeded: 0, 'local-only': 0 }

beforeAll(async () => {
  stages = await Stages.build()
})
afterAll(async () => {
  await stages.close()
  const all = sheets.flatMap(({ exchanges }) => exchanges)
  const counts = Object.entries(passed).map(([tag, count]) => `${tag} ${count}`)
  const skipped = all.filter((each) => isPresent(each) && isSkipped(each)).length
  const absent = all.filter((each) => !isPresent(each)).length
  process.stderr.write(
    `conformance: ${counts.join(', ')} as the sheets say; ${skipped} skipped, ${absent} not possible here\n`,
  )
})

/** Rows in the order of their first mention. */
const rowsOf = (exchanges: readonly { readonly row: string }[]): readonly string[] => [
  ...new Set(exchanges.map(({ row }) => row)),
]
const numbers = (last: number): readonly string[] => Array.from({ length: last }, (_, index) => String(index + 1))

describe('every row is accounted for', () => {
  test.each([
    ['cross-cutting', crossCutting, 27, 27],
    ['tables and views', tables, 45, 42],
    ['managed warehouse, tree and exports', managed, 34, 34],
    ['external data sources', sources.errors, 36, 29],
  ])('%s', (_name, { exchanges }, rows, present) => {
    expect(rowsOf(exchanges)).toEqual(numbers(rows))
    expect(rowsOf(exchanges.filter(isPresent))).toHaveLength(present)
  })

  test('worked examples', () => {
    const { exchanges } = sources.examples
    expect(rowsOf(exchanges)).toEqual(numbers(9).map((number) => `5.${number}`))
    expect(exchanges).toHaveLength(15)
    expect(exchanges.filter(isPresent)).toHaveLength(11)
  })

  test('those that cannot happen here', () => {
    const all = sheets.flatMap(({ name, exchanges }) => exchanges.map((exchange) => ({ name, exchange })))
    const absent = all.flatMap(({ name, exchange }) => (isPresent(exchange) ? [] : [`${name}: ${titleOf(exchange)}`]))
    expect(absent).toEqual([
      'tables-and-saved-queries: 17 [seeded, T]',
      'tables-and-saved-queries: 31 [seeded, T]',
      'tables-and-saved-queries: 32 [seeded, T]',
      'external-data-sources, errors: 6 [anywhere, C]',
      'external-data-sources, errors: 24 [seeded, C]',
      'external-data-sources, errors: 29 [seeded, C]',
      'external-data-sources, errors: 33 [seeded, T]',
      'external-data-sources, errors: 34 [seeded, T]',
      'external-data-sources, errors: 35 [seeded, C]',
      'external-data-sources, errors: 36 [anywhere, CI]',
      'external-data-sources, worked examples: 5.3 [seeded, C]',
      'external-data-sources, worked examples: 5.8 (Stripe) [seeded, T]',
      'external-data-sources, worked examples: 5.9 (setup) [seeded, C]',
      'external-data-sources, worked examples: 5.9 (bulk_update_schemas) [seeded, C]',
    ])
  })
})

describe.each(sheets.map((sheet) => [sheet.name, sheet] as const))('%s', (_name, sheet) => {
  for (const exchange of sheet.exchanges) {
    if (!isPresent(exchange)) {
      test.skip(`${titleOf(exchange)}: ${exchange.absent}`)
      continue
    }
    test.skipIf(isSkipped(exchange))(titleOf(exchange), async () => {
      const stage = await stages.for(exchange)
      try {
        await stage.arrange(exchange, sheet)
        const answer = await stage.perform(exchange.request)
        const { status, body, headers = {} } = exchange.expect
        expect({ status: answer.status, body: answer.body }).toEqual({ status, body: fill(body, stage.values) })
        const seen = Object.fromEntries(Object.keys(headers).map((name) => [name, answer.headers.get(name)]))
        expect(seen).toEqual(headers)
        passed[exchange.tag] += 1
      } finally {
        await stages.leave(exchange, stage)
      }
    })
  }
})

test('no warehouse complained', () => expect(stages.lines).toEqual([]))
