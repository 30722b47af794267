/** Which functions HogQL queries may call here. Anything not named below never reaches the engine. */

import { EngineError } from '../engine.ts'
import { aggregates, anyCase, lambdas, parametric, scalars, windows } from './function-table.ts'
import { unsupported } from './refusals.ts'
import type { Call, Expression } from './syntax.ts'

/** How a call is written for the engine. `print` builds it from printed arguments; without it, as it stands. */
export interface KnownFunction {
  readonly name: string
  readonly group: 'aggregate' | 'window' | 'scalar'
  /** How many arguments it takes. */
  readonly least: number
  readonly most: number
  /** Takes `{name}(parameters)(arguments)`. */
  readonly parametric: boolean
  readonly takesLambda: boolean
  readonly print?: (args: readonly string[], call: Call) => string
}

function only(args: readonly string[], template: (value: string) => string): string {
  const [value] = args
  if (args.length !== 1 || value === undefined) throw unsupported('this function with anything but one argument')
  return template(value)
}

// Asked of the type's name, which the engine knows before it reads a row: the branch that is not taken need not fit.
const byType = (value: string, types: string, taken: string, otherwise: string): string =>
  `if(match(toTypeName(${value}), '^(LowCardinality\\\\(|Nullable\\\\()*(${types})'), ${taken}, ${otherwise})`

const dated = /^(toDate|toDateTime|now|today|yesterday|toStartOf\w+|toMonday|dateTrunc|toTimeZone)$/i

/** Whether a date or a time is certain before the engine is asked, so that nested conversions do not multiply. */
function isDated(of: Expression | undefined): boolean {
  if (of?.kind === 'cast') return dated.test(of.to)
  return of?.kind === 'call' && dated.test(of.name)
}

function toDate(value: string, of: Expression | undefined): string {
  return isDated(of) ? `toDate(${value})` : byType(value, 'Date', `toDate(${value})`, `toDateOrNull(${value})`)
}

/** PostHog reads a text it can see by its form, and any other text by guessing; only the guess may be NULL. */
function toDateTime(value: string, of: Expression | undefined): string {
  if (isDated(of)) return `toDateTime(${value}, 'UTC')`
  if (of?.kind !== 'string') {
    const parsed = `parseDateTime64BestEffortOrNull(${value}, 6, 'UTC')`
    return byType(value, 'Date|U?Int\\\\d', `toDateTime(${value}, 'UTC')`, parsed)
  }
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,6}$/.test(of.value)) return `toDateTime64(${value}, 6, 'UTC')`
  if (/^\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?$/.test(of.value)) return `toDateTime(${value}, 'UTC')`
  return `parseDateTime64BestEffort(${value}, 6, 'UTC')`
}

// PostHog prints these under the same names but with other functions behind; the meaning is kept.
const translated: Readonly<Record<string, NonNullable<KnownFunction['print']>>> = {
  now: (args) => {
    if (args.length > 0) throw unsupported('now with a time zone')
    return "now64(6, 'UTC')"
  },
  concat: (args) => `concat(${args.map((arg) => `ifNull(toString(${arg}), '')`).join(', ')})`,
  trim: (args) => only(args, (value) => `trimBoth(${value})`),
  // Characters, where the functions of these names count bytes.
  left: (args) => `leftUTF8(${args.join(', ')})`,
  right: (args) => `rightUTF8(${args.join(', ')})`,
  toInt: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'Int64')`),
  toFloat: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'Float64')`),
  toUUID: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'UUID')`),
  toDate: (args, call) => only(args, (value) => toDate(value, call.arguments[0])),
  toDateTime: (args, call) => only(args, (value) => toDateTime(value, call.arguments[0])),
  toTimeZone: ([value = '', zone = "'UTC'"]) => `toTimeZone(${value}, ${zone})`,
  // Past the edge of their window PostHog's are NULL, where ClickHouse gives '' or 0.
  lag: ([value = '', ...rest]) => `lag(${[`toNullable(${value})`, ...rest].join(', ')})`,
  lead: ([value = '', ...rest]) => `lead(${[`toNullable(${value})`, ...rest].join(', ')})`,
}

function define(
  table: typeof scalars,
  rest: Partial<Pick<KnownFunction, 'group' | 'parametric' | 'takesLambda'>>,
): [string, KnownFunction][] {
  return table.map(([name, least, most]) => {
    const print = Object.hasOwn(translated, name) ? translated[name] : undefined
    const known = { name, least, most, group: 'scalar', parametric: false, takesLambda: false, ...rest } as const
    return [name, print === undefined ? known : { ...known, print }]
  })
}

const functions: ReadonlyMap<string, KnownFunction> = new Map([
  ...define(aggregates, { group: 'aggregate' }),
  ...define(parametric, { group: 'aggregate', parametric: true }),
  ...define(windows, { group: 'window' }),
  ...define(lambdas, { takesLambda: true }),
  ...define(scalars, {}),
])

const spelledAnyhow: ReadonlyMap<string, string> = new Map([...anyCase].map((name) => [name.toLowerCase(), name]))

/** Every supported function by group, sorted, for the documentation and its test. */
export function functionNames(group: KnownFunction['group']): readonly string[] {
  return [...functions.values()]
    .filter((one) => one.group === group)
    .map((one) => one.name)
    .sort()
}

/** The function of this name. */
export function findFunction(name: string): KnownFunction | undefined {
  return functions.get(name) ?? functions.get(spelledAnyhow.get(name.toLowerCase()) ?? '')
}

/** Throws `syntax` in PostHog's words for a call with too few or too many arguments, or without its parameters. */
export function checkArity(call: Call, { least, most, parametric, group }: KnownFunction): void {
  const kind = group === 'aggregate' ? 'Aggregation' : 'Function'
  const { name, arguments: given, parameters } = call
  const refuse = (what: string): EngineError => new EngineError('syntax', `${kind} '${name}' ${what}`, { name })
  if (given.length < least || given.length > most) {
    const bound = least === most ? '' : given.length < least ? 'at least ' : 'at most '
    const wanted = given.length < least ? least : most
    throw refuse(`expects ${bound}${wanted} argument${wanted === 1 ? '' : 's'}, found ${given.length}`)
  }
  if (parametric && parameters === undefined) throw refuse('requires parameters in addition to arguments')
  if (parametric && name !== 'quantiles' && parameters?.length !== 1) {
    throw refuse(`expects 1 parameter, found ${parameters?.length}`)
  }
}
