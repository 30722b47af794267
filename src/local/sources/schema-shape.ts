import type { ProjectCall } from '../route.ts'
import { accessLevel, toColumns } from '../table-shape.ts'
import type { World } from '../world.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'
import { nextFullRefresh } from './sync-frequency.ts'
import { tableOf } from './synced-tables.ts'

type Shown = Readonly<Record<string, unknown>>

const toTable = (world: World, schema: SchemaRecord, call: ProjectCall): Shown | null => {
  const table = tableOf(world, schema)
  if (table === undefined) return null
  return {
    id: table.id,
    name: table.name,
    hogql_name: table.synced.hogqlName,
    columns: toColumns(table.columns).map(({ description: _, ...column }) => column),
    row_count: table.synced.rowCount,
    user_access_level: accessLevel(call.key, call.project, table.createdBy),
  }
}

/** A table as a list of sources shows it. */
export const toTrimmedSchema = (world: World, schema: SchemaRecord): Shown => {
  const table = tableOf(world, schema)
  return {
    id: schema.id,
    name: schema.name,
    label: null,
    should_sync: schema.shouldSync,
    status: schema.status,
    sync_type: schema.syncType,
    last_synced_at: schema.lastSyncedAt,
    sync_frequency: schema.syncFrequency,
    latest_error: schema.latestError,
    table: table === undefined ? null : { id: table.id, name: table.name, row_count: table.synced.rowCount },
  }
}

const toSourcePart = (source: SourceRecord, call: ProjectCall): Shown => ({
  id: source.id,
  source_type: source.sourceType,
  access_method: 'warehouse',
  supports_column_selection: true,
  supports_row_filters: true,
  requires_exact_column_metadata: false,
  user_access_level: accessLevel(call.key, call.project, source.createdBy),
  api_version: 'v1',
  supported_api_versions: ['v1'],
})

/** A table with all of its settings; `source` only where it is asked for alone (fact sheet: external-data-sources 3.1). */
export const toSchema = (
  world: World,
  source: SourceRecord,
  schema: SchemaRecord,
  call: ProjectCall,
  isAlone = false,
): Shown => {
  const refresh = nextFullRefresh(schema)
  return {
    id: schema.id,
    name: schema.name,
    label: null,
    table: toTable(world, schema, call),
    should_sync: schema.shouldSync,
    last_synced_at: schema.lastSyncedAt,
    latest_error: schema.latestError,
    incremental: schema.syncType === 'incremental',
    status: schema.status,
    sync_type: schema.syncType,
    incremental_field: schema.incrementalField,
    incremental_field_type: schema.incrementalFieldType,
    incremental_field_lookback_seconds: schema.lookbackSeconds,
    sync_frequency: schema.syncFrequency,
    sync_time_of_day: schema.syncTimeOfDay,
    full_refresh_interval_days: schema.fullRefreshIntervalDays,
    full_refresh_time_of_day: schema.fullRefreshTimeOfDay,
    next_full_refresh_at: refresh === null ? null : new Date(refresh).toISOString(),
    description: null,
    primary_key_columns: schema.primaryKeyColumns,
    cdc_table_mode: schema.cdcTableMode,
    incremental_sync_blocked: schema.blocked,
    enabled_columns: schema.enabledColumns,
    row_filters: schema.rowFilters,
    row_filter_columns: null,
    available_columns: schema.columns,
    source_column_metadata_available: schema.columns.length > 0,
    source: isAlone ? toSourcePart(source, call) : null,
    api_version: null,
    api_version_deprecation: null,
    user_access_level: accessLevel(call.key, call.project, source.createdBy),
  }
}
