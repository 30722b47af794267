import { randomUUID } from 'node:crypto'
import { saying } from '../errors.ts'
import { type Body, isObject } from '../fields.ts'
import { timestamp, type World } from '../world.ts'
import type { SourceTable } from './connector.ts'
import { readFilters } from './row-filters.ts'
import type { SchemaRecord, SourceRecord, SyncType } from './source-state.ts'
import { DEFAULT_FREQUENCY, readTimeOfDay } from './sync-frequency.ts'
import { detectedKeys } from './table-offer.ts'

/** Longest lookback in seconds. */
export const MOST_LOOKBACK = 5_184_000

const SYNC_TYPES = ['full_refresh', 'incremental', 'append', 'webhook', 'cdc', 'xmin']

const HERE: readonly string[] = ['full_refresh', 'incremental', 'append']

/** Whether the local warehouse can sync in this way. */
export const isSyncType = (value: unknown): value is SyncType => typeof value === 'string' && HERE.includes(value)

/** The text for a way of syncing that exists at PostHog only. */
export const onlyUpstream = (syncType: unknown): string =>
  `The local warehouse cannot sync by ${String(syncType)}; PostHog might. Use full_refresh, incremental or append.`

/** A schema row for a table, off and not set up. */
export const newSchema = (world: World, source: SourceRecord, table: SourceTable): SchemaRecord => ({
  id: randomUUID(),
  sourceId: source.id,
  project: source.project,
  createdAt: timestamp(world),
  name: table.name,
  shouldSync: false,
  syncType: null,
  incrementalField: null,
  incrementalFieldType: null,
  lookbackSeconds: null,
  syncFrequency: DEFAULT_FREQUENCY,
  syncTimeOfDay: null,
  fullRefreshIntervalDays: null,
  fullRefreshTimeOfDay: null,
  primaryKeyColumns: null,
  cdcTableMode: 'consolidated',
  blocked: null,
  enabledColumns: null,
  rowFilters: null,
  columns: toAvailable(table),
  status: null,
  latestError: null,
  lastSyncedAt: null,
  builtAt: null,
  cursor: null,
  reset: false,
  tableId: null,
  deleted: false,
})

/** The columns of a table as a schema row keeps them. */
export const toAvailable = (table: SourceTable): SchemaRecord['columns'] =>
  table.columns.map(({ name, type, nullable }) => ({ name, data_type: type, is_nullable: nullable }))

/** Settings for a table nobody chose any for (fact sheet: external-data-sources 2.2, "server builds defaults"). */
export const withDefaults = (schema: SchemaRecord, table: SourceTable): SchemaRecord => {
  const [cursor] = table.cursors
  const keys = detectedKeys(table)
  const on = { ...schema, shouldSync: true, primaryKeyColumns: keys }
  if (cursor === undefined) return { ...on, syncType: 'full_refresh' }
  const syncType = keys === null ? 'append' : 'incremental'
  return { ...on, syncType, incrementalField: cursor.field, incrementalFieldType: cursor.type }
}

interface Choice {
  readonly body: Body
  readonly table: SourceTable
}

const find = (tables: readonly SourceTable[], entry: unknown): Choice => {
  const body = isObject(entry) ? entry : {}
  const table = tables.find(({ name }) => name === body.name)
  if (table === undefined) throw saying('Schemas given do not exist in source')
  return { body, table }
}

const needsCursor = (syncType: unknown): boolean => syncType === 'incremental' || syncType === 'append'

const checkTypes = (choices: readonly Choice[]): void => {
  for (const { body } of choices) {
    const { sync_type } = body
    if (sync_type === undefined || sync_type === null || SYNC_TYPES.includes(String(sync_type))) continue
    throw saying(`Unknown sync type: ${String(sync_type)}. Use one of: ${SYNC_TYPES.join(', ')}.`)
  }
  const cdc = choices.filter(({ body }) => body.sync_type === 'cdc').map(({ table }) => table.name)
  if (cdc.length > 0) {
    throw saying(
      `CDC must be enabled on the source before selecting it as a sync type. The following schemas requested CDC: ${cdc.join(', ')}.`,
    )
  }
  for (const { body } of choices) {
    const { sync_type } = body
    if (sync_type !== undefined && sync_type !== null && !isSyncType(sync_type)) throw saying(onlyUpstream(sync_type))
  }
}

