import { type ReadRequest, SourceError } from './connector.ts'
import { type ToJson, toDay, toDecimal, toDouble, toMoment, toText, toWhole } from './field-text.ts'
import type { MysqlColumn, MysqlTable } from './mysql-catalog.ts'
import type { Statement } from './postgres-query.ts'
import type { RowFilter } from './source-state.ts'
import { quoteMysql } from './sql-names.ts'

interface Field {
  readonly name: string
  readonly select: string
  readonly clickhouse: string
  readonly toJson: ToJson
}

/** The statements that read a table. */
export interface Plan {
  readonly fields: readonly Field[]
  readonly highest: Statement | null
  readonly rows: Statement
}

const typeOf = (column: MysqlColumn): readonly [clickhouse: string, toJson: ToJson] => {
  const { type, full, precision, scale } = column
  if (type === 'bigint' && full.includes('unsigned')) return ['UInt64', toWhole]
  if (/^(?:tinyint|smallint|mediumint|int|bigint|year)$/.test(type)) return ['Int64', toWhole]
  if (type === 'decimal' && precision !== null) {
    return [`Decimal(${precision}, ${scale ?? 0})`, toDecimal(column.name, precision, scale ?? 0)]
  }
  if (type === 'float' || type === 'double') return ['Float64', toDouble]
  if (type === 'date') return ['Date32', toDay]
  if (type === 'datetime' || type === 'timestamp') return ["DateTime64(6, 'UTC')", toMoment]
  return ['String', toText]
}

const isBinary = (type: string): boolean => /^(?:tiny|medium|long)?blob$|binary$|^bit$/.test(type)

const toField = (column: MysqlColumn): Field => {
  const [clickhouse, toJson] = typeOf(column)
  const name = quoteMysql(column.name)
  return {
    name: column.name,
    // No text stands for bytes, so they are asked for in hex; shapes say themselves in WKT.
    select: isBinary(column.type) ? `LOWER(HEX(${name}))` : isShape(column.type) ? `ST_AsText(${name})` : name,
    clickhouse: `Nullable(${clickhouse})`,
    toJson,
  }
}

const isShape = (type: string): boolean =>
  /^(?:geometry|geometrycollection|(?:multi)?(?:point|linestring|polygon))$/.test(type)

const columnOf = (table: MysqlTable, name: string): MysqlColumn => {
  const found = table.details.find((column) => column.name === name)
  if (found !== undefined) return found
  throw new SourceError('table', `The table '${table.name}' has no column named '${name}' any more.`)
}

const toCondition = ({ column, operator, value }: RowFilter): Statement => {
  const name = quoteMysql(column)
  if (!Array.isArray(value)) return { text: `${name} ${operator} ?`, values: [value] }
  return { text: `${name} ${operator} (${value.map(() => '?').join(', ')})`, values: value }
}

const toStart = (column: MysqlColumn, cursor: NonNullable<ReadRequest['cursor']>): readonly Statement[] => {
  if (cursor.after === null) return []
  const isTime = /^(?:date|datetime|timestamp)$/.test(column.type)
  const back = isTime && cursor.lookbackSeconds > 0
  const operator = cursor.inclusive ? '>=' : '>'
  const text = `${quoteMysql(column.name)} ${operator} ${back ? 'DATE_SUB(?, INTERVAL ? SECOND)' : '?'}`
  return [{ text, values: back ? [cursor.after, cursor.lookbackSeconds] : [cursor.after] }]
}

const select = (list: string, from: string, conditions: readonly Statement[]): Statement => ({
  text: `SELECT ${list} FROM ${from}${conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ text }) => text).join(' AND ')}`}`,
  values: conditions.flatMap(({ values }) => values),
})

/** What to ask a table for. Throws SourceError `table` for columns that are gone. */
export const toPlan = (table: MysqlTable, request: ReadRequest): Plan => {
  const wanted = request.columns?.map((name) => columnOf(table, name)) ?? table.details
  const fields = wanted.map(toField)
  const from = `${quoteMysql(table.database)}.${quoteMysql(table.name)}`
  const filters = request.filters.map(toCondition)
  const { cursor } = request
  const by = cursor === null ? undefined : columnOf(table, cursor.field)
  const start = cursor === null || by === undefined ? [] : toStart(by, cursor)
  const highest =
    by === undefined ? null : select(`CAST(MAX(${quoteMysql(by.name)}) AS CHAR) AS highest`, from, filters)
  return { fields, highest, rows: select(fields.map((field) => field.select).join(', '), from, [...filters, ...start]) }
}
