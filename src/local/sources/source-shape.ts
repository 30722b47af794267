import type { ProjectCall } from '../route.ts'
import { userById } from '../seed.ts'
import type { TableRecord } from '../state.ts'
import { accessLevel } from '../table-shape.ts'
import type { World } from '../world.ts'
import { schemasOf } from './refresh-schemas.ts'
import { toSchema, toTrimmedSchema } from './schema-shape.ts'
import { toShownInputs } from './secrets.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'

type Shown = Readonly<Record<string, unknown>>

/** What a source's tables make of it (fact sheet: external-data-sources 6.1). */
export const statusOf = (schemas: readonly SchemaRecord[]): string => {
  const enabled = schemas.filter(({ shouldSync }) => shouldSync)
  if (enabled.some(({ status }) => status === 'Failed')) return 'Failed'
  const active = schemas.filter(({ shouldSync, latestError }) => shouldSync || latestError !== null)
  const found = (['Running', 'Completed'] as const).find((status) => active.some((schema) => schema.status === status))
  // Nothing to go by: what a source is stored with.
  return found ?? 'Running'
}

const lastRunOf = (world: World, source: SourceRecord): string | null => {
  const last = world.store.state.syncs.findLast((job) => job.sourceId === source.id && job.status === 'Completed')
  // Python's ISO form, which this one field has.
  return last === undefined ? null : `${last.createdAt.slice(0, -1)}000+00:00`
}

/** A source as the API shows it; lists carry trimmed tables (fact sheet: external-data-sources 2.1). */
export const toSource = (world: World, source: SourceRecord, call: ProjectCall, isListed: boolean): Shown => {
  const schemas = schemasOf(world, source)
  return {
    id: source.id,
    created_at: source.createdAt,
    created_by: userById(source.createdBy)?.email ?? null,
    created_via: source.createdVia,
    status: statusOf(schemas),
    source_type: source.sourceType,
    latest_error: schemas.find(({ latestError }) => latestError !== null)?.latestError ?? null,
    prefix: source.prefix,
    description: source.description,
    access_method: 'warehouse',
    direct_query_enabled: source.directQueryEnabled,
    auto_sync_new_schemas: source.autoSyncNewSchemas,
    auto_sync_schema_patterns: source.autoSyncSchemaPatterns,
    engine: null,
    last_run_at: lastRunOf(world, source),
    schemas: schemas.map((schema) =>
      isListed ? toTrimmedSchema(world, schema) : toSchema(world, source, schema, call),
    ),
    job_inputs: toShownInputs(source.sourceType, source.inputs),
    revenue_analytics_config: source.revenue,
    user_access_level: accessLevel(call.key, call.project, source.createdBy),
    supports_webhooks: false,
    supports_column_selection: true,
    api_version: 'v1',
    api_version_deprecation: null,
  }
}

/** The source and the schema behind a synced table, as the tables resource shows them (fact sheet: tables 2.1). */
export const toOrigin = (
  world: World,
  table: TableRecord,
): { readonly source: Shown | null; readonly schema: Shown | null } => {
  const { sources, schemas } = world.store.state
  const source = sources.find(({ id }) => id === table.synced?.sourceId)
  const schema = schemas.find(({ id }) => id === table.synced?.schemaId)
  if (source === undefined || schema === undefined) return { source: null, schema: null }
  return {
    source: {
      id: source.id,
      created_at: source.createdAt,
      created_by: source.createdBy,
      status: statusOf(schemasOf(world, source)),
      source_type: source.sourceType,
    },
    schema: {
      id: schema.id,
      name: schema.name,
      label: null,
      should_sync: schema.shouldSync,
      last_synced_at: schema.lastSyncedAt,
      sync_type: schema.syncType,
    },
  }
}
