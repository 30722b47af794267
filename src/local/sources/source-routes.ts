import { at, type Route } from '../route.ts'
import type { World } from '../world.ts'
import { checkSourcePrefix, createSource, databaseSchema } from './create-source.ts'
import { Schedules } from './schedules.ts'
import {
  cancelSchema,
  deleteData,
  destroySchema,
  incrementalFields,
  listSchemas,
  refuseCreate,
  reloadSchema,
  resyncSchema,
  retrieveSchema,
  updateSchema,
} from './schemas.ts'
import type { SourceServices } from './source-services.ts'
import { destroySource, listJobs, listSources, refreshSchemas, reloadSource, retrieveSource } from './sources.ts'
import { sweepRows } from './synced-tables.ts'
import { Syncs } from './syncs.ts'
import { updateRevenue, updateSource } from './update-source.ts'
import { showWizard } from './wizard.ts'

const READ = ['external_data_source:read']
const WRITE = ['external_data_source:write']
const SOURCES = '/external_data_sources'
const SOURCE = `${SOURCES}/:id`
const SCHEMAS = '/external_data_schemas'
const SCHEMA = `${SCHEMAS}/:id`

/** The routes of sources and their tables, and the life of what syncs them. */
export interface SourceDesk {
  readonly routes: readonly Route[]
  /** Ends what an earlier process left under way and takes up the schedules. Call once the tables can be read. */
  open(): Promise<void>
  /** Stops every sync. */
  close(): Promise<void>
}

const sourceRoutes = (services: SourceServices): readonly Route[] => [
  at('POST', `${SOURCES}/database_schema`, WRITE, (call) => databaseSchema(services, call)),
  at('POST', `${SOURCES}/source_prefix`, WRITE, (call) => checkSourcePrefix(services, call)),
  at('GET', `${SOURCES}/wizard`, READ, showWizard),
  at('GET', `${SOURCE}/jobs`, READ, (call) => listJobs(services, call)),
  at('POST', `${SOURCE}/reload`, WRITE, (call) => reloadSource(services, call)),
  at('POST', `${SOURCE}/refresh_schemas`, WRITE, (call) => refreshSchemas(services, call)),
  at('PATCH', `${SOURCE}/revenue_analytics_config`, WRITE, (call) => updateRevenue(services, call)),
  at('GET', SOURCES, READ, (call) => listSources(services, call)),
  at('POST', SOURCES, WRITE, (call) => createSource(services, call)),
  at('GET', SOURCE, READ, (call) => retrieveSource(services, call)),
  at('PATCH', SOURCE, WRITE, (call) => updateSource(services, call, true)),
  at('PUT', SOURCE, WRITE, (call) => updateSource(services, call, false)),
  at('DELETE', SOURCE, WRITE, (call) => destroySource(services, call)),
]

const schemaRoutes = (services: SourceServices): readonly Route[] => [
  at('POST', `${SCHEMA}/reload`, WRITE, (call) => reloadSchema(services, call)),
  at('POST', `${SCHEMA}/resync`, WRITE, (call) => resyncSchema(services, call)),
  at('POST', `${SCHEMA}/cancel`, WRITE, (call) => cancelSchema(services, call)),
  at('POST', `${SCHEMA}/incremental_fields`, WRITE, (call) => incrementalFields(services, call)),
  at('DELETE', `${SCHEMA}/delete_data`, WRITE, (call) => deleteData(services, call)),
  at('GET', SCHEMAS, READ, (call) => listSchemas(services, call)),
  at('POST', SCHEMAS, WRITE, refuseCreate),
  at('GET', SCHEMA, READ, (call) => retrieveSchema(services, call)),
  at('PATCH', SCHEMA, WRITE, (call) => updateSchema(services, call)),
  at('PUT', SCHEMA, WRITE, (call) => updateSchema(services, call)),
  at('DELETE', SCHEMA, WRITE, (call) => destroySchema(services, call)),
]

/** Sources, their tables and their syncs, with the scopes of fact sheet: external-data-sources 1.2. */
export const sourceDesk = (world: World): SourceDesk => {
  const syncs = new Syncs(world)
  const schedules = new Schedules(world, syncs)
  const services: SourceServices = { world, syncs, schedules }
  return {
    routes: [...sourceRoutes(services), ...schemaRoutes(services)],
    open: async () => {
      syncs.settleInterrupted()
      await sweepRows(world)
      schedules.resume()
    },
    close: () => syncs.close(),
  }
}
