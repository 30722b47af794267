/**
 * The `anywhere` rows against a real PostHog, for someone who has a personal key with every scope of the fact sheet's
 * recommended grant: POSTHOG_CONTRACT=1 POSTHOG_HOST=https://us.posthog.com POSTHOG_PERSONAL_API_KEY=phx_…
 * POSTHOG_PROJECT_ID=… Only reads and queries are sent; POSTHOG_CONTRACT_REFUSALS=1 also sends what PostHog should
 * refuse, which would change something if it did not. Nobody has run this yet.
 */
import { describe, expect, test } from 'vitest'
import { crossCutting } from './cross-cutting.ts'
import type { Absent, Exchange } from './exchange.ts'
import { managed } from './managed.ts'
import { sources } from './sources.ts'
import { prepare, send } from './stage.ts'
import { tables } from './tables.ts'
import { fill } from './values.ts'

const { env } = process
const isOn = env.POSTHOG_CONTRACT === '1'

const demand = (name: string): string => {
  const value = env[name]
  if (value === undefined || value === '') throw new Error(`POSTHOG_CONTRACT=1 needs ${name}`)
  return value
}

/** Whether a row can be asked of any PostHog of the latest generation. */
const isAnywhere = (exchange: Exchange | Absent): exchange is Exchange =>
  exchange.absent === undefined && exchange.tag === 'anywhere' && exchange.profile === undefined

/** Whether a request changes nothing even if it is not refused. */
const isRead = ({ request: { method, path } }: Exchange): boolean =>
  method === 'GET' || (method === 'POST' && /\/(query|database_schema|count_by_path)\/$/.test(path))

const rows = [crossCutting, tables, managed, sources.errors, sources.examples].flatMap(({ name, exchanges }) =>
  exchanges.filter(isAnywhere).map((exchange) => ({ name, exchange, isSafe: isRead(exchange) })),
)

test('reads are the smaller part, and none of them writes', () => {
  const reads = rows.filter(({ isSafe }) => isSafe)
  expect([rows.length, reads.length]).toEqual([54, 23])
  expect(new Set(reads.map(({ exchange }) => exchange.request.method))).toEqual(new Set(['GET', 'POST']))
  for (const { exchange } of rows) expect([exchange.given, exchange.before]).toEqual([undefined, undefined])
})

describe.skipIf(!isOn)('a real PostHog', () => {
  for (const { name, exchange, isSafe } of rows) {
    const { row, note, mark, request } = exchange
    const title = `${name} ${row}${note === undefined ? '' : ` (${note})`} [${mark}]`
    test.skipIf(!isSafe && env.POSTHOG_CONTRACT_REFUSALS !== '1')(title, async () => {
      const values = { all: demand('POSTHOG_PERSONAL_API_KEY'), project: demand('POSTHOG_PROJECT_ID') }
      const answer = await send(demand('POSTHOG_HOST').replace(/\/$/, ''), prepare(request, values))
      const { status, body } = exchange.expect
      expect({ status: answer.status, body: answer.body }).toEqual({ status, body: fill(body, values) })
    })
  }
})
