/**
 * The two directions between ClickHouse's type texts and the type names PostHog shows
 * (fact sheet: tables 1.6 for reading, 2.3 update_schema for setting).
 */

const byFamily: ReadonlyMap<string, string> = new Map([
  ['Bool', 'boolean'],
  ['UUID', 'string'],
  ['String', 'string'],
  ['FixedString', 'string'],
  ['Enum8', 'string'],
  ['Enum16', 'string'],
  ['Date', 'date'],
  ['Date32', 'date'],
  ['DateTime', 'datetime'],
  ['DateTime32', 'datetime'],
  ['DateTime64', 'datetime'],
  ['Float32', 'float'],
  ['Float64', 'float'],
  ['BFloat16', 'float'],
  ['Array', 'array'],
  ['Map', 'json'],
  ['Tuple', 'json'],
  ['JSON', 'json'],
])

/** Takes `Nullable(…)` and `LowCardinality(…)` off a ClickHouse type text, however deep they nest. */
export function stripWrappers(clickhouse: string): string {
  const inner = /^\s*(?:Nullable|LowCardinality)\s*\((.*)\)\s*$/s.exec(clickhouse)?.[1]
  return inner === undefined ? clickhouse.trim() : stripWrappers(inner)
}

/**
 * The PostHog name of a ClickHouse type: one of integer, float, decimal, string, datetime, date, boolean,
 * array, json, or `unknown` for everything else (`Nothing`, intervals, aggregate states).
 */
export function toPostHogType(clickhouse: string): string {
  const family = /^\w+/.exec(stripWrappers(clickhouse))?.[0] ?? ''
  if (/^U?Int\d+$/.test(family)) return 'integer'
  if (/^Decimal\d*$/.test(family)) return 'decimal'
  return byFamily.get(family) ?? 'unknown'
}

// PostHog stores bare names such as `Nullable(DateTime64)` and `Nullable(Array)`, several of which
// ClickHouse cannot parse. These are the nearest texts that the engine accepts.
const bySettable: ReadonlyMap<string, string> = new Map([
  ['integer', 'Nullable(Int64)'],
  ['float', 'Nullable(Float64)'],
  ['decimal', 'Nullable(Decimal(38, 10))'],
  ['string', 'Nullable(String)'],
  ['datetime', "Nullable(DateTime64(6, 'UTC'))"],
  ['date', 'Nullable(Date)'],
  ['boolean', 'Nullable(Bool)'],
  ['array', 'Array(Nullable(String))'],
  ['json', 'Map(String, Nullable(String))'],
])

/** The names `update_schema` may set a column to, in the fact sheet's order. */
export const settableTypes: readonly string[] = [...bySettable.keys()]

/** The ClickHouse type of a settable PostHog name. Throws a RangeError for any other name. */
export function toEngineType(settable: string): string {
  const type = bySettable.get(settable)
  if (type === undefined) throw new RangeError(`${settable} is not a settable column type`)
  return type
}
