import { toPostHogType } from './column-types.ts'
import type { ApiKey } from './keys.ts'
import { ADMIN_LEVEL, type Project, toUser } from './seed.ts'
import { isSeedEra } from './seed-era.ts'
import { toOrigin } from './sources/table-origin.ts'
import type { ColumnRecord, TableRecord } from './state.ts'
import type { World } from './world.ts'

type Shown = Readonly<Record<string, unknown>>

/** Columns as both resources show them (fact sheet: tables 1.6). */
export const toColumns = (columns: readonly ColumnRecord[]): readonly Shown[] =>
  columns.map((column) => ({
    key: column.name,
    name: column.name,
    type: toPostHogType(column.clickhouse),
    schema_valid: column.valid,
    fields: null,
    table: null,
    chain: null,
    description: null,
  }))

/** The database keeps the older release's columns by the length of their names, shorter first (fact sheet: tables 1.6). */
const byName = (one: ColumnRecord, other: ColumnRecord): number =>
  Buffer.byteLength(one.name) - Buffer.byteLength(other.name) ||
  Buffer.compare(Buffer.from(one.name), Buffer.from(other.name))

/** Columns as the older release shows them: without a description, in the database's order. */
export const toSeedEraColumns = (columns: readonly ColumnRecord[]): readonly Shown[] =>
  toColumns([...columns].sort(byName)).map(({ description: _, ...column }) => column)

/** What the older release shows instead of no schema: blanks, and no id to find it by (fact sheet: tables 2.1). */
const BLANK_SCHEMA: Shown = { name: '', should_sync: false, last_synced_at: null }

const toSeedEraTable = (shown: Shown, columns: readonly ColumnRecord[]): Shown => {
  const { hogql_name: _, created_via: __, user_access_level: ___, ...fields } = shown
  return { ...fields, columns: toSeedEraColumns(columns), external_schema: fields.external_schema ?? BLANK_SCHEMA }
}

/** What the caller may do with a row: its creator and admins manage it, other members what access control leaves. */
export const accessLevel = (key: ApiKey, project: Project, createdBy: number | null): string => {
  const isAdmin = (key.user.levels[project.organization] ?? 0) >= ADMIN_LEVEL
  return isAdmin || createdBy === key.user.id ? 'manager' : key.user.access
}

/**
 * A table as the API shows it (fact sheet: tables 2.1). Bucket keys are not part of it, and `include_columns=false`
 * in the query empties the columns.
 */
export const toTable = (world: World, table: TableRecord, key: ApiKey, project: Project, url: URL): Shown => {
  const shown = toLatestTable(world, table, key, project, url)
  return isSeedEra(world) ? toSeedEraTable(shown, table.columns) : shown
}

const toLatestTable = (world: World, table: TableRecord, key: ApiKey, project: Project, url: URL): Shown => ({
  id: table.id,
  deleted: table.deleted,
  name: table.name,
  format: table.format,
  created_by: toUser(table.createdBy),
  created_at: table.createdAt,
  url_pattern: table.urlPattern,
  // Tables made over the API record nobody on their credential.
  credential:
    table.credential === null
      ? null
      : { id: table.credential.id, created_by: null, created_at: table.credential.createdAt },
  columns: url.searchParams.get('include_columns')?.toLowerCase() === 'false' ? [] : toColumns(table.columns),
  ...toOrigin(world, table),
  options: table.options,
  hogql_name: table.synced?.hogqlName ?? table.name,
  created_via: table.createdVia,
  user_access_level: accessLevel(key, project, table.createdBy),
})
