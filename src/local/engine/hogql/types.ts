import type { Cursor } from './cursor.ts'
import { unsupported } from './refusals.ts'
import type { Expression } from './syntax.ts'

// ClickHouse's own conversions, which raise where the functions of HogQL (toInt and so on) give NULL.
const conversions: Readonly<Record<string, string>> = {
  int: 'toInt64',
  integer: 'toInt64',
  float: 'toFloat64',
  double: 'toFloat64',
  real: 'toFloat64',
  string: 'toString',
  text: 'toString',
  char: 'toString',
  varchar: 'toString',
  date: 'toDate',
  datetime: 'toDateTime',
  timestamp: 'toDateTime',
  timestamptz: 'toDateTime',
}

/** The type names :: understands, for the documentation. */
export const castTypes: readonly string[] = Object.keys(conversions)

/** Reads a type name and returns the conversion of `of` to it. Throws `unsupported` for other types. */
export function castCall(cursor: Cursor, of: Expression): Expression {
  const type = cursor.next().text
  const to = Object.hasOwn(conversions, type.toLowerCase()) ? conversions[type.toLowerCase()] : undefined
  if (!to || cursor.is('(')) throw unsupported(`a cast to ${type}`)
  return { kind: 'cast', of, to }
}
