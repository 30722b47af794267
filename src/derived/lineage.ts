import { tablesIn } from '../hogql/tables.ts'

/** A view as far as lineage goes. */
export interface ViewText {
  readonly id: string
  readonly sql: string
}

/** What a name in SQL stands for: the id of a view or table, the name of a table of PostHog's own; undefined for neither. */
export type NodeOf = (name: string) => string | undefined

/** What reads what, by the nodes PostHog uses: ids of views and tables, names of its own tables. */
export interface Lineage {
  parentsOf(node: string): readonly string[]
  childrenOf(node: string): readonly string[]
  /** Names in the SQL that stand for nothing that is known. */
  readonly unknown: ReadonlySet<string>
}

/** The nodes that a view's SQL names; the names that stand for none are told to `unknown`. */
export const nodesIn = ({ id, sql }: ViewText, nodeOf: NodeOf, unknown: Set<string>): readonly string[] => {
  const nodes = new Set<string>()
  for (const name of tablesIn(sql)) {
    const node = nodeOf(name)
    if (node === undefined) unknown.add(name)
    else if (node !== id) nodes.add(node)
  }
  return [...nodes]
}

/** Reads the SQL of all views. Pure. */
export const toLineage = (views: readonly ViewText[], nodeOf: NodeOf): Lineage => {
  const parents = new Map<string, readonly string[]>()
  const children = new Map<string, string[]>()
  const unknown = new Set<string>()
  for (const view of views) {
    const nodes = nodesIn(view, nodeOf, unknown)
    parents.set(view.id, nodes)
    for (const node of nodes) children.set(node, [...(children.get(node) ?? []), view.id])
  }
  return { parentsOf: (node) => parents.get(node) ?? [], childrenOf: (node) => children.get(node) ?? [], unknown }
}

/** Everything within so many hops of a node, itself left out. */
export const reach = (
  start: string,
  neighbours: (node: string) => readonly string[],
  hops: number = Number.POSITIVE_INFINITY,
): readonly string[] => {
  const seen = new Set([start])
  let edge: readonly string[] = [start]
  for (let hop = 0; hop < hops && edge.length > 0; hop += 1) {
    edge = [...new Set(edge.flatMap(neighbours))].filter((node) => !seen.has(node))
    for (const node of edge) seen.add(node)
  }
  seen.delete(start)
  return [...seen]
}
