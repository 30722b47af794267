import { join } from 'node:path'
import { type EngineColumn, EngineError, type FileSource, type Relation } from './engine/engine.ts'
import { busy, invalid, notFound } from './errors.ts'
import type { SyncedRows } from './sources/source-state.ts'
import type { ColumnRecord, TableRecord } from './state.ts'
import { isFormat } from './table-input.ts'
import type { World } from './world.ts'

/** What decides how a table's bytes are read. */
export type Reading = Pick<TableRecord, 'format' | 'urlPattern' | 'credential' | 'options' | 'upload'>

const UNREADABLE = 'Could not get columns'

const isCsv = (format: string): boolean => format === 'CSV' || format === 'CSVWithNames'

const placeOf = async (world: World, reading: Reading): Promise<FileSource['at']> => {
  if (reading.upload !== null) return { kind: 'file', path: join(world.store.directory, reading.upload) }
  if (reading.urlPattern.startsWith('file:')) {
    const found = await world.files.resolve(new URL(reading.urlPattern))
    if ('path' in found) return { kind: 'file', path: found.path }
    throw new EngineError('storage', "The provided file doesn't exist in the bucket")
  }
  const keys =
    reading.credential === null
      ? {}
      : { accessKey: reading.credential.accessKey, secretKey: reading.credential.accessSecret }
  return { kind: 'url', url: reading.urlPattern, ...keys }
}

const sourceOf = async (world: World, reading: Reading): Promise<FileSource> => {
  if (!isFormat(reading.format)) throw new EngineError('storage', UNREADABLE)
  return {
    format: reading.format,
    at: await placeOf(world, reading),
    csvAllowDoubleQuotes: reading.options.csv_allow_double_quotes !== false,
  }
}

/** Fresh columns start valid; a probe may find otherwise (fact sheet: tables 2.3 create). */
const toRecords = (columns: readonly EngineColumn[]): readonly ColumnRecord[] =>
  columns.map(({ name, clickhouse }) => ({ name, clickhouse, valid: true }))

/** Reads the column names and types of a table's bytes. Throws EngineError. */
export const describe = async (
  world: World,
  reading: Reading,
  signal?: AbortSignal,
): Promise<readonly ColumnRecord[]> => toRecords(await world.engine.describe(await sourceOf(world, reading), signal))

/** Whether the other quote setting would have read the file: then the setting is to blame, not the file. */
const isQuoteTrouble = async (world: World, reading: Reading, signal: AbortSignal): Promise<boolean> => {
  if (!isCsv(reading.format)) return false
  const csv_allow_double_quotes = reading.options.csv_allow_double_quotes === false
  try {
    await describe(world, { ...reading, options: { ...reading.options, csv_allow_double_quotes } }, signal)
    return true
  } catch {
    return false
  }
}

/** As `describe`, with failures as the API tells them: 400 with a storage text and `attr` null, or 503. */
export const describeForCaller = async (
  world: World,
  reading: Reading,
  signal: AbortSignal,
): Promise<readonly ColumnRecord[]> => {
  try {
    return await describe(world, reading, signal)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    if (error.reason === 'busy') throw busy()
    if (error.reason === 'storage' && (await isQuoteTrouble(world, reading, signal))) {
      throw invalid('CSV parsing failed with the selected quote setting. Try the other one.')
    }
    throw invalid(error.reason === 'storage' ? error.message : UNREADABLE)
  }
}

/** What SQL reads under the names of a table whose rows a sync brought. */
export const toRowsRelation = ({ id, name }: TableRecord, { hogqlName, rows }: SyncedRows): Relation => ({
  kind: 'rows',
  id,
  name,
  alias: hogqlName,
  rows,
})

/** What SQL reads under a table's name. The table behind a view is served by the view itself. */
const relationOf = async (world: World, table: TableRecord): Promise<Relation | undefined> => {
  const { id, name, synced } = table
  if (synced !== undefined && synced.covered === undefined) return toRowsRelation(table, synced)
  if (table.viewId !== null || table.columns.length === 0) return undefined
  const columns = table.columns.map(({ name, clickhouse }) => ({ name, clickhouse }))
  const other = synced === undefined ? {} : { alias: synced.hogqlName }
  return { kind: 'table', id, name, ...other, source: await sourceOf(world, table), columns }
}

/** Makes a table readable in SQL under its name. */
export const putTable = async (world: World, table: TableRecord): Promise<void> => {
  const relation = await relationOf(world, table)
  if (relation !== undefined) await world.engine.put(table.project, relation)
}

/**
 * Changes a table together with what SQL reads under its name. Called within a turn of `world.commits`, so that only a
 * deletion, which takes none, can come in between. Throws 404 when one did.
 */
export const changeTable = async (world: World, table: TableRecord, change: Partial<TableRecord>): Promise<void> => {
  const next = { ...table, ...change }
  const relation = next.deleted ? undefined : await relationOf(world, next)
  if (table.deleted) throw notFound()
  Object.assign(table, change)
  if (next.deleted) await world.engine.remove(table.project, table.id)
  else if (relation !== undefined) await world.engine.put(table.project, relation)
}

/** Drops an engine table when the state on disk no longer names it; what a crash leaves is swept at the next start. */
export const discardRows = (world: World, rows: string): void => {
  world.store
    .save()
    .then(() => world.engine.rows.drop(rows))
    .catch(() => undefined)
}

/**
 * Removes the uploaded file a table had, unless another live one names it. Whoever asked before may still have to read
 * it, so it goes behind them; what a stop leaves is swept at the next start.
 */
export const discardUpload = (world: World, path: string | null): void => {
  if (path === null || world.store.state.tables.some(({ upload, deleted }) => upload === path && !deleted)) return
  world.engine
    .drained()
    .then(() => world.store.discard(path))
    .catch(() => undefined)
}

const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

const isReadable = async (world: World, table: TableRecord, names: readonly string[]): Promise<boolean> => {
  const columns = names.map(quoted).join(', ')
  try {
    await world.engine.query(table.project, `select ${columns} from ${quoted(table.name)} limit 1`)
    return true
  } catch (error) {
    if (error instanceof EngineError && ['execution', 'storage', 'unknown_field'].includes(error.reason)) return false
    throw error
  }
}

/** Tries every column; all at once first, because they mostly can be read. Throws EngineError. */
const tryColumns = async (world: World, table: TableRecord): Promise<readonly ColumnRecord[]> => {
  const probed = table.columns
  const whole = await isReadable(
    world,
    table,
    probed.map((column) => column.name),
  )
  const results: ColumnRecord[] = []
  for (const column of probed) {
    results.push({ ...column, valid: whole || (await isReadable(world, table, [column.name])) })
  }
  return results
}

/** Records which columns can be read. Throws EngineError. */
export const probeColumns = async (world: World, table: TableRecord): Promise<void> => {
  if (table.viewId !== null || table.columns.length === 0) return
  const probed = table.columns
  try {
    const results = await tryColumns(world, table)
    // A schema change meanwhile makes these answers about columns that are gone.
    if (table.columns === probed) table.columns = results
  } catch (error) {
    // Nobody has the name any more: the table was deleted or renamed meanwhile.
    if (!(error instanceof EngineError) || error.reason !== 'unknown_table') throw error
  }
}
