import { EngineError } from '../engine.ts'
import { order, window } from './calls.ts'
import { Cursor } from './cursor.ts'
import { expression } from './expressions.ts'
import { malformed, unsupported } from './refusals.ts'
import type { Item, Join, Query, Select, Source } from './syntax.ts'
import { tokenize } from './tokens.ts'

// PostHog itself refuses far shorter texts; the bound keeps parsing off the API's event loop budget.
const longest = 100_000

/**
 * Reads one HogQL query. `values` fills `{name}` placeholders. Throws `syntax` or `unsupported`.
 */
export function parse(sql: string, values?: Readonly<Record<string, unknown>>): Query {
  if (sql.length > longest) throw unsupported(`queries longer than ${longest} characters`)
  const cursor = new Cursor(tokenize(sql), values, query)
  if (cursor.peek().kind === 'end') throw malformed('Empty query')
  const tree = query(cursor)
  const ended = cursor.take(';')
  if (cursor.peek().kind === 'end') return tree
  if (ended) throw unsupported('several statements in one query')
  throw leftover(cursor)
}

const clauses: readonly (readonly [string, string])[] = [
  ['settings', 'SETTINGS'],
  ['format', 'FORMAT'],
  ['into', 'INTO OUTFILE'],
  ['prewhere', 'PREWHERE'],
  ['sample', 'SAMPLE'],
  ['final', 'FINAL'],
  ['array', 'ARRAY JOIN'],
  ['qualify', 'QUALIFY'],
  ['intersect', 'INTERSECT'],
  ['except', 'EXCEPT'],
  ['fetch', 'FETCH'],
  ['asof', 'ASOF JOIN'],
  ['any', 'ANY JOIN'],
  ['semi', 'SEMI JOIN'],
  ['anti', 'ANTI JOIN'],
  ['global', 'GLOBAL'],
  ['natural', 'NATURAL JOIN'],
  ['lateral', 'LATERAL'],
  ['top', 'TOP'],
  ['by', 'LIMIT BY'],
]

function leftover(cursor: Cursor): Error {
  const clause = clauses.find(([word]) => cursor.is(word))
  return clause ? unsupported(clause[1]) : cursor.surprise('expected the end of the query')
}

const statements = new Set(
  `insert create drop alter truncate rename exchange attach detach delete update optimize kill system set use
   show describe desc explain grant revoke backup restore copy call exists check watch undrop execute`.split(/\s+/),
)

function query(cursor: Cursor): Query {
  const first = branch(cursor)
  if (!cursor.is('union')) return first
  const parts = [first]
  const modes = new Set<string>()
  while (cursor.take('union')) {
    const mode = ['all', 'distinct'].find((word) => cursor.take(word))
    if (!mode) throw unsupported('UNION without ALL or DISTINCT')
    modes.add(mode)
    refuseTail(parts.at(-1))
    parts.push(branch(cursor))
  }
  if (modes.size > 1) throw unsupported('UNION ALL and UNION DISTINCT in one chain')
  refuseTail(parts.at(-1))
  return { kind: 'union', distinct: modes.has('distinct'), parts }
}

/** A tail after a union belongs to the last branch in one reading and to the whole in the other. */
function refuseTail(part: Query | undefined): void {
  if (part?.kind !== 'select' || bracketedSelects.has(part)) return
  if (part.limit !== undefined || part.offset !== undefined || part.orderBy.length > 0) {
    throw unsupported(
      'ORDER BY and LIMIT on a branch of UNION without brackets; write SELECT * FROM (… UNION ALL …) LIMIT n',
    )
  }
}

const bracketedSelects = new WeakSet<Query>()

function branch(cursor: Cursor): Query {
  if (!cursor.take('(')) return select(cursor)
  const inner = cursor.deeper(() => query(cursor))
  cursor.expect(')')
  bracketedSelects.add(inner)
  return inner
}

function select(cursor: Cursor): Select {
  const ctes = cursor.take('with') ? withClause(cursor) : []
  const word = cursor.peek().text.toLowerCase()
  if (statements.has(word)) throw unsupported(`${word.toUpperCase()} statements; only SELECT`)
  cursor.expect('select')
  const distinct = cursor.take('distinct')
  if (distinct && cursor.is('on')) throw unsupported('DISTINCT ON')
  const items = cursor.list(() => item(cursor))
  const from = cursor.take('from') ? source(cursor) : undefined
  const joins = from ? readJoins(cursor) : []
  return {
    kind: 'select',
    ctes,
    distinct,
    items,
    ...(from && { from }),
    joins,
    ...optional('where', cursor.take('where') ? expression(cursor) : undefined),
    groupBy: grouping(cursor),
    ...optional('having', cursor.take('having') ? expression(cursor) : undefined),
    windows: cursor.take('window') ? cursor.list(() => namedWindow(cursor)) : [],
    orderBy: cursor.take('order', 'by') ? cursor.list(() => order(cursor, expression)) : [],
    ...limits(cursor),
  }
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  // The cast only says that a computed key has the literal type it was given.
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V })
}

// Each one is compiled with all of those before it in sight.
const mostCtes = 200

