import { createHash } from 'node:crypto'
import { EngineError, type Relation } from './engine.ts'
import type { Catalogue, Resolved } from './hogql/scope.ts'
import { seededTables } from './seed.ts'
import { selectOf } from './sources.ts'

/** A project's database, and the table behind one of its materialized views. Both are safe to put into SQL. */
export function databaseOf(project: number): string {
  return `p_${Math.trunc(project)}`
}

/** Hashed, because an id is the caller's text and a table name becomes a file name. */
export function storedTable(project: number, viewId: string): string {
  return `${databaseOf(project)}.m_${createHash('sha256').update(viewId).digest('hex').slice(0, 32)}`
}

/** A subquery hides the engine's virtual columns (`_table`, `_part`), which PostHog does not have. */
function hidden(table: string): string {
  return `(SELECT * FROM ${table})`
}

/** The saved names of every project, and which views have rows of their own. */
export class Relations {
  readonly #projects = new Map<number, Map<string, Relation>>()
  readonly #stored: Set<string>

  /** `stored` are the tables of materialized views found on disk, as `storedTable` names them. */
  constructor(stored: Iterable<string>) {
    this.#stored = new Set(stored)
  }

  put(project: number, relation: Relation): void {
    const relations = this.#projects.get(project) ?? new Map<string, Relation>()
    this.#projects.set(project, relations.set(relation.id, relation))
  }

  remove(project: number, id: string): void {
    this.#projects.get(project)?.delete(id)
  }

  view(project: number, id: string): Extract<Relation, { kind: 'view' }> | undefined {
    const found = this.#projects.get(project)?.get(id)
    return found?.kind === 'view' ? found : undefined
  }

  isStored(project: number, viewId: string): boolean {
    return this.#stored.has(storedTable(project, viewId))
  }

  /** Records that a view's table exists now, or no longer does. */
  setStored(project: number, viewId: string, stored: boolean): void {
    const table = storedTable(project, viewId)
    if (stored) this.#stored.add(table)
    else this.#stored.delete(table)
    const view = this.view(project, viewId)
    if (view) this.put(project, { ...view, materialized: stored })
  }

  /** The names one project can read. */
  catalogue(project: number): Catalogue {
    return {
      find: (name) => {
        const seeded = seededTables.get(name)
        if (seeded !== undefined) return { kind: 'ready', run: hidden(seeded) }
        const relation = [...(this.#projects.get(project)?.values() ?? [])].find(
          (one) => one.name === name || (one.kind === 'rows' && one.alias === name),
        )
        return relation && this.#resolve(project, relation)
      },
    }
  }

  #resolve(project: number, relation: Relation): Resolved {
    if (relation.kind === 'rows') return { kind: 'ready', run: hidden(relation.rows) }
    if (relation.kind === 'table') return { kind: 'ready', run: selectOf(relation.source, relation.columns) }
    if (relation.materialized && this.isStored(project, relation.id)) {
      return { kind: 'ready', run: hidden(storedTable(project, relation.id)) }
    }
    return { kind: 'view', id: relation.id, sql: relation.sql }
  }
}

/** The view of this id. Throws `unknown_table`. */
export function requireView(relations: Relations, project: number, id: string): Extract<Relation, { kind: 'view' }> {
  const view = relations.view(project, id)
  if (!view) throw new EngineError('unknown_table', 'There is no such view', { name: id })
  return view
}
