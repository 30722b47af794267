import { isDeepStrictEqual } from 'node:util'
import { settableTypes, toEngineType } from './column-types.ts'
import { EngineError } from './engine/engine.ts'
import { ApiError, busy, crashed, invalid, saying } from './errors.ts'
import { type Body, isObject } from './fields.ts'
import type { ProjectCall, Reply } from './route.ts'
import { isSeedEra, orCrash } from './seed-era.ts'
import type { ColumnRecord, TableRecord } from './state.ts'
import { changeTable, describeForCaller, probeColumns, type Reading } from './table-engine.ts'
import { findTable } from './table-input.ts'
import { probeLater } from './tables.ts'
import type { World } from './world.ts'

// The enum of fact sheet: tables 1.6; the ones that cannot be set crash upstream, and so here.
const KNOWN_TYPES: readonly string[] = [
  ...settableTypes,
  'lazy_table',
  'virtual_table',
  'field_traverser',
  'expression',
  'view',
  'materialized_view',
  'unknown',
]

/** The columns of the table behind a view come from the view's SQL. */
const columnsBehindView = async (world: World, table: TableRecord): Promise<readonly ColumnRecord[]> => {
  const view = world.store.state.views.find((candidate) => candidate.id === table.viewId)
  const sql = view?.query.query
  if (view === undefined || typeof sql !== 'string') throw invalid('Could not get columns')
  try {
    const { columns } = await world.engine.analyse(table.project, sql)
    return columns.map(({ name, clickhouse }) => ({ name, clickhouse, valid: true }))
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw error.reason === 'busy' ? busy() : invalid('Could not get columns')
  }
}

const readingOf = ({ format, urlPattern, credential, options, upload }: TableRecord): Reading => ({
  format,
  urlPattern,
  credential,
  options,
  upload,
})

const isFilled = ({ synced }: TableRecord): boolean => synced !== undefined && synced.covered === undefined

/** Gives a table the columns of its bytes as they are then: those that were replaced meanwhile are read again. */
const readAgain = async (world: World, call: ProjectCall, table: TableRecord): Promise<void> => {
  // A sync writes the columns down with its rows; there is nothing else to read them from.
  if (isFilled(table)) return
  const before = readingOf(table)
  const columns =
    table.viewId === null ? await describeForCaller(world, before, call.signal) : await columnsBehindView(world, table)
  const isCurrent = await world.commits.take(async () => {
    if (!isDeepStrictEqual(before, readingOf(table))) return false
    await changeTable(world, table, { columns })
    return true
  })
  if (!isCurrent) await readAgain(world, call, table)
}

/** `POST …/{id}/refresh_schema/`: reads the columns again; types set by hand are lost. */
export const refreshSchema = async (world: World, call: ProjectCall): Promise<Reply> => {
  const table = findTable(world, call.project.id, call.param('id'))
  await readAgain(world, call, table).catch((error: unknown) => {
    throw error instanceof ApiError && error.status === 400 ? orCrash(world, error) : error
  })
  if (!isFilled(table)) probeLater(world, table)
  return { status: 200 }
}

/** Upstream counts a wrongly cased name as existing and then crashes on it (fact sheet: tables 2.3). */
const checkType = (type: unknown, column: string): void => {
  if (typeof type !== 'string' || !KNOWN_TYPES.includes(type.toLowerCase())) {
    throw saying(`Can not parse type ${String(type)} for column ${column} - type does not exist`)
  }
  if (!settableTypes.includes(type)) throw crashed()
}

/** A table's columns with the types somebody set by hand. Throws 400. */
const retyped = (table: TableRecord, updates: Body): readonly ColumnRecord[] => {
  const names = new Set(table.columns.map((column) => column.name))
  for (const column of Object.keys(updates)) {
    if (!names.has(column)) throw saying(`Column ${column} does not exist on table`)
  }
  for (const [column, type] of Object.entries(updates)) checkType(type, column)
  return table.columns.map((column) => {
    const type = Object.hasOwn(updates, column.name) ? updates[column.name] : undefined
    return typeof type === 'string' ? { ...column, clickhouse: toEngineType(type) } : column
  })
}

/** `POST …/{id}/update_schema/`: all columns or none. */
export const updateSchema = async (world: World, call: ProjectCall): Promise<Reply> => {
  const { updates } = await call.json()
  // The older release does not even look for the table then.
  if (isSeedEra(world) && (updates === undefined || updates === null)) return { status: 200 }
  const table = findTable(world, call.project.id, call.param('id'))
  if (table.synced !== undefined) throw saying('The table must be a manually linked table')
  if (updates === undefined || updates === null) return { status: 200 }
  if (!isObject(updates)) throw crashed()
  await world.commits.take(() => changeTable(world, table, { columns: retyped(table, updates) }))
  await probeColumns(world, table)
  return { status: 200 }
}