function withClause(cursor: Cursor): Select['ctes'] {
  if (cursor.is('recursive')) throw unsupported('WITH RECURSIVE')
  let count = 0
  return cursor.list(() => {
    count += 1
    if (count > mostCtes) throw unsupported(`more than ${mostCtes} CTEs`)
    if (!cursor.isName() || !cursor.is('as', 1))
      throw unsupported('WITH <expression> AS name; only WITH name AS (SELECT …)')
    const name = cursor.name()
    cursor.expect('as')
    cursor.expect('(')
    const inner = cursor.deeper(() => query(cursor))
    cursor.expect(')')
    return { name, query: inner }
  })
}

function item(cursor: Cursor): Item {
  const value = expression(cursor)
  if (value.kind === 'star' && ['except', 'replace', 'apply'].some((word) => cursor.is(word))) {
    throw unsupported(`* ${cursor.peek().text.toUpperCase()}`)
  }
  const alias = cursor.take('as') || cursor.isName() ? cursor.name() : undefined
  if (alias?.toLowerCase() === 'team_id') {
    throw new EngineError('syntax', '"team_id" cannot be used as an alias', { name: 'team_id' })
  }
  return alias === undefined ? { value } : { value, alias }
}

function source(cursor: Cursor): Source {
  const table = cursor.take('(') ? nestedSource(cursor) : namedSource(cursor)
  if (cursor.is('(')) throw unsupported(`the table function ${table.kind === 'named' ? table.path.join('.') : ''}`)
  const alias = cursor.take('as') || (cursor.isName() && !cursor.is('settings')) ? cursor.name() : undefined
  if (cursor.is('(')) throw unsupported('column lists after a table alias')
  for (const word of ['final', 'sample']) if (cursor.is(word)) throw unsupported(word.toUpperCase())
  return alias === undefined ? table : { ...table, alias }
}

function nestedSource(cursor: Cursor): Source {
  const inner = cursor.deeper(() => query(cursor))
  cursor.expect(')')
  return { kind: 'nested', query: inner }
}

function namedSource(cursor: Cursor): Source {
  if (cursor.is('{')) throw unsupported('placeholders in FROM')
  const path = [cursor.name()]
  while (cursor.take('.')) path.push(cursor.isName() ? cursor.name() : cursor.next().text)
  return { kind: 'named', path }
}

const kinds: readonly (readonly [readonly string[], string])[] = [
  [['join'], 'INNER JOIN'],
  [['inner', 'join'], 'INNER JOIN'],
  [['cross', 'join'], 'CROSS JOIN'],
  ...['left', 'right', 'full'].flatMap((side) => [
    [[side, 'join'], `${side.toUpperCase()} JOIN`] as const,
    [[side, 'outer', 'join'], `${side.toUpperCase()} JOIN`] as const,
  ]),
]

function readJoins(cursor: Cursor): Join[] {
  const joins: Join[] = []
  for (;;) {
    const how = kinds.find(([words]) => cursor.take(...words))?.[1]
    if (!how) {
      if (cursor.is(',')) throw unsupported('commas in FROM; write CROSS JOIN')
      if (cursor.is('left') || cursor.is('right') || cursor.is('full') || cursor.is('inner'))
        throw unsupported('this kind of JOIN')
      return joins
    }
    const joined = source(cursor)
    if (how === 'CROSS JOIN') joins.push({ how, source: joined })
    else if (cursor.take('on')) joins.push({ how, source: joined, on: expression(cursor) })
    else if (cursor.take('using')) joins.push({ how, source: joined, using: usingNames(cursor) })
    else throw cursor.surprise('expected ON or USING')
  }
}

function usingNames(cursor: Cursor): string[] {
  const bracketed = cursor.take('(')
  const names = cursor.list(() => cursor.name())
  if (bracketed) cursor.expect(')')
  return names
}

function grouping(cursor: Cursor): Select['groupBy'] {
  if (!cursor.take('group', 'by')) return []
  for (const word of ['all', 'rollup', 'cube', 'grouping'])
    if (cursor.is(word)) throw unsupported(`GROUP BY ${word.toUpperCase()}`)
  const keys = cursor.list(() => expression(cursor))
  if (cursor.is('with')) throw unsupported('WITH TOTALS, ROLLUP and CUBE')
  return keys
}

function namedWindow(cursor: Cursor): Select['windows'][number] {
  const name = cursor.name()
  cursor.expect('as')
  cursor.expect('(')
  return { name, window: window(cursor, expression) }
}

function limits(cursor: Cursor): { limit?: number; offset?: number } {
  const limit = cursor.take('limit') ? rowCount(cursor) : undefined
  if (limit !== undefined && cursor.is(',')) throw unsupported('LIMIT offset, count; write LIMIT count OFFSET offset')
  const offset = cursor.take('offset') ? rowCount(cursor) : undefined
  if (cursor.is('by') || cursor.is('with')) throw unsupported('LIMIT BY and LIMIT WITH TIES')
  return { ...optional('limit', limit), ...optional('offset', offset) }
}

function rowCount(cursor: Cursor): number {
  const value = expression(cursor)
  const count = value.kind === 'number' && /^\d{1,15}$/.test(value.text) ? Number(value.text) : undefined
  if (count === undefined) throw unsupported('LIMIT and OFFSET with anything but a whole number')
  return count
}
