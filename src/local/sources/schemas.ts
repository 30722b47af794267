import { ApiError, saying, wrongMethod } from '../errors.ts'
import { matches } from '../fields.ts'
import { byOffset } from '../paging.ts'
import type { ProjectCall, Reply } from '../route.ts'
import { discover, probe, toDiscoveryText } from './connectors.ts'
import { readChanges } from './schema-patch.ts'
import { toSchema } from './schema-shape.ts'
import { sourcesOf } from './source-names.ts'
import { findSchema, type SourceServices } from './source-services.ts'
import { removeTable } from './synced-tables.ts'
import { CANCELLED } from './syncs.ts'
import { toIncrementalFields } from './table-offer.ts'

/** `GET …/external_data_schemas/`: the tables of all sources, newest first, searched by name. */
export const listSchemas = ({ world }: SourceServices, call: ProjectCall): Reply => {
  const search = call.url.searchParams.get('search')
  const sources = new Map(sourcesOf(world, call.project.id).map((source) => [source.id, source]))
  const rows = world.store.state.schemas
    .filter(({ sourceId, deleted, name }) => sources.has(sourceId) && !deleted && matches(name, search))
    .reverse()
  const page = byOffset(rows, call.url)
  const results = page.results.flatMap((schema) => {
    const source = sources.get(schema.sourceId)
    return source === undefined ? [] : [toSchema(world, source, schema, call)]
  })
  return { status: 200, body: { ...page, results } }
}

/** `POST …/external_data_schemas/`: tables come from discovery only. */
export const refuseCreate = (): never => {
  throw wrongMethod('POST')
}

/** `GET …/{id}/`: the only answer that tells of the source. */
export const retrieveSchema = (services: SourceServices, call: ProjectCall): Reply => {
  const { source, schema } = findSchema(services, call)
  return { status: 200, body: toSchema(services.world, source, schema, call, true) }
}

/** `PATCH` and `PUT …/{id}/`, with what follows from it (fact sheet: external-data-sources 3.3, effects). */
export const updateSchema = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { world, syncs, schedules } = services
  const body = await call.json()
  const { source, schema } = findSchema(services, call)
  const changes = readChanges(source, schema, body)
  const wasOn = schema.shouldSync
  const field = changes.incrementalField
  // Another cursor column has its own values; the next run starts over with it.
  if (field !== undefined && field !== schema.incrementalField) schema.cursor = null
  Object.assign(schema, changes)
  if (wasOn && !schema.shouldSync) syncs.stop(source, schema, 'Sync stopped because syncing was turned off')
  schedules.update(source, schema)
  // Only a table that never had a schedule starts at once; the others wait for their time.
  const isNew = !world.store.state.syncs.some(({ schemaId }) => schemaId === schema.id)
  if (!wasOn && schema.shouldSync && isNew) syncs.start(source, schema)
  return { status: 200, body: toSchema(world, source, schema, call) }
}

/** `DELETE …/{id}/`: table and row; discovery brings the row back while the source has the table. */
export const destroySchema = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { world, syncs, schedules } = services
  const { source, schema } = findSchema(services, call)
  syncs.stop(source, schema, 'Sync stopped because the table was deleted')
  schema.deleted = true
  schedules.update(source, schema)
  await removeTable(world, schema)
  return { status: 204 }
}

/** `POST …/{id}/reload/`: one run in the way that is set up, also of a table that is off. */
export const reloadSchema = (services: SourceServices, call: ProjectCall): Reply => {
  const { source, schema } = findSchema(services, call)
  services.syncs.start(source, schema)
  return { status: 200 }
}

/** `POST …/{id}/resync/`: ends the run under way and builds the table anew; the old rows serve until then. */
export const resyncSchema = (services: SourceServices, call: ProjectCall): Reply => {
  const { source, schema } = findSchema(services, call)
  services.syncs.stop(source, schema, CANCELLED)
  schema.reset = true
  services.syncs.start(source, schema)
  return { status: 200 }
}

/** `POST …/{id}/cancel/` */
export const cancelSchema = (services: SourceServices, call: ProjectCall): Reply => {
  const { source, schema } = findSchema(services, call)
  if (services.syncs.stop(source, schema, CANCELLED)) return { status: 200 }
  throw new ApiError(400, { detail: 'No running sync to cancel.' })
}

/** `POST …/{id}/incremental_fields/`: asks the source what the table can do now. */
export const incrementalFields = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { source, schema } = findSchema(services, call)
  const trouble = await probe(services.world, source.sourceType, source.inputs, call.signal)
  if (trouble !== null) throw saying(trouble)
  const tables = await discover(services.world, source.sourceType, source.inputs, call.signal).catch(
    (error: unknown) => {
      throw saying(toDiscoveryText(error))
    },
  )
  const table = tables.find(({ name }) => name === schema.name)
  if (table === undefined) throw saying(`Schema with name ${schema.name} not found`)
  return { status: 200, body: toIncrementalFields(table) }
}

/** `DELETE …/{id}/delete_data/`: rows and cursor go, settings and schedule stay (fact sheet: external-data-sources 6.4). */
export const deleteData = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { world, syncs } = services
  const { source, schema } = findSchema(services, call)
  if (schema.tableId === null) return { status: 200 }
  syncs.stop(source, schema, 'Sync stopped because the data of the table was deleted')
  await removeTable(world, schema)
  Object.assign(schema, { status: null, lastSyncedAt: null, latestError: null, cursor: null, builtAt: null })
  return { status: 200 }
}
