import type { Client } from 'pg'
import type { SourceTable } from './connector.ts'
import { toCursors } from './cursor-columns.ts'
import type { Inputs } from './source-state.ts'

/** A column with what its rows need on their way; `modifier` is the type modifier, -1 without one. */
export interface PostgresColumn {
  readonly name: string
  readonly type: string
  readonly modifier: number
  readonly nullable: boolean
  readonly indexed: boolean
}

/** A table as the catalogue knows it. */
export interface PostgresTable extends SourceTable {
  readonly schema: string
  readonly relation: string
  readonly details: readonly PostgresColumn[]
}

interface Row {
  readonly schema: string
  readonly relation: string
  readonly kind: string
  readonly rows: number | null
  readonly description: string | null
  readonly readable: boolean
  readonly restricted: boolean
  readonly keys: readonly string[] | null
  readonly columns: readonly PostgresColumn[]
}

// A domain counts as the type below it. Arrays say so instead of naming their elements, as information_schema does.
const COLUMNS = `
  SELECT json_agg(json_build_object(
    'name', a.attname,
    'type', CASE WHEN coalesce(b.typcategory, t.typcategory) = 'A' THEN 'ARRAY'
                 ELSE format_type(coalesce(b.oid, t.oid), NULL) END,
    'modifier', CASE WHEN a.atttypmod <> -1 THEN a.atttypmod ELSE t.typtypmod END,
    'nullable', NOT (a.attnotnull OR t.typnotnull),
    'indexed', EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum)
  ) ORDER BY a.attnum)
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd'
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`

const KEYS = `
  SELECT json_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum))
  FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
  WHERE i.indrelid = c.oid AND i.indisprimary`

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS relation, c.relkind AS kind,
    CASE WHEN c.reltuples >= 0 AND c.relkind IN ('r', 'm') THEN c.reltuples::float8 END AS rows,
    obj_description(c.oid, 'pg_class') AS description,
    has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT') AS readable,
    c.relrowsecurity AND row_security_active(c.oid) AS restricted,
    (${KEYS}) AS keys, coalesce((${COLUMNS}), '[]') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND ($1::text IS NULL OR n.nspname = $1)
    AND ($2::text IS NULL OR n.nspname || '.' || c.relname = $2 OR ($1::text IS NOT NULL AND c.relname = $2))
  ORDER BY n.nspname, c.relname`

/** The one schema a source is limited to; null is all of them. */
export const schemaOf = (inputs: Inputs): string | null => {
  const { schema } = inputs
  return typeof schema === 'string' && schema.trim() !== '' ? schema.trim() : null
}

const toTable = (row: Row, limited: boolean): PostgresTable => ({
  name: limited ? row.relation : `${row.schema}.${row.relation}`,
  schema: row.schema,
  relation: row.relation,
  details: row.columns,
  columns: row.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
  cursors: toCursors(row.columns),
  primaryKey: row.keys,
  rows: row.rows === null ? null : Math.round(row.rows),
  description: row.description,
  // Row versions can be told apart only in tables of the ordinary kind.
  xmin: row.kind === 'r',
  permissionError: row.readable ? null : `The user may not read ${row.schema}.${row.relation}.`,
  rlsWarning: row.restricted ? 'Row-level security limits which rows of this table the user sees.' : null,
})

/** The tables a source shows, or the one of this name. */
export const readCatalog = async (client: Client, inputs: Inputs, only?: string): Promise<readonly PostgresTable[]> => {
  const schema = schemaOf(inputs)
  // The columns of TABLES are those of Row; the driver cannot know.
  const { rows } = await client.query<Row>(TABLES, [schema, only ?? null])
  return rows.map((row) => toTable(row, schema !== null))
}
