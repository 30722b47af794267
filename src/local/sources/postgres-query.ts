import { type ReadRequest, SourceError } from './connector.ts'
import type { PostgresColumn, PostgresTable } from './postgres-catalog.ts'
import { type PostgresField, toField } from './postgres-types.ts'
import type { RowFilter } from './source-state.ts'
import { quotePostgres } from './sql-names.ts'

/** A statement with the values for its places. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

/** The statements that read a table. */
export interface Plan {
  readonly fields: readonly (PostgresField & { readonly name: string })[]
  /** Asks for the highest cursor value; null when no cursor is wanted. */
  readonly highest: Statement | null
  readonly rows: Statement
}

const columnOf = (table: PostgresTable, name: string): PostgresColumn => {
  const found = table.details.find((column) => column.name === name)
  if (found !== undefined) return found
  throw new SourceError('table', `The table '${table.name}' has no column named '${name}' any more.`)
}

/** Collects conditions and the values for their places. */
class Conditions {
  readonly texts: string[] = []
  readonly values: unknown[] = []

  place(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }

  filter({ column, operator, value }: RowFilter): void {
    const name = quotePostgres(column)
    // The place takes the column's type from the comparison, so the value may come as text.
    if (Array.isArray(value)) {
      const places = value.map((one) => this.place(String(one))).join(', ')
      this.texts.push(`${name} ${operator} (${places})`)
    } else this.texts.push(`${name} ${operator} ${this.place(String(value))}`)
  }

  after(column: PostgresColumn, cursor: NonNullable<ReadRequest['cursor']>): void {
    if (cursor.after === null) return
    const value = `${this.place(cursor.after)}::text::${column.type}`
    const isTime = /^(?:timestamp|date)/.test(column.type)
    const back = isTime && cursor.lookbackSeconds > 0
    const start = back ? `(${value} - make_interval(secs => ${this.place(cursor.lookbackSeconds)}))` : value
    this.texts.push(`${quotePostgres(column.name)} ${cursor.inclusive ? '>=' : '>'} ${start}`)
  }

  get where(): string {
    return this.texts.length === 0 ? '' : ` WHERE ${this.texts.join(' AND ')}`
  }
}

const toHighest = (column: PostgresColumn, from: string, filters: readonly RowFilter[]): Statement => {
  const conditions = new Conditions()
  for (const filter of filters) conditions.filter(filter)
  const name = quotePostgres(column.name)
  // An infinite time as the cursor would be the end of every later sync.
  if (/^(?:timestamp|date)/.test(column.type)) conditions.texts.push(`isfinite(${name})`)
  return { text: `SELECT max(${name})::text FROM ${from}${conditions.where}`, values: conditions.values }
}

/** What to ask a table for. Throws SourceError `table` for columns that are gone. */
export const toPlan = (table: PostgresTable, request: ReadRequest): Plan => {
  const wanted = request.columns?.map((name) => columnOf(table, name)) ?? table.details
  const fields = wanted.map((column) => ({ ...toField(column), name: column.name }))
  const from = `${quotePostgres(table.schema)}.${quotePostgres(table.relation)}`
  const conditions = new Conditions()
  for (const filter of request.filters) conditions.filter(filter)
  const { cursor } = request
  const by = cursor === null ? undefined : columnOf(table, cursor.field)
  if (cursor !== null && by !== undefined) conditions.after(by, cursor)
  const list = fields.map(({ select }) => select).join(', ')
  return {
    fields,
    highest: by === undefined ? null : toHighest(by, from, request.filters),
    rows: { text: `SELECT ${list} FROM ${from}${conditions.where}`, values: conditions.values },
  }
}
