import { EngineError } from '../engine.ts'
import { columnNames, itemName } from './names.ts'
import { type Printer, printExpression, printOrder, printWindow } from './print-expression.ts'
import { quoteName } from './quote.ts'
import { unsupported } from './refusals.ts'
import { type Catalogue, emptyScope, type Scope } from './scope.ts'
import { parse } from './selects.ts'
import type { Join, Query, Select, Source } from './syntax.ts'

/** One query, ready for the engine. */
export interface Compiled {
  /** What the engine runs. Holds file paths and keys: never shown. */
  readonly run: string
  /** The same with saved names in place of where their rows come from. */
  readonly shown: string
  readonly names: readonly (string | undefined)[]
  readonly reads: readonly string[]
}

// Each level of views may read the one below several times; the product must stay small.
const mostExpansions = 300

// PostHog has these tables and this warehouse has not; "unknown table" would be untrue.
const upstreamOnly = new Set(
  `sessions groups person_distinct_ids cohort_people static_cohort_people session_replay_events heatmaps
   exchange_rate logs query_log numbers raw_sessions raw_persons raw_groups app_metrics log_entries`.split(/\s+/),
)

class Compilation implements Printer {
  readonly #catalogue: Catalogue
  readonly #showing: boolean
  readonly #views: readonly string[]
  readonly #budget: { left: number }
  readonly reads = new Set<string>()

  constructor(catalogue: Catalogue, showing: boolean, views: readonly string[], budget: { left: number }) {
    this.#catalogue = catalogue
    this.#showing = showing
    this.#views = views
    this.#budget = budget
  }

  query(query: Query, scope: Scope): string {
    if (query.kind === 'select') return this.#select(query, scope)
    return query.parts
      .map((part) => `(${this.query(part, scope)})`)
      .join(query.distinct ? ' UNION DISTINCT ' : ' UNION ALL ')
  }

  /** The outermost select keeps its expressions unnamed: names are put on afterwards, where they cannot change a meaning. */
  outermost(query: Query): string {
    return query.kind === 'select' ? this.#select(query, emptyScope, true) : this.query(query, emptyScope)
  }

  #select(select: Select, around: Scope, outermost = false): string {
    const ctes = new Map(around.ctes)
    for (const cte of select.ctes) {
      if (select.ctes.filter(({ name }) => name === cte.name).length > 1)
        throw unsupported(`two CTEs named ${cte.name}`)
      // A CTE sees those before it; an unread one is compiled all the same, so that its mistakes show.
      const scope = { ...emptyScope, ctes: new Map(ctes), outer: around.outer }
      this.query(cte.query, scope)
      ctes.set(cte.name, { query: cte.query, scope })
    }
    const sources = [...(select.from ? [select.from] : []), ...select.joins.map((join) => join.source)]
    const scope: Scope = {
      tables: this.#aliases(sources),
      sources: sources.length,
      outer: new Set([...around.outer, ...around.tables, ...around.lambda]),
      ctes,
      lambda: new Set(),
      joining: false,
    }
    const list = (items: readonly Parameters<typeof printExpression>[0][]): string =>
      items.map((item) => printExpression(item, scope, this)).join(', ')
    const windows = select.windows.map(
      ({ name, window }) => `${quoteName(name)} AS ${printWindow(window, scope, this)}`,
    )
    const parts = [
      `SELECT ${select.distinct ? 'DISTINCT ' : ''}${this.#items(select, scope, outermost)}`,
      select.from && `FROM ${this.#source(select.from, scope)}`,
      ...select.joins.map((join) => this.#join(join, scope)),
      select.where && `WHERE ${list([select.where])}`,
      select.groupBy.length > 0 && `GROUP BY ${list(select.groupBy)}`,
      select.having && `HAVING ${list([select.having])}`,
      windows.length > 0 && `WINDOW ${windows.join(', ')}`,
      select.orderBy.length > 0 && `ORDER BY ${printOrder(select.orderBy, scope, this)}`,
      select.limit !== undefined && `LIMIT ${select.limit}`,
      select.offset !== undefined && `OFFSET ${select.offset}`,
    ]
    return parts.filter(Boolean).join(' ')
  }

