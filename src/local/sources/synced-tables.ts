import { randomUUID } from 'node:crypto'
import type { EngineColumn } from '../engine/engine.ts'
import type { ColumnRecord, TableRecord } from '../state.ts'
import { discardRows, discardUpload, toRowsRelation } from '../table-engine.ts'
import { OWN_HOST } from '../url-rules.ts'
import { isTaken, NAME_TAKEN, timestamp, type World } from '../world.ts'
import { SourceError } from './connector.ts'
import { toTableNames } from './source-names.ts'
import type { SchemaRecord, SourceRecord, SyncedRows } from './source-state.ts'

/** A warehouse table with rows of its own. */
export type SyncedTable = TableRecord & { synced: SyncedRows }

/** The table a schema fills; undefined before its first sync and after its data was deleted. */
export const tableOf = (world: World, schema: SchemaRecord): SyncedTable | undefined =>
  world.store.state.tables.find(
    (table): table is SyncedTable => table.id === schema.tableId && !table.deleted && table.synced !== undefined,
  )

const newTable = (world: World, source: SourceRecord, schema: SchemaRecord, synced: SyncedRows): SyncedTable => {
  const { stored } = toTableNames(source, schema.name)
  return {
    id: randomUUID(),
    project: source.project,
    createdAt: timestamp(world),
    createdBy: source.createdBy,
    createdVia: 'source',
    synced,
    viewId: null,
    name: stored,
    format: 'DeltaS3Wrapper',
    urlPattern: `https://${OWN_HOST}/dlt/team_${source.project}_${source.sourceType.toLowerCase()}_${schema.id}/${stored}`,
    credential: null,
    columns: [],
    options: {},
    upload: null,
    deleted: false,
  }
}

/** What a sync brought, ready to be taken. */
export interface Version {
  readonly rows: string
  readonly rowCount: number
  readonly columns: readonly EngineColumn[]
}

const toRecords = (columns: readonly EngineColumn[]): readonly ColumnRecord[] =>
  columns.map(({ name, clickhouse }) => ({ name, clickhouse, valid: true }))

/**
 * The first sync needs the name that the table will have: looked at when it begins, so that nobody syncs in vain, and
 * when it ends, because the name may have been taken meanwhile. Throws SourceError `data`.
 */
export const checkName = (world: World, source: SourceRecord, schema: SchemaRecord): void => {
  if (tableOf(world, schema) !== undefined) return
  const { stored, dotted } = toTableNames(source, schema.name)
  const isClash = isTaken(world, source.project, stored) || isTaken(world, source.project, dotted)
  if (isClash) throw new SourceError('data', `${NAME_TAKEN} The table would be ${stored}, or ${dotted} in SQL.`)
}

/** What an upload over a synced table keeps of it, for the sync that takes the table back. */
export const covering = ({ synced, columns, format, urlPattern, options }: TableRecord): Partial<TableRecord> =>
  synced === undefined
    ? {}
    : { synced: { ...synced, covered: synced.covered ?? { columns, format, urlPattern, options } } }

/** Makes a table read its own rows again, or other ones: one step, which belongs to that of the caller. */
const serve = (world: World, table: SyncedTable, synced: SyncedRows, columns: readonly ColumnRecord[]): void => {
  const { upload } = table
  const { covered, ...rows } = synced
  Object.assign(table, { ...covered, columns, synced: rows, upload: null })
  world.engine
    .put(table.project, toRowsRelation(table, rows))
    .catch(() => world.log(`table ${table.id} could not be given its rows`))
  discardUpload(world, upload)
}

/**
 * Ends a sync: what it brought is what SQL reads, without a moment in between, also where an uploaded file was read; null
 * is nothing new. The rows before are dropped once the state that names the new ones is on disk, so that a crash at any
 * point leaves one whole version. One step, within a turn of `world.commits` that has looked at the name.
 */
export const takeVersion = (
  world: World,
  source: SourceRecord,
  schema: SchemaRecord,
  version: Version | null,
): void => {
  const known = tableOf(world, schema)
  if (version === null) {
    if (known?.synced.covered !== undefined) serve(world, known, known.synced, known.synced.covered.columns)
    return
  }
  const { rows, rowCount, columns } = version
  const synced = known?.synced ?? {
    sourceId: source.id,
    schemaId: schema.id,
    hogqlName: toTableNames(source, schema.name).dotted,
    rows,
    rowCount,
  }
  const table = known ?? newTable(world, source, schema, synced)
  if (known === undefined) world.store.state.tables.push(table)
  schema.tableId = table.id
  serve(world, table, { ...synced, rows, rowCount }, toRecords(columns))
  if (synced.rows !== rows) discardRows(world, synced.rows)
}

/** Hides a schema's table and drops its rows in the background. */
export const removeTable = async (world: World, schema: SchemaRecord): Promise<void> => {
  const table = tableOf(world, schema)
  schema.tableId = null
  if (table === undefined) return
  table.deleted = true
  await world.engine.remove(table.project, table.id)
  discardUpload(world, table.upload)
  discardRows(world, table.synced.rows)
}

/** Drops the rows that no table names: what an earlier process had not finished, or not cleared away. */
export const sweepRows = async (world: World): Promise<void> => {
  const live = world.store.state.tables.filter(({ deleted }) => !deleted)
  await world.engine.rows.sweep(new Set(live.flatMap(({ synced }) => (synced === undefined ? [] : [synced.rows]))))
}
