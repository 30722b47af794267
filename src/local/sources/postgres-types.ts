import { type ToJson, toDay, toDecimal, toDouble, toHex, toMoment, toText, toWhole } from './field-text.ts'
import type { PostgresColumn } from './postgres-catalog.ts'
import { quotePostgres } from './sql-names.ts'

/** How one column is asked for, what the engine keeps it as, and how its text gets there. */
export interface PostgresField {
  readonly select: string
  readonly clickhouse: string
  readonly toJson: ToJson
}

// The engine's widest decimal. A numeric without limits gets 44 digits before the point and 32 behind it.
const WIDEST = 76
const FREE_SCALE = 32

/** A numeric's precision and scale out of its type modifier; the scale is a signed number of eleven bits. */
const limitsOf = (modifier: number): readonly [number, number] | undefined => {
  if (modifier < 4) return undefined
  const bits = modifier - 4
  return [(bits >> 16) & 0xffff, ((bits & 0x7ff) ^ 1024) - 1024]
}

const toNumeric = (column: PostgresColumn, select: string): PostgresField => {
  const [precision, scale] = limitsOf(column.modifier) ?? [WIDEST, FREE_SCALE]
  if (precision > WIDEST) return { select, clickhouse: 'Nullable(String)', toJson: toText }
  // A scale below zero or above the precision only says where the digits are.
  const digits = scale < 0 ? precision - scale : Math.max(precision, scale)
  if (digits > WIDEST) return { select, clickhouse: 'Nullable(String)', toJson: toText }
  const behind = Math.max(0, scale)
  return {
    select,
    clickhouse: `Nullable(Decimal(${digits}, ${behind}))`,
    toJson: toDecimal(column.name, digits, behind),
  }
}

/** One column's way into the warehouse. Arrays become JSON text, since a column may hold arrays of any depth. */
export const toField = (column: PostgresColumn): PostgresField => {
  const select = quotePostgres(column.name)
  switch (column.type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return { select, clickhouse: 'Nullable(Int64)', toJson: toWhole }
    case 'numeric':
      return toNumeric(column, select)
    case 'real':
    case 'double precision':
      return { select, clickhouse: 'Nullable(Float64)', toJson: toDouble }
    case 'boolean':
      return { select, clickhouse: 'Nullable(Bool)', toJson: (value) => String(value === 't') }
    case 'date':
      return { select, clickhouse: 'Nullable(Date32)', toJson: toDay }
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return { select, clickhouse: "Nullable(DateTime64(6, 'UTC'))", toJson: toMoment }
    case 'bytea':
      return { select, clickhouse: 'Nullable(String)', toJson: toHex }
    case 'ARRAY':
      return { select: `to_json(${select})::text`, clickhouse: 'Nullable(String)', toJson: toText }
    default:
      return { select, clickhouse: 'Nullable(String)', toJson: toText }
  }
}