  #aliases(sources: readonly Source[]): ReadonlySet<string> {
    const aliases = sources.flatMap((source) => source.alias ?? (source.kind === 'named' ? source.path.join('.') : []))
    const twice = aliases.find((alias, index) => aliases.indexOf(alias) !== index)
    if (twice !== undefined)
      throw new EngineError(
        'syntax',
        `Already have joined a table called "${twice}". Can't join another one with the same name.`,
      )
    return new Set(aliases)
  }

  #items(select: Select, scope: Scope, outermost: boolean): string {
    const names = select.items.map(itemName)
    return select.items
      .map((item, index) => {
        if (item.value.kind === 'star') return this.#star(item.value.table, scope)
        const text = printExpression(item.value, scope, this)
        const name = names[index]
        const named = item.alias !== undefined || (!outermost && names.indexOf(name) === names.lastIndexOf(name))
        return named && name !== undefined ? `${text} AS ${quoteName(name)}` : text
      })
      .join(', ')
  }

  #star(table: readonly string[], scope: Scope): string {
    if (table.length === 0 && scope.sources > 1) {
      const text = "Cannot use '*' without table name when there are multiple tables in the query"
      throw new EngineError('syntax', text, { name: '*' })
    }
    if (table.length === 0) return '*'
    const alias = table.join('.')
    if (!scope.tables.has(alias))
      throw new EngineError('unknown_field', `Unable to resolve field: ${alias}`, { name: alias })
    return `${quoteName(alias)}.*`
  }

  #join(join: Join, scope: Scope): string {
    const head = `${join.how} ${this.#source(join.source, scope)}`
    if (join.on) return `${head} ON ${printExpression(join.on, { ...scope, joining: true }, this)}`
    return join.using ? `${head} USING (${join.using.map(quoteName).join(', ')})` : head
  }

  #source(source: Source, scope: Scope): string {
    const alias = source.alias ?? (source.kind === 'named' ? source.path.join('.') : undefined)
    const text =
      source.kind === 'nested'
        ? `(${this.query(source.query, { ...scope, tables: new Set() })})`
        : this.#named(source.path, scope)
    return alias === undefined ? text : `${text} AS ${quoteName(alias)}`
  }

  #named(path: readonly string[], scope: Scope): string {
    const name = path.join('.')
    const cte = path.length === 1 ? scope.ctes.get(name) : undefined
    if (cte) return `(${this.#spend(() => this.query(cte.query, cte.scope))})`
    const found = this.#catalogue.find(name)
    if (!found) throw unknownTable(name)
    this.reads.add(name)
    if (this.#showing) return quoteName(name)
    if (found.kind === 'ready') return found.run
    if (this.#views.includes(found.id)) throw unsupported(`the view ${name}, which reads itself`)
    const inner = new Compilation(this.#catalogue, false, [...this.#views, found.id], this.#budget)
    return `(${this.#spend(() => inner.query(parse(found.sql), emptyScope))})`
  }

  #spend(print: () => string): string {
    this.#budget.left -= 1
    if (this.#budget.left < 0) throw unsupported('views and CTEs nested this often')
    return print()
  }
}

function unknownTable(name: string): EngineError {
  if (upstreamOnly.has(name) || /^(system|information_schema)\./i.test(name)) return unsupported(`the table ${name}`)
  return new EngineError('unknown_table', `Unknown table \`${name}\`.`, { name })
}

/** Compiles a parsed query against a project's names. Throws unknown_table, unknown_field and unsupported. */
export function compile(query: Query, catalogue: Catalogue): Compiled {
  const running = new Compilation(catalogue, false, [], { left: mostExpansions })
  const run = running.outermost(query)
  const showing = new Compilation(catalogue, true, [], { left: mostExpansions })
  return { run, shown: showing.outermost(query), names: columnNames(query), reads: [...running.reads] }
}

/** Engine SQL of a stored view, every column named as PostHog names it. Throws like `compile`. */
export function compileView(id: string, sql: string, catalogue: Catalogue): string {
  return new Compilation(catalogue, false, [id], { left: mostExpansions }).query(parse(sql), emptyScope)
}
