import { SourceError } from './connector.ts'

/** Turns a value, as the database writes it, into its place in a JSON array. */
export type ToJson = (value: string) => string

/** Anything the engine keeps as text. */
export const toText: ToJson = (value) => JSON.stringify(value)

/** A whole number of any length: digits are JSON already, and the engine reads them without a double in between. */
export const toWhole: ToJson = (value) => value

/** Doubles, with the words for what JSON has no number for. */
export const toDouble: ToJson = (value) =>
  /^-?[\d.eE+-]+$/.test(value) ? value : JSON.stringify(value.replace('Infinity', 'inf').toLowerCase())

/** Bytes as PostgreSQL and our MySQL reader give them, in hex. */
export const toHex: ToJson = (value) => JSON.stringify(value.replace(/^\\x/, ''))

// What the engine's Date32 and DateTime64 can hold.
const inRange = (value: string): boolean => value >= '1900-01-01' && value < '2300-01-01' && /^\d{4}-/.test(value)

/** A day; infinity, years BC and the zero date become NULL, because the engine has no day for them. */
export const toDay: ToJson = (value) => (inRange(value) && !value.endsWith('BC') ? JSON.stringify(value) : 'null')

/** A moment in UTC, given with or without its zone; NULL like `toDay`. */
export const toMoment: ToJson = (value) =>
  inRange(value) && !value.endsWith('BC') ? JSON.stringify(value.replace(/\+00(?::00)?$/, '')) : 'null'

/** A decimal of at most `precision` digits, `scale` of them behind the point; NaN becomes NULL. */
export const toDecimal = (column: string, precision: number, scale: number): ToJson => {
  const whole = precision - scale
  return (value) => {
    const [, digits = '', rest = ''] = /^-?(\d*)(?:\.(\d*?)0*)?$/.exec(value) ?? []
    if (digits === '' && rest === '') return 'null'
    if (digits.length <= whole && rest.length <= scale) return JSON.stringify(value)
    const text = `column '${column}' holds a number of more than ${whole} digits before or ${scale} behind the point`
    throw new SourceError('data', `The ${text}. Leave it out with enabled_columns, or give it a narrower type.`)
  }
}
