import { type Compiled, compile } from './hogql/compile.ts'
import { columnNames } from './hogql/names.ts'
import type { Catalogue } from './hogql/scope.ts'
import type { Query, Select } from './hogql/syntax.ts'

// Fact sheet: cross-cutting 9.2.
const defaultLimit = 100
const hardLimit = 50_000

/** A compiled query that reads one row more than it returns, which is how `hasMore` is known. */
export interface Limited {
  readonly compiled: Compiled
  readonly limit: number
  readonly offset: number
}

/** A union has no LIMIT of its own here, so its rows are limited from outside. */
function wrap(query: Query): Select {
  if (query.kind === 'select') return query
  return {
    kind: 'select',
    ctes: [],
    distinct: false,
    items: [{ value: { kind: 'star', table: [] } }],
    from: { kind: 'nested', query },
    joins: [],
    groupBy: [],
    windows: [],
    orderBy: [],
  }
}

/** Compiles with PostHog's limits put on. Throws like `compile`. */
export function compileLimited(query: Query, catalogue: Catalogue, otherwise = defaultLimit): Limited {
  const select = wrap(query)
  const limit = Math.min(select.limit ?? otherwise, hardLimit)
  const compiled = compile({ ...select, limit: limit + 1 }, catalogue)
  return { compiled: { ...compiled, names: columnNames(query) }, limit, offset: select.offset ?? 0 }
}
