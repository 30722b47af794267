/** Makes the tour's sample files, the same bytes every time: `node dist/docs/make-sample.js`. Needs chdb for Parquet. */
import { rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('../../docs/sample/', import.meta.url)
const countries = ['DE', 'FR', 'US', 'GB', 'BR', 'IN', 'JP', 'NG'] as const
const plans = ['free', 'team', 'business'] as const

/** A small linear congruential generator: numbers that look random and never change. */
let seed = 20_261_121
const next = (below: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return Math.floor((seed / 2_147_483_648) * below)
}
const day = (offset: number): string => new Date(Date.UTC(2026, 8, 1) + offset * 86_400_000).toISOString().slice(0, 10)
const write = (name: string, lines: readonly string[]): void =>
  writeFileSync(new URL(name, folder), `${lines.join('\n')}\n`)

const customers = Array.from(
  { length: 250 },
  (_, index) =>
    `c${index + 1},Customer ${index + 1},${countries[next(countries.length)]},${plans[next(plans.length)]},${day(next(60))}`,
)
write('customers.csv', ['customer_id,name,country,plan,signed_up', ...customers])

const orders = Array.from(
  { length: 800 },
  (_, index) => `${index + 1},c${next(250) + 1},${(next(20_000) / 100).toFixed(2)},${day(60 + next(20))}`,
)
write('orders.csv', ['order_id,customer_id,amount,ordered_on', ...orders])

const { query } = await import('chdb')
const path = (name: string): string => fileURLToPath(new URL(name, folder)).replaceAll("'", "\\'")
rmSync(path('refunds.parquet'), { force: true })
query(
  `INSERT INTO FUNCTION file('${path('refunds.parquet')}', Parquet)
   SELECT order_id, round(amount / 2, 2) AS refunded, toDate32(ordered_on) + 3 AS refunded_on
   FROM file('${path('orders.csv')}', CSVWithNames) WHERE order_id % 7 = 0 ORDER BY order_id`,
)
