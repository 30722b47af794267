import type { EngineColumn } from '../engine/engine.ts'
import type { World } from '../world.ts'
import type { Reading, ReadRequest } from './connector.ts'
import { connectorOf } from './connectors.ts'
import { pullRows } from './pull-rows.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'
import { nextFullRefresh } from './sync-frequency.ts'
import { type SyncedTable, tableOf, type Version } from './synced-tables.ts'

/** A sync that cannot merge; the table says why until it can (fact sheet: external-data-sources 3.1). */
export class MergeError extends Error {
  readonly blocked: NonNullable<SchemaRecord['blocked']>
  constructor(blocked: NonNullable<SchemaRecord['blocked']>, message: string) {
    super(message)
    this.name = 'MergeError'
    this.blocked = blocked
  }
}

/** What one sync read. */
export interface Copied {
  /** The rows to serve from now on; null when nothing changed. */
  readonly version: Version | null
  /** Rows read from the source. */
  readonly read: number
  readonly cursor: string | null
  /** Whether the table was built from nothing. */
  readonly isFresh: boolean
}

const keysOf = (schema: SchemaRecord): readonly string[] => {
  if (schema.syncType !== 'incremental') return []
  if (schema.primaryKeyColumns !== null && schema.primaryKeyColumns.length > 0) return schema.primaryKeyColumns
  if (schema.columns.some(({ name }) => name === 'id')) return ['id']
  throw new MergeError('missing_primary_key', `Table '${schema.name}' has no primary key to sync incrementally on.`)
}

/** The table to add to; undefined when this run starts from nothing. */
const baseOf = (world: World, schema: SchemaRecord): SyncedTable | undefined => {
  const due = nextFullRefresh(schema)
  const startsAnew =
    schema.reset ||
    schema.syncType === 'full_refresh' ||
    schema.syncType === null ||
    schema.cursor === null ||
    (due !== null && due <= world.clock())
  const table = startsAnew ? undefined : tableOf(world, schema)
  // As it is now, with the columns of its rows: an upload may put a file with others before them at any time.
  return table && { ...table, columns: table.synced.covered?.columns ?? table.columns }
}

const columnsOf = (schema: SchemaRecord, keys: readonly string[]): readonly string[] | null => {
  if (schema.enabledColumns === null) return null
  const cursor = schema.incrementalField === null ? [] : [schema.incrementalField]
  const needed = [...(schema.primaryKeyColumns ?? []), ...keys, ...cursor]
  const wanted = new Set([...schema.enabledColumns, ...needed])
  // In the source's order, with those it never told of at the end, where reading them says that they are gone.
  const known = schema.columns.map(({ name }) => name)
  return [...known.filter((name) => wanted.has(name)), ...[...wanted].filter((name) => !known.includes(name))]
}

const toRequest = (schema: SchemaRecord, isFresh: boolean, keys: readonly string[]): ReadRequest => ({
  table: schema.name,
  columns: columnsOf(schema, keys),
  filters: schema.rowFilters ?? [],
  cursor:
    schema.incrementalField === null || schema.syncType === 'full_refresh' || schema.syncType === null
      ? null
      : {
          field: schema.incrementalField,
          after: isFresh ? null : schema.cursor,
          // Rows with the very cursor value may have come since; merging one twice is harmless, adding it is not.
          inclusive: schema.syncType === 'incremental',
          lookbackSeconds: schema.lookbackSeconds ?? 0,
        },
})

/** What the source has now, and after it what only earlier rows have. */
const unite = (now: readonly EngineColumn[], base: SyncedTable | undefined): readonly EngineColumn[] => {
  const gone = (base?.columns ?? []).filter(({ name }) => !now.some((column) => column.name === name))
  return [...now, ...gone.map(({ name, clickhouse }) => ({ name, clickhouse }))]
}

const fill = async (world: World, rows: string, reading: Reading, signal: AbortSignal): Promise<number> => {
  const names = reading.columns.map(({ name }) => name)
  let read = 0
  for await (const batch of reading.batches) {
    signal.throwIfAborted()
    await world.engine.rows.insert(rows, names, batch)
    read += batch.length
  }
  signal.throwIfAborted()
  return read
}

const checkKeys = async (world: World, rows: string, keys: readonly string[], schema: SchemaRecord): Promise<void> => {
  if (keys.length === 0 || !(await world.engine.rows.hasDuplicates(rows, keys))) return
  throw new MergeError(
    'duplicate_primary_key',
    `Table '${schema.name}' has several rows with the same ${keys.join(', ')}. Choose columns that tell its rows apart.`,
  )
}

/** Reads a table's new rows into a version of their own. Throws SourceError, MergeError, EngineError or the abort. */
export const copyRows = async (
  world: World,
  source: SourceRecord,
  schema: SchemaRecord,
  signal: AbortSignal,
): Promise<Copied> => {
  const keys = keysOf(schema)
  const base = baseOf(world, schema)
  const request = toRequest(schema, base === undefined, keys)
  const reading = await connectorOf(source.sourceType).read(source.inputs, request, signal, world)
  const columns = unite(reading.columns, base)
  const store = world.engine.rows
  const rows = await store.create(source.project, columns)
  let taken = false
  try {
    const read =
      'parts' in reading ? await pullRows(world, rows, reading, signal) : await fill(world, rows, reading, signal)
    const cursor = reading.cursor ?? (base === undefined ? null : schema.cursor)
    if (base !== undefined && read === 0) return { version: null, read, cursor, isFresh: false }
    await checkKeys(world, rows, keys, schema)
    if (base !== undefined)
      await store.carry(
        base.synced.rows,
        rows,
        base.columns.map(({ name }) => name),
        keys,
      )
    const rowCount = await store.count(rows)
    taken = true
    return { version: { rows, rowCount, columns }, read, cursor, isFresh: base === undefined }
  } finally {
    if (!taken) await store.drop(rows).catch(() => world.log('an unfinished sync could not be dropped'))
  }
}
