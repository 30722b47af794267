import { invalid, saying } from '../errors.ts'
import { matches } from '../fields.ts'
import { byOffset } from '../paging.ts'
import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { toDiscoveryText } from './connectors.ts'
import { refreshSource } from './refresh-schemas.ts'
import { sourcesOf } from './source-names.ts'
import { findSource, type SourceServices } from './source-services.ts'
import { toSource } from './source-shape.ts'
import type { SyncJobRecord } from './source-state.ts'
import { schemasOf } from './source-status.ts'
import { removeTable } from './synced-tables.ts'

/** `GET …/external_data_sources/`: newest first, searched by type and prefix. */
export const listSources = ({ world }: SourceServices, call: ProjectCall): Reply => {
  const search = call.url.searchParams.get('search')
  const found = sourcesOf(world, call.project.id)
    .filter(({ sourceType, prefix }) => matches(`${sourceType}\n${prefix ?? ''}`, search))
    .reverse()
  const page = byOffset(found, call.url)
  return { status: 200, body: { ...page, results: page.results.map((source) => toSource(world, source, call, true)) } }
}

/** `GET …/{id}/`: with every table's settings and columns. */
export const retrieveSource = (services: SourceServices, call: ProjectCall): Reply => ({
  status: 200,
  body: toSource(services.world, findSource(services, call), call, false),
})

/** `DELETE …/{id}/`: everything under it goes, its names are free at once, its runs end behind it. */
export const destroySource = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { world, syncs, schedules } = services
  const source = findSource(services, call)
  for (const schema of schemasOf(world, source)) {
    syncs.stop(source, schema, 'Sync stopped because the source was deleted')
    schema.deleted = true
    schedules.update(source, schema)
    await removeTable(world, schema)
  }
  source.deleted = true
  schedules.forget(source)
  return { status: 204 }
}

/** `POST …/{id}/reload/`: a run for every table that is on. */
export const reloadSource = (services: SourceServices, call: ProjectCall): Reply => {
  const { world, syncs } = services
  const source = findSource(services, call)
  for (const schema of schemasOf(world, source)) if (schema.shouldSync) syncs.start(source, schema)
  return { status: 200 }
}

/** `POST …/{id}/refresh_schemas/`: looks at the source again without moving data. */
export const refreshSchemas = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { world, syncs, schedules } = services
  const source = findSource(services, call)
  try {
    return { status: 200, body: await refreshSource(world, syncs, schedules, source, call.signal) }
  } catch (error) {
    throw saying(toDiscoveryText(error))
  }
}

const MOST_JOBS = 50

const readTime = (value: string | null): number | null => {
  if (value === null || value === '') return null
  const time = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value.replace(/ (?=\d{2}:\d{2}$)/, '+')) : Number.NaN
  if (Number.isNaN(time)) throw invalid('after and before must be ISO 8601 timestamps.')
  return time
}

const toJob = (world: World, job: SyncJobRecord) => {
  const schema = world.store.state.schemas.find(({ id }) => id === job.schemaId)
  return {
    id: job.id,
    created_at: job.createdAt,
    created_by: null,
    finished_at: job.finishedAt,
    status: job.status,
    schema: {
      id: job.schemaId,
      name: schema?.name ?? null,
      label: null,
      should_sync: schema?.shouldSync ?? false,
      last_synced_at: schema?.lastSyncedAt ?? null,
      sync_type: schema?.syncType ?? null,
    },
    rows_synced: job.rowsSynced,
    latest_error: job.latestError,
    workflow_run_id: job.workflowRunId,
    cdc_write_mode: null,
    billable: true,
    destination_ids: [],
  }
}

/** `GET …/{id}/jobs/`: the newest fifty, by time and table names (fact sheet: external-data-sources 2.6). */
export const listJobs = (services: SourceServices, call: ProjectCall): Reply => {
  const { world } = services
  const source = findSource(services, call)
  const query = call.url.searchParams
  const after = readTime(query.get('after'))
  const before = readTime(query.get('before'))
  const names = query.getAll('schemas')
  const wanted = world.store.state.schemas.filter(
    ({ sourceId, name }) => sourceId === source.id && (names.length === 0 || names.includes(name)),
  )
  const ids = new Set(wanted.map(({ id }) => id))
  const found = world.store.state.syncs.filter(({ schemaId, createdAt }) => {
    const time = Date.parse(createdAt)
    return ids.has(schemaId) && (after === null || time > after) && (before === null || time < before)
  })
  return {
    status: 200,
    body: found
      .slice(-MOST_JOBS)
      .reverse()
      .map((job) => toJob(world, job)),
  }
}
