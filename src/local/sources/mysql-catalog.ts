import type { Connection } from 'mysql2'
import type { SourceTable } from './connector.ts'
import { toCursors } from './cursor-columns.ts'
import { ask } from './mysql-session.ts'
import type { Inputs } from './source-state.ts'

/** A column as information_schema has it; `full` is the whole type with length and sign. */
export interface MysqlColumn {
  readonly name: string
  readonly type: string
  readonly full: string
  readonly precision: number | null
  readonly scale: number | null
  readonly nullable: boolean
  readonly indexed: boolean
}

/** A table as the catalogue knows it. */
export interface MysqlTable extends SourceTable {
  readonly database: string
  readonly details: readonly MysqlColumn[]
}

const TABLES = `
  SELECT TABLE_NAME AS name, TABLE_ROWS AS estimate, TABLE_COMMENT AS comment, TABLE_TYPE AS kind
  FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = ? AND (? IS NULL OR TABLE_NAME = ?) ORDER BY TABLE_NAME`

const COLUMNS = `
  SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS full,
    NUMERIC_PRECISION AS \`precision\`, NUMERIC_SCALE AS scale, IS_NULLABLE AS nullable
  FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA = ? AND (? IS NULL OR TABLE_NAME = ?) ORDER BY TABLE_NAME, ORDINAL_POSITION`

const INDEXES = `
  SELECT TABLE_NAME AS \`table\`, INDEX_NAME AS name, COLUMN_NAME AS \`column\`, SEQ_IN_INDEX AS place
  FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = ? AND (? IS NULL OR TABLE_NAME = ?) ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`

/** In MySQL a schema is a database; a source may name another one than it logs in to. */
const databaseOf = (inputs: Inputs): string => {
  const { schema, database } = inputs
  return typeof schema === 'string' && schema.trim() !== '' ? schema.trim() : String(database)
}

type Row = Readonly<Record<string, unknown>>

const numberOr = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value))

const toColumns = (columns: readonly Row[], indexes: readonly Row[]): readonly MysqlColumn[] =>
  columns.map((row) => ({
    name: String(row.name),
    type: String(row.type).toLowerCase(),
    full: String(row.full).toLowerCase(),
    precision: numberOr(row.precision),
    scale: numberOr(row.scale),
    nullable: row.nullable === 'YES',
    indexed: indexes.some((index) => index.column === row.name && Number(index.place) === 1),
  }))

const toTable = (row: Row, database: string, columns: readonly Row[], indexes: readonly Row[]): MysqlTable => {
  const details = toColumns(columns, indexes)
  const keys = indexes.filter(({ name }) => name === 'PRIMARY').map(({ column }) => String(column))
  const isView = row.kind !== 'BASE TABLE'
  return {
    name: String(row.name),
    database,
    details,
    columns: details.map(({ name, type, nullable }) => ({ name, type, nullable })),
    cursors: toCursors(details),
    primaryKey: keys.length === 0 ? null : keys,
    rows: isView ? null : numberOr(row.estimate),
    description: isView || row.comment === '' ? null : String(row.comment),
    xmin: null,
    permissionError: null,
    rlsWarning: null,
  }
}

/** The tables a source shows, or the one of this name. */
export const readCatalog = async (
  connection: Connection,
  inputs: Inputs,
  only: string | null = null,
): Promise<readonly MysqlTable[]> => {
  const database = databaseOf(inputs)
  const values = [database, only, only]
  const tables = await ask(connection, TABLES, values)
  const columns = await ask(connection, COLUMNS, values)
  const indexes = await ask(connection, INDEXES, values)
  const of = (rows: readonly Row[], name: unknown) => rows.filter((row) => row.table === name)
  return tables.map((row) => toTable(row, database, of(columns, row.name), of(indexes, row.name)))
}
