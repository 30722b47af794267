import type { FileRows, RowCondition } from './engine.ts'
import { quoteName, quoteString } from './hogql/quote.ts'
import { selectOf } from './sources.ts'

// Storage that says nothing would keep everybody from the engine for minutes.
const impatience = 's3_request_timeout_ms = 10000, s3_max_single_read_retries = 2'

const whereOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`

/** NULL fits no condition, as in SQL; the engine would let it pass a NOT IN. */
function conditionOf({ column, operator, value }: RowCondition, type: string): string {
  const literal = (one: unknown): string => `CAST(${quoteString(String(one))}, ${quoteString(type)})`
  const name = quoteName(column)
  const right = Array.isArray(value) ? `(${value.map(literal).join(', ')})` : literal(value)
  return `(isNotNull(${name}) AND ${name} ${operator} ${right})`
}

/** The select of rows of files, with the columns that are wanted. Throws `storage`. */
export function fileRowsOf({ source, columns, wanted, after, upTo, conditions }: FileRows): string {
  const bounds = [
    ...(after === null ? [] : [`_path > ${quoteString(after)}`]),
    ...(upTo === null ? [] : [`_path <= ${quoteString(upTo)}`]),
  ]
  const filters = conditions.map((condition) => {
    const type = columns.find(({ name }) => name === condition.column)?.clickhouse
    return conditionOf(condition, type ?? 'String')
  })
  const from = selectOf(source, columns, whereOf(bounds))
  return `SELECT ${wanted.map(quoteName).join(', ')} FROM ${from}${whereOf(filters)} SETTINGS ${impatience}`
}
