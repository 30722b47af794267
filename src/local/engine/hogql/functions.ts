/** Which functions HogQL queries may call here. Anything not named below never reaches the engine. */

import { unsupported } from './refusals.ts'

/** How a call is written for the engine. `print` builds it from printed arguments; without it, as it stands. */
export interface KnownFunction {
  readonly name: string
  readonly group: 'aggregate' | 'window' | 'scalar'
  /** Takes `{name}(parameters)(arguments)`. */
  readonly parametric: boolean
  readonly takesLambda: boolean
  readonly print?: (args: readonly string[]) => string
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const aggregates = words(`
  count sum avg min max any anyLast uniq uniqExact median argMin argMax groupArray groupUniqArray
  stddevPop stddevSamp varPop varSamp corr first_value last_value`)
const combined = words(`
  countIf sumIf avgIf minIf maxIf anyIf anyLastIf uniqIf uniqExactIf medianIf argMinIf argMaxIf groupArrayIf
  groupUniqArrayIf`)
const parametric = words('quantile quantileIf quantiles topK')
const windows = words('row_number rank dense_rank percent_rank lagInFrame leadInFrame nth_value')
const lambdas = words(
  'arrayMap arrayFilter arrayExists arrayAll arrayCount arraySum arrayFirst arraySort arrayReverseSort',
)
const scalars = words(`
  if multiIf coalesce ifNull nullIf isNull isNotNull assumeNotNull toNullable greatest least and or not
  plus minus multiply divide modulo intDiv negate abs sign round floor ceil sqrt pow exp log log2 log10
  equals notEquals less lessOrEquals greater greaterOrEquals like notLike ilike notILike
  toString toTypeName
  today yesterday toYear toQuarter toMonth toDayOfYear toDayOfMonth toDayOfWeek toHour toMinute toSecond
  toUnixTimestamp fromUnixTimestamp toStartOfYear toStartOfQuarter toStartOfMonth toStartOfWeek toStartOfDay
  toStartOfHour toStartOfMinute toStartOfFiveMinutes toStartOfFifteenMinutes toStartOfSecond toStartOfInterval toMonday
  toYYYYMM toYYYYMMDD toTimeZone dateTrunc dateDiff formatDateTime toLastDayOfMonth
  addSeconds addMinutes addHours addDays addWeeks addMonths addQuarters addYears
  subtractSeconds subtractMinutes subtractHours subtractDays subtractWeeks subtractMonths subtractQuarters subtractYears
  toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay toIntervalWeek toIntervalMonth toIntervalQuarter
  toIntervalYear
  length empty notEmpty lower upper reverse substring left right position startsWith endsWith
  replaceOne replaceAll replaceRegexpOne replaceRegexpAll match extract extractAll leftPad rightPad repeat
  splitByChar splitByString arrayStringConcat trimLeft trimRight domain path base64Encode base64Decode
  array tuple tupleElement arrayJoin has hasAll hasAny indexOf arrayElement arrayConcat arrayDistinct arrayReverse arraySlice
  arrayMin arrayMax arrayAvg arrayUniq arrayEnumerate range
  JSONHas JSONLength JSONType JSONExtractKeys JSONExtractString JSONExtractInt JSONExtractUInt JSONExtractFloat
  JSONExtractBool JSONExtractRaw JSONExtractArrayRaw mapKeys mapValues cityHash64`)

function only(args: readonly string[], template: (value: string) => string): string {
  const [value] = args
  if (args.length !== 1 || value === undefined) throw unsupported('this function with anything but one argument')
  return template(value)
}

// PostHog prints these under the same names but with other functions behind; the meaning is kept.
const translated: Readonly<Record<string, (args: readonly string[]) => string>> = {
  now: () => "now64(6, 'UTC')",
  concat: (args) =>
    args.length === 0 ? "''" : `concat(${args.map((arg) => `ifNull(toString(${arg}), '')`).join(', ')})`,
  trim: (args) => only(args, (value) => `trimBoth(${value})`),
  toInt: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'Int64')`),
  toFloat: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'Float64')`),
  toBool: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'Bool')`),
  toUUID: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'UUID')`),
  toDate: (args) => only(args, (value) => `accurateCastOrNull(${value}, 'Date')`),
  toDateTime: (args) => only(args, (value) => `parseDateTime64BestEffortOrNull(toString(${value}), 6, 'UTC')`),
}

// Past the edge of its window PostHog's lag and lead are NULL, where ClickHouse gives '' or 0.
const nullable = (name: string): [string, KnownFunction] => [
  name,
  {
    name,
    group: 'window',
    parametric: false,
    takesLambda: false,
    print: ([value = '', ...rest]) => `${name}(${[`toNullable(${value})`, ...rest].join(', ')})`,
  },
]

function define(names: readonly string[], rest: Partial<Omit<KnownFunction, 'name'>>): [string, KnownFunction][] {
  return names.map((name) => [name, { name, group: 'scalar', parametric: false, takesLambda: false, ...rest }])
}

const functions: ReadonlyMap<string, KnownFunction> = new Map([
  ...define([...aggregates, ...combined], { group: 'aggregate' }),
  ...define(parametric, { group: 'aggregate', parametric: true }),
  ...define(windows, { group: 'window' }),
  nullable('lag'),
  nullable('lead'),
  ...define(lambdas, { takesLambda: true }),
  ...define(scalars, {}),
  ...Object.entries(translated).flatMap(([name, print]) => define([name], { print })),
])

/** Every supported function by group, sorted, for the documentation and its test. */
export function functionNames(group: KnownFunction['group']): readonly string[] {
  return [...functions.values()]
    .filter((one) => one.group === group)
    .map((one) => one.name)
    .sort()
}

/** The function of this name. Names that ClickHouse writes in lower case may be written in any case. */
export function findFunction(name: string): KnownFunction | undefined {
  return functions.get(name) ?? functions.get(name.toLowerCase())
}
