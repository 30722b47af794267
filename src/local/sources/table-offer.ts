import type { CursorColumn, SourceTable } from './connector.ts'

type Shown = Readonly<Record<string, unknown>>

const toCursor = ({ field, type, nullable, indexed }: CursorColumn): Shown => ({
  label: field,
  type,
  field,
  field_type: type,
  nullable,
  is_indexed: indexed,
})

const toColumns = (table: SourceTable): readonly Shown[] =>
  table.columns.map(({ name, type, nullable }) => ({ field: name, label: name, type, nullable }))

/** The key a merge would use: the primary key, else a column named `id`. */
export const detectedKeys = (table: SourceTable): readonly string[] | null =>
  table.primaryKey ?? (table.columns.some(({ name }) => name === 'id') ? ['id'] : null)

/** What a table can do, in the shape both discovery and `incremental_fields` have (fact sheet: external-data-sources 2.9). */
const toAbilities = (table: SourceTable) => ({
  incremental_fields: table.cursors.map(toCursor),
  incremental_available: table.cursors.length > 0,
  append_available: table.cursors.length > 0,
  // The local warehouse, like a project without the flag, has no change data capture.
  cdc_available: null,
  // What changed is merged by a key, found or guessed (fact sheet: external-data-sources 5.1 and 5.8).
  xmin_available: table.xmin === null ? null : table.xmin && detectedKeys(table) !== null,
})

/** One row of `database_schema`. */
export const toOffer = (table: SourceTable): Shown => ({
  table: table.name,
  label: null,
  should_sync: false,
  ...toAbilities(table),
  incremental_field: table.cursors[0]?.field ?? null,
  sync_type: null,
  rows: table.rows,
  supports_webhooks: false,
  webhook_only: false,
  description: table.description,
  should_sync_default: true,
  available_columns: toColumns(table),
  detected_primary_keys: detectedKeys(table),
  primary_key_detection_supported: true,
  permission_error: table.permissionError,
  rls_warning: table.rlsWarning,
})

/** The answer of `incremental_fields` (fact sheet: external-data-sources 5.8). */
export const toIncrementalFields = (table: SourceTable): Shown => ({
  ...toAbilities(table),
  full_refresh_available: true,
  supports_webhooks: false,
  webhook_only: false,
  available_columns: toColumns(table),
  detected_primary_keys: detectedKeys(table),
  primary_key_detection_supported: true,
})
