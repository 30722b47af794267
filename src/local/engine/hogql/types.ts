import type { Cursor } from './cursor.ts'
import { unsupported } from './refusals.ts'
import type { Expression } from './syntax.ts'

// A cast is the conversion function of the same meaning, as in HogQL; both spellings then behave alike.
const conversions: Readonly<Record<string, string>> = {
  int: 'toInt',
  integer: 'toInt',
  int64: 'toInt',
  bigint: 'toInt',
  float: 'toFloat',
  float64: 'toFloat',
  double: 'toFloat',
  string: 'toString',
  text: 'toString',
  varchar: 'toString',
  date: 'toDate',
  datetime: 'toDateTime',
  timestamp: 'toDateTime',
  bool: 'toBool',
  boolean: 'toBool',
  uuid: 'toUUID',
}

/** The type names CAST and :: understand, for the documentation. */
export const castTypes: readonly string[] = Object.keys(conversions)

/** Reads a type name and returns the conversion of `of` to it. Throws `unsupported` for other types. */
export function castCall(cursor: Cursor, of: Expression): Expression {
  const type = cursor.next().text
  const name = Object.hasOwn(conversions, type.toLowerCase()) ? conversions[type.toLowerCase()] : undefined
  if (!name || cursor.is('(')) throw unsupported(`a cast to ${type}`)
  return { kind: 'call', name, arguments: [of], distinct: false }
}
