import { EngineError, type Relation } from './engine.ts'
import type { Catalogue, Resolved } from './hogql/scope.ts'
import { seededTables } from './seed.ts'
import { selectOf } from './sources.ts'

/** A project's database, safe to put into SQL. */
export function databaseOf(project: number): string {
  return `p_${Math.trunc(project)}`
}

/** A subquery hides the engine's virtual columns (`_table`, `_part`), which PostHog does not have. */
function hidden(table: string): string {
  return `(SELECT * FROM ${table})`
}

function resolve(relation: Relation): Resolved {
  if (relation.kind === 'table') return { kind: 'ready', run: selectOf(relation.source, relation.columns) }
  if (relation.kind === 'rows') return { kind: 'ready', run: hidden(relation.rows) }
  if (relation.rows !== null) return { kind: 'ready', run: hidden(relation.rows) }
  return { kind: 'view', id: relation.id, sql: relation.sql }
}

/** The saved names of every project. */
export class Relations {
  readonly #projects = new Map<number, Map<string, Relation>>()

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

  /** The names one project can read. */
  catalogue(project: number): Catalogue {
    return {
      find: (name) => {
        const seeded = seededTables.get(name)
        if (seeded !== undefined) return { kind: 'ready', run: hidden(seeded) }
        const relation = [...(this.#projects.get(project)?.values() ?? [])].find(
          (one) => one.name === name || (one.kind !== 'view' && one.alias === name),
        )
        return relation && resolve(relation)
      },
    }
  }
}

/** The view of this id. Throws `unknown_table`. */
export function requireView(relations: Relations, project: number, id: string): Extract<Relation, { kind: 'view' }> {
  const view = relations.view(project, id)
  if (!view) throw new EngineError('unknown_table', 'There is no such view', { name: id })
  return view
}
