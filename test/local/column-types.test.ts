import { describe, expect, it } from 'vitest'
import { toEngineType, toPostHogType } from '../../src/local/column-types.ts'

describe('column types', () => {
  it.each([
    ['Int8', 'integer'],
    ['UInt256', 'integer'],
    ['Nullable(Int64)', 'integer'],
    ['Float32', 'float'],
    ['Nullable(Decimal(18, 2))', 'decimal'],
    ['Decimal64(3)', 'decimal'],
    ['LowCardinality(Nullable(String))', 'string'],
    ['FixedString(16)', 'string'],
    ["Enum8('a' = 1)", 'string'],
    ['UUID', 'string'],
    ["Nullable(DateTime64(6, 'UTC'))", 'datetime'],
    ['DateTime', 'datetime'],
    ['Nullable(Date)', 'date'],
    ['Date32', 'date'],
    ['Nullable(Bool)', 'boolean'],
    ['Array(Nullable(Int64))', 'array'],
    ['Map(String, String)', 'json'],
    ['Tuple(a String, b Int8)', 'json'],
    ['Nullable(Nothing)', 'unknown'],
    ['IntervalDay', 'unknown'],
    ['', 'unknown'],
  ])('shows %s as %s', (clickhouse, type) => {
    expect(toPostHogType(clickhouse)).toBe(type)
  })

  it.each(['integer', 'float', 'decimal', 'string', 'datetime', 'date', 'boolean', 'array', 'json'])(
    'sets %s to a type that shows as it',
    (type) => {
      expect(toPostHogType(toEngineType(type))).toBe(type)
    },
  )

  it('refuses a type nobody can set', () => {
    expect(() => toEngineType('view')).toThrow(RangeError)
    expect(() => toEngineType('Float')).toThrow(RangeError)
  })
})
