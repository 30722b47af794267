import type { ProjectCall } from '../route.ts'
import { userById } from '../seed.ts'
import { accessLevel } from '../table-shape.ts'
import type { World } from '../world.ts'
import { toSchema, toTrimmedSchema } from './schema-shape.ts'
import { toShownInputs } from './secrets.ts'
import type { SourceRecord } from './source-state.ts'
import { schemasOf, statusOf } from './source-status.ts'

type Shown = Readonly<Record<string, unknown>>

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
