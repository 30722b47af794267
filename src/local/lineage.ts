import type { TableRecord, ViewRecord } from './state.ts'
import { BUILT_IN, tablesOf, viewsOf, type World } from './world.ts'

const tableNamed = (world: World, project: number, name: string): TableRecord | undefined =>
  tablesOf(world, project).find(
    (table) => (table.name === name || table.synced?.hogqlName === name) && table.viewId === null,
  )

/** Turns the names a SQL text reads into node ids: views and tables by id, built-ins by name (fact sheet: tables 6.4). */
export const toNodes = (world: World, project: number, reads: readonly string[]): readonly string[] =>
  reads.flatMap((name) => {
    const view = viewsOf(world, project).find((candidate) => candidate.name === name)
    const node = view?.id ?? tableNamed(world, project, name)?.id
    if (node !== undefined) return [node]
    return BUILT_IN.includes(name) ? [name] : []
  })

const viewWith = (world: World, project: number, id: string): ViewRecord | undefined =>
  viewsOf(world, project).find((view) => view.id === id)

const isLive = (world: World, project: number, node: string): boolean =>
  BUILT_IN.includes(node) ||
  viewWith(world, project, node) !== undefined ||
  tablesOf(world, project).some((table) => table.id === node)

const live = (world: World, view: ViewRecord | undefined): readonly string[] =>
  view === undefined ? [] : view.parents.filter((parent) => isLive(world, view.project, parent))

const parentsOf = (world: World, project: number, node: string): readonly string[] =>
  live(world, viewWith(world, project, node))

/** The views that read a node directly. */
export const childrenOf = (world: World, project: number, node: string): readonly ViewRecord[] =>
  viewsOf(world, project).filter((view) => view.parents.includes(node))

/** Breadth first from `start`, at most `levels` hops; the start is not part of the answer. */
const reach = (start: string, neighbours: (node: string) => readonly string[], levels: number): readonly string[] => {
  const seen = new Set<string>([start])
  let edge: readonly string[] = [start]
  for (let hop = 0; hop < levels && edge.length > 0; hop += 1) {
    edge = [...new Set(edge.flatMap(neighbours))].filter((node) => !seen.has(node))
    for (const node of edge) seen.add(node)
  }
  seen.delete(start)
  return [...seen]
}

/** Everything upstream of a view within `levels` hops; all of it without a number. */
export const ancestorsOf = (world: World, view: ViewRecord, levels = Number.POSITIVE_INFINITY): readonly string[] =>
  reach(
    view.id,
    // The view at hand may be one that is not stored yet, or has parents that are not.
    (node) => (node === view.id ? live(world, view) : parentsOf(world, view.project, node)),
    levels,
  )

/** Every view that reads this one within `levels` hops; all of them without a number. */
export const descendantsOf = (world: World, view: ViewRecord, levels = Number.POSITIVE_INFINITY): readonly string[] =>
  reach(view.id, (node) => childrenOf(world, view.project, node).map(({ id }) => id), levels)

/** Whether a view would read itself, at whatever distance, if these were its parents. */
export const makesCycle = (world: World, view: ViewRecord, parents: readonly string[]): boolean =>
  parents.some(
    (parent) =>
      parent === view.id ||
      reach(parent, (node) => parentsOf(world, view.project, node), Number.POSITIVE_INFINITY).includes(view.id),
  )

/** The views in an order in which every view comes after the views it reads. */
export const parentsFirst = (views: readonly ViewRecord[]): readonly ViewRecord[] => {
  const byId = new Map(views.map((view) => [view.id, view]))
  const ordered = new Set<ViewRecord>()
  const visiting = new Set<string>()
  const visit = (view: ViewRecord): void => {
    if (visiting.has(view.id)) return
    visiting.add(view.id)
    for (const parent of view.parents) {
      const found = byId.get(parent)
      if (found !== undefined) visit(found)
    }
    ordered.add(view)
  }
  for (const view of views) visit(view)
  return [...ordered]
}
