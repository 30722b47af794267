import { toPostHogType } from './column-types.ts'
import type { Engine } from './engine/engine.ts'

/** A column as the HTTP side stores it. */
export interface SchemaColumn {
  readonly name: string
  readonly clickhouse: string
  readonly valid: boolean
}

/** A table for DatabaseSchemaQuery; `schema` and `source` are those of a synced one, as they are shown. */
export interface SchemaTable {
  readonly id: string
  readonly name: string
  readonly format: string
  readonly url_pattern: string
  readonly columns: readonly SchemaColumn[]
  readonly row_count?: number | null
  readonly schema?: Readonly<Record<string, unknown>>
  readonly source?: Readonly<Record<string, unknown>>
}

/** What a project holds, for DatabaseSchemaQuery. Times are ISO 8601. */
export interface SchemaInput {
  readonly tables: readonly SchemaTable[]
  readonly views: readonly {
    readonly id: string
    readonly name: string
    readonly sql: string
    readonly columns: readonly SchemaColumn[]
    readonly materialized: boolean
    readonly status: string | null
    readonly last_run_at: string | null
  }[]
}

/** The text that names a column or table in SQL: quoted only when it must be. */
function hogqlName(name: string): string {
  if (/^[A-Za-z_$][\w$]*$/.test(name)) return name
  return `\`${name.replace(/[\\`]/g, (char) => `\\${char}`)}\``
}

function toFields(columns: readonly SchemaColumn[], jsonColumns: readonly string[] = []): Record<string, unknown> {
  const fields = columns.map(({ name, clickhouse, valid }) => {
    const type = jsonColumns.includes(name) ? 'json' : toPostHogType(clickhouse)
    return [
      name,
      {
        name,
        hogql_value: hogqlName(name),
        type,
        schema_valid: valid,
        table: null,
        fields: null,
        chain: null,
        id: null,
      },
    ]
  })
  return Object.fromEntries(fields)
}

async function builtIn(
  engine: Engine,
  project: number,
  name: string,
  signal?: AbortSignal,
): Promise<[string, unknown]> {
  const { columns } = await engine.analyse(project, `SELECT * FROM ${name}`, signal)
  const fields = toFields(
    columns.map((column) => ({ ...column, valid: true })),
    ['properties'],
  )
  return [name, { id: name, name, type: 'posthog', row_count: null, fields }]
}

/** The body of a DatabaseSchemaQuery (fact sheet: cross-cutting 9.5). There are no joins here yet. */
export async function toSchemaBody(
  engine: Engine,
  project: number,
  input: SchemaInput,
  signal?: AbortSignal,
): Promise<unknown> {
  const own = [await builtIn(engine, project, 'events', signal), await builtIn(engine, project, 'persons', signal)]
  const tables = input.tables.map(({ id, name, format, url_pattern, row_count, columns, schema, source }) => [
    name,
    {
      id,
      name,
      type: 'data_warehouse',
      format,
      url_pattern,
      row_count: row_count ?? null,
      schema: schema ?? null,
      source: source ?? null,
      fields: toFields(columns),
    },
  ])
  const views = input.views.map(({ id, name, sql, columns, materialized, status, last_run_at }) => [
    name,
    {
      id,
      name,
      type: materialized ? 'materialized_view' : 'view',
      query: { kind: 'HogQLQuery', query: sql },
      last_run_at,
      status,
      fields: toFields(columns),
    },
  ])
  return { tables: Object.fromEntries([...own, ...tables, ...views]), joins: [] }
}
