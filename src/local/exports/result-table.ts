import type { QueryAnswer } from '../engine/engine.ts'

/** The result of a query, as the writers of files take it. */
export interface ResultTable {
  readonly columns: readonly string[]
  /** Column name and ClickHouse type. */
  readonly types: readonly (readonly [string, string])[]
  readonly rows: readonly (readonly unknown[])[]
}

/** The engine's answer without what only the query endpoint tells. */
export const toResultTable = ({ columns, rows }: QueryAnswer): ResultTable => ({
  columns: columns.map(({ name }) => name),
  types: columns.map(({ name, clickhouse }) => [name, clickhouse]),
  rows,
})

/** One value as text: nothing for NULL, JSON for arrays, maps and tuples. */
export const toText = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
