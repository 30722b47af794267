import { isDeepStrictEqual } from 'node:util'
import { toPostHogType } from './column-types.ts'
import { type Analysis, EngineError } from './engine/engine.ts'
import { type ApiError, busy, invalid } from './errors.ts'
import { type Body, isObject, nullish } from './fields.ts'
import { isSeedEra, orCrash } from './seed-era.ts'
import type { ColumnRecord } from './state.ts'
import { placeholdersIn } from './view-sql.ts'
import type { World } from './world.ts'

/** A view's query object and the SQL in it. */
export interface ViewQuery {
  readonly query: Body
  readonly sql: string
}

/** What the engine found out about a view's SQL. */
export interface Studied {
  readonly columns: readonly ColumnRecord[]
  /** Names, not ids. */
  readonly reads: readonly string[]
}

const wrong = (detail: string): ApiError => invalid(detail, 'query')

/** Checks the shape of `query`. Throws 400 (fact sheet: tables 3.2, first four rows). */
export const readQuery = (world: World, value: unknown): ViewQuery => {
  if (value === null) throw nullish('query')
  if (!isObject(value)) throw orCrash(world, wrong('Query must be a JSON object with a "query" key that holds SQL.'))
  const sql = value.query
  if (typeof sql !== 'string' || sql.trim() === '') {
    throw orCrash(world, wrong('Query object must contain a non-empty "query" key.'))
  }
  const placeholders = placeholdersIn(sql)
  const variable = placeholders.find((placeholder) => /^variables\b/.test(placeholder))
  if (variable !== undefined) throw wrong(`Variables like {${variable}} are not allowed in views`)
  if (placeholders.length > 0) {
    throw wrong('Filters and placeholder expressions are not allowed in views')
  }
  const isKindless = value.kind === undefined && !isSeedEra(world)
  if (value.kind !== 'HogQLQuery' && !isKindless) throw untyped(world, 'only HogQLQuery can be a view')
  return { query: value, sql }
}

const untyped = (world: World, reason: string): ApiError =>
  invalid(`Failed to retrieve types for view${isSeedEra(world) ? '' : `: ${reason}`}`)

/** The engine's refusals in the words of the API. */
const toApiError = (world: World, error: unknown): unknown => {
  if (!(error instanceof EngineError)) return error
  switch (error.reason) {
    case 'unknown_table':
      return wrong(`Invalid query: Unknown table \`${error.name_ ?? ''}\`.`)
    case 'unknown_field':
      return wrong(`Invalid query: Unable to resolve field: ${error.name_ ?? ''}`)
    case 'syntax':
      return orCrash(world, wrong(`Invalid query: ${error.message}`))
    case 'unsupported':
      return wrong(`Invalid query: ${error.message}`)
    case 'busy':
      return busy()
    default:
      return untyped(world, error.message)
  }
}

/** Types given by the caller instead of inferred ones: the undocumented `types` key, `[[column, type], …]`. */
const readTypes = (world: World, types: unknown): readonly ColumnRecord[] => {
  if (!Array.isArray(types)) throw untyped(world, 'types must be a list')
  return types.map((pair: unknown) => {
    const [name, clickhouse] = Array.isArray(pair) ? pair : []
    if (typeof name !== 'string' || typeof clickhouse !== 'string') throw untyped(world, 'types must be pairs')
    if (toPostHogType(clickhouse) === 'unknown') throw untyped(world, `unknown type ${clickhouse}`)
    return { name, clickhouse, valid: true }
  })
}

/**
 * Asks the engine what a view's SQL reads and returns. `soft` leaves the columns out, `types` replaces them.
 * Throws 400 and 503.
 */
export const study = async (
  world: World,
  project: number,
  sql: string,
  options: { readonly soft: boolean; readonly types: unknown; readonly signal: AbortSignal },
): Promise<Studied> => {
  let analysis: Analysis
  try {
    analysis = await world.engine.analyse(project, sql, options.signal)
  } catch (error) {
    throw toApiError(world, error)
  }
  if (options.soft) return { columns: [], reads: analysis.reads }
  const columns =
    options.types === undefined
      ? analysis.columns.map(({ name, clickhouse }) => ({ name, clickhouse, valid: true }))
      : readTypes(world, options.types)
  return { columns, reads: analysis.reads }
}

/** Whether two query objects say the same. */
export const isSameQuery = (one: Body, other: Body): boolean => isDeepStrictEqual(one, other)
