import { EngineError } from '../engine.ts'
import { unsupported } from './refusals.ts'
import type { Query } from './syntax.ts'

/** What a table name stands for. `run` is engine SQL usable after FROM. */
export type Resolved =
  | { readonly kind: 'ready'; readonly run: string }
  | { readonly kind: 'view'; readonly id: string; readonly sql: string }

/** The names of one project. */
export interface Catalogue {
  find(name: string): Resolved | undefined
}

/** Names visible at one place of a query. */
export interface Scope {
  /** Table aliases of this SELECT. */
  readonly tables: ReadonlySet<string>
  /** How many tables this SELECT reads, those without an alias included. */
  readonly sources: number
  /** Aliases of enclosing SELECTs, only to refuse them by name. */
  readonly outer: ReadonlySet<string>
  readonly ctes: ReadonlyMap<string, { readonly query: Query; readonly scope: Scope }>
  readonly lambda: ReadonlySet<string>
  /** Inside JOIN … ON, where PostHog leaves comparisons as they are. */
  readonly joining: boolean
}

export const emptyScope: Scope = {
  tables: new Set(),
  sources: 0,
  outer: new Set(),
  ctes: new Map(),
  lambda: new Set(),
  joining: false,
}

/** Where a column path points: a plain column, or keys inside the JSON text of `properties`. */
export interface Place {
  readonly table?: string
  readonly column: string
  readonly keys: readonly string[]
}

function unresolved(name: string): EngineError {
  return new EngineError('unknown_field', `Unable to resolve field: ${name}`, { name })
}

/** Splits a column path into table, column and keys. Throws `unknown_field` or `unsupported`. */
export function locate(path: readonly string[], scope: Scope): Place {
  const [first] = path
  if (first === undefined) throw unresolved('')
  if (path.length === 1 || scope.lambda.has(first)) {
    if (path.length > 1) throw unsupported(`the nested access ${path.join('.')}`)
    return { column: first, keys: [] }
  }
  for (let length = path.length - 1; length > 0; length -= 1) {
    const table = path.slice(0, length).join('.')
    if (scope.tables.has(table)) return columnOf(path.slice(length), table)
    if (scope.outer.has(table)) throw unsupported(`a subquery that reads ${table} of the query around it`)
  }
  if (first === 'properties') return columnOf(path)
  if (['person', 'pdi', 'session', 'group_0', 'poe'].includes(first))
    throw unsupported(`the joined field ${path.join('.')}`)
  throw unresolved(path.join('.'))
}

function columnOf(rest: readonly string[], table?: string): Place {
  const [column = '', ...keys] = rest
  if (keys.length > 0 && column !== 'properties') throw unsupported(`the nested access ${rest.join('.')}`)
  return table === undefined ? { column, keys } : { table, column, keys }
}