const isOn = ({ body }: Choice): boolean => body.should_sync === true

const keysOf = ({ body, table }: Choice): readonly string[] | null =>
  Array.isArray(body.primary_key_columns) ? body.primary_key_columns.map(String) : detectedKeys(table)

const checkCursors = (choices: readonly Choice[]): void => {
  for (const choice of choices.filter(isOn)) {
    const { body, table } = choice
    if (!needsCursor(body.sync_type)) continue
    if (!body.incremental_field) throw saying('Incremental schemas given do not have an incremental field set')
    if (!body.incremental_field_type) {
      throw saying('Incremental schemas given do not have an incremental field type set')
    }
    if (body.sync_type === 'incremental' && keysOf(choice) === null) {
      throw saying(
        `Table '${table.name}' has no primary key to sync incrementally on. Choose a primary key for it, or switch it to full table replication.`,
      )
    }
  }
}

/** A lookback in seconds, null when unset; undefined when it is none. */
export const toLookback = (value: unknown): number | null | undefined => {
  if (value === undefined || value === null) return null
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_LOOKBACK
    ? value
    : undefined
}

const strings = (value: unknown): readonly string[] | null => (Array.isArray(value) ? value.map(String) : null)

const toSchema = (world: World, source: SourceRecord, choice: Choice): SchemaRecord => {
  const { body, table } = choice
  const row = newSchema(world, source, table)
  const read = readFilters(body.row_filters, row.columns)
  if ('error' in read) throw saying(`Invalid row filter for schema '${table.name}': ${read.error}`)
  const lookback = toLookback(body.incremental_field_lookback_seconds)
  if (lookback === undefined) {
    throw saying(
      `incremental_field_lookback_seconds must be an integer between 0 and ${MOST_LOOKBACK} (60 days) for schema '${table.name}'.`,
    )
  }
  const cursor = table.cursors.find(({ field }) => field === body.incremental_field)
  const given = typeof body.incremental_field === 'string' ? body.incremental_field : null
  return {
    ...row,
    shouldSync: isOn(choice),
    syncType: isSyncType(body.sync_type) ? body.sync_type : null,
    incrementalField: cursor?.field ?? given,
    incrementalFieldType: cursor?.type ?? (given === null ? null : String(body.incremental_field_type ?? '')),
    lookbackSeconds: body.sync_type === 'incremental' ? lookback : null,
    syncTimeOfDay: readTimeOfDay(body.sync_time_of_day ?? null),
    primaryKeyColumns: keysOf(choice),
    enabledColumns: strings(body.enabled_columns),
    rowFilters: read.filters,
  }
}

/**
 * The schema rows for `payload.schemas`, in upstream's order of checks (fact sheet: external-data-sources 2.2, #18 to
 * #27); without it every table, switched on. Throws 400.
 */
export const readChoices = (
  world: World,
  source: SourceRecord,
  tables: readonly SourceTable[],
  schemas: unknown,
): readonly SchemaRecord[] => {
  const isAbsent = schemas === undefined || schemas === null || (Array.isArray(schemas) && schemas.length === 0)
  if (isAbsent) return tables.map((table) => withDefaults(newSchema(world, source, table), table))
  if (!Array.isArray(schemas)) throw saying("The 'schemas' field must be a list of the tables to sync.")
  const choices = schemas.map((entry: unknown) => find(tables, entry))
  checkTypes(choices)
  checkCursors(choices)
  return choices.map((choice) => toSchema(world, source, choice))
}
