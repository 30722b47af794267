import type { TableRecord } from '../state.ts'
import type { World } from '../world.ts'
import { schemasOf, statusOf } from './source-status.ts'

type Shown = Readonly<Record<string, unknown>>

/** Where a synced table comes from, as the tables resource shows it; nulls for every other table (fact sheet: tables 2.1). */
export const toOrigin = (
  world: World,
  table: TableRecord,
): { readonly external_data_source: Shown | null; readonly external_schema: Shown | null } => {
  const { sources, schemas } = world.store.state
  const source = sources.find(({ id }) => id === table.synced?.sourceId)
  const schema = schemas.find(({ id }) => id === table.synced?.schemaId)
  if (source === undefined || schema === undefined) return { external_data_source: null, external_schema: null }
  return {
    external_data_source: {
      id: source.id,
      created_at: source.createdAt,
      created_by: source.createdBy,
      status: statusOf(schemasOf(world, source)),
      source_type: source.sourceType,
    },
    external_schema: {
      id: schema.id,
      name: schema.name,
      label: null,
      should_sync: schema.shouldSync,
      last_synced_at: schema.lastSyncedAt,
      sync_type: schema.syncType,
    },
  }
}
