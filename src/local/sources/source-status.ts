import type { World } from '../world.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'

/** The live tables of a source, by name. */
export const schemasOf = (world: World, source: SourceRecord): readonly SchemaRecord[] =>
  world.store.state.schemas
    .filter((schema) => schema.sourceId === source.id && !schema.deleted)
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** What a source's tables make of it (fact sheet: external-data-sources 6.1). */
export const statusOf = (schemas: readonly SchemaRecord[]): string => {
  const enabled = schemas.filter(({ shouldSync }) => shouldSync)
  if (enabled.some(({ status }) => status === 'Failed')) return 'Failed'
  const active = schemas.filter(({ shouldSync, latestError }) => shouldSync || latestError !== null)
  const found = (['Running', 'Completed'] as const).find((status) => active.some((schema) => schema.status === status))
  // Nothing to go by: what a source is stored with.
  return found ?? 'Running'
}
