/** How many arguments: `3`, `1-2`, `2+`. Each line starts with one, and the names on it share it. */
type Table = readonly (readonly [name: string, least: number, most: number])[]

function table(text: string): Table {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [arity = '', ...names] = line.trim().split(/\s+/)
      const [least = '', most] = arity.replace(/\+$/, '-Infinity').split('-')
      return names.map((name) => [name, Number(least), Number(most ?? least)] as const)
    })
}

/** Aggregates, with the number of arguments PostHog takes. */
export const aggregates = table(`
  0-1 count
  1-2 countIf
  1 sum avg min max any anyLast median groupArray groupUniqArray stddevPop stddevSamp varPop varSamp
  1 first_value last_value
  1+ uniq uniqExact
  2 sumIf avgIf minIf maxIf anyIf anyLastIf medianIf groupArrayIf groupUniqArrayIf argMin argMax corr
  2+ uniqIf uniqExactIf
  3 argMinIf argMaxIf`)

/** Aggregates that are called with parameters first: `quantile(0.9)(x)`. */
export const parametric = table(`
  1 quantile topK
  1+ quantiles
  2 quantileIf`)

/** Functions that are called with OVER only. */
export const windows = table(`
  0 row_number rank dense_rank percent_rank
  1-3 lag lead lagInFrame leadInFrame
  2 nth_value`)

/** Functions whose first argument may be a lambda. */
export const lambdas = table(`
  1-2 arraySum
  1+ arrayExists arrayAll arrayCount arraySort
  2+ arrayMap arrayFilter arrayFirst`)

/** Everything else. */
export const scalars = table(`
  0 today yesterday
  0-1 now
  0+ array tuple
  1 isNull isNotNull assumeNotNull toNullable not negate abs sign sqrt exp log log2 log10
  1 toInt toFloat toBool toUUID toDate toTypeName
  1 toYear toQuarter toMonth toDayOfYear toDayOfMonth toHour toMinute toSecond fromUnixTimestamp
  1 toStartOfYear toStartOfQuarter toStartOfMonth toStartOfHour toStartOfMinute toStartOfFiveMinutes
  1 toStartOfFifteenMinutes toStartOfSecond toMonday toLastDayOfMonth toYYYYMM toYYYYMMDD
  1 toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay toIntervalWeek toIntervalMonth toIntervalQuarter
  1 toIntervalYear length empty notEmpty lower upper reverse base64Encode base64Decode domain path
  1 arrayJoin arrayDistinct arrayReverse arrayEnumerate mapKeys mapValues cityHash64
  1-2 round floor ceil toString toDateTime toUnixTimestamp toStartOfWeek toStartOfDay toTimeZone trim trimLeft trimRight
  1-2 arrayStringConcat arrayMin arrayMax arrayAvg
  1-3 toDayOfWeek range
  1+ coalesce arrayUniq JSONHas JSONLength JSONType JSONExtractKeys JSONExtractString JSONExtractInt JSONExtractUInt
  1+ JSONExtractFloat JSONExtractBool JSONExtractRaw JSONExtractArrayRaw
  2 ifNull nullIf greatest least plus minus multiply divide modulo intDiv pow
  2 equals notEquals less lessOrEquals greater greaterOrEquals like notLike ilike notILike
  2 addSeconds addMinutes addHours addDays addWeeks addMonths addQuarters addYears
  2 subtractSeconds subtractMinutes subtractHours subtractDays subtractWeeks subtractMonths subtractQuarters subtractYears
  2 left right startsWith endsWith match extract extractAll repeat has hasAll hasAny indexOf arrayElement
  2-3 position leftPad rightPad splitByChar splitByString arraySlice tupleElement
  2-3 toStartOfInterval dateTrunc formatDateTime
  2+ and or concat arrayConcat
  3 if dateDiff substring replaceOne replaceAll replaceRegexpOne replaceRegexpAll
  3+ multiIf`)

/** Names that may be written in any case; all others are spelled one way, as in PostHog. */
export const anyCase: ReadonlySet<string> = new Set(
  `count sum avg min max abs sign sqrt exp log log2 log10 pow round floor ceil not if ifNull nullIf isNull coalesce
   greatest least lower upper concat substring position extract trim length reverse now
   row_number rank dense_rank percent_rank lag lead nth_value first_value last_value`.split(/\s+/),
)
