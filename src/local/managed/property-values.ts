import { toPostHogType } from '../column-types.ts'
import { EngineError } from '../engine/engine.ts'
import { quoteName } from '../engine/hogql/quote.ts'
import { busy, crashed, invalid } from '../errors.ts'
import type { ProjectCall, Reply } from '../route.ts'
import { tablesOf, viewsOf, type World } from '../world.ts'
import { refusal } from './gates.ts'
import { pythonJson } from './python-text.ts'

const MOST = 10

interface Relation {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly clickhouse: string }[]
}

const asked = (url: URL, name: string, complaint: string): string => {
  const value = url.searchParams.get(name)
  if (value === null || value === '') throw invalid(complaint)
  return value
}

/** A failing warehouse query is a bare 500 here, unlike in the query endpoint (fact sheet: managed 2.6). */
const orCrash = (error: unknown): never => {
  if (!(error instanceof EngineError)) throw error
  throw error.reason === 'busy' ? busy() : crashed()
}

/** The stored name of a table or view, which may be asked for by the dotted one a synced table has. Throws 404. */
const find = (world: World, project: number, name: string): Relation => {
  const table = tablesOf(world, project).find((each) => each.name === name || each.synced?.hogqlName === name)
  const known = table ?? viewsOf(world, project).find((each) => each.name === name)
  if (known === undefined) throw refusal(404, 'Data warehouse table not found')
  return known
}

/** The columns of a table or view; without stored ones the engine is asked. */
const columnsOf = async (world: World, call: ProjectCall, { name, columns: stored }: Relation) => {
  if (stored.length > 0) return stored
  const { columns } = await world.engine
    .analyse(call.project.id, `SELECT * FROM ${quoteName(name)}`, call.signal)
    .catch(orCrash)
  return columns
}

const toText = (value: unknown, isFloat: boolean): string => {
  if (typeof value === 'string') return value
  // Python writes whole floats with a point.
  if (isFloat && Number.isInteger(value)) return `${value}.0`
  return pythonJson(value)
}

const select = (table: string, key: string, needle: string | null): string => {
  const column = quoteName(key)
  const distinct = `SELECT DISTINCT ${column} AS value FROM ${quoteName(table)} WHERE ${column} IS NOT NULL`
  if (needle === null) return `${distinct} LIMIT ${MOST}`
  const contains = `position(lower(toString(${column})), lower({needle})) > 0`
  return `${distinct} AND ${contains} ORDER BY length(toString(value)) LIMIT ${MOST}`
}

/** `GET property_values`: up to ten distinct values of a column, as texts; arrays come apart. */
export const propertyValues = async (world: World, call: ProjectCall): Promise<Reply> => {
  const key = asked(call.url, 'key', 'You must provide a key')
  const relation = find(world, call.project.id, asked(call.url, 'table_name', 'You must provide a table name'))
  const column = (await columnsOf(world, call, relation)).find(({ name }) => name === key)
  if (column === undefined) throw invalid('The provided key does not exist on this table')
  const needle = call.url.searchParams.get('value') || null
  const { rows } = await world.engine
    .query(call.project.id, select(relation.name, key, needle), {
      signal: call.signal,
      ...(needle === null ? {} : { values: { needle } }),
    })
    .catch(orCrash)
  const isFloat = toPostHogType(column.clickhouse) === 'float'
  const values = rows.flatMap(([value]) => (Array.isArray(value) ? value : [value]))
  return {
    status: 200,
    headers: { 'Cache-Control': 'max-age=10' },
    body: { results: values.map((value) => ({ name: toText(value, isFloat) })), refreshing: false },
  }
}
