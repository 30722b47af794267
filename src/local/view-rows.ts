import type { ViewRecord } from './state.ts'
import { discardRows } from './table-engine.ts'
import { sqlOf } from './view-input.ts'
import type { World } from './world.ts'

/**
 * Makes a view readable in SQL under its name. One that has rows goes on serving them. The change is made before the
 * promise is given, so that it belongs to the same step as the caller's change of the record.
 */
export const putView = async (world: World, view: ViewRecord): Promise<void> =>
  world.engine.put(view.project, {
    kind: 'view',
    id: view.id,
    name: view.name,
    sql: sqlOf(view),
    rows: view.rows ?? null,
  })

/** Gives a view other rows, or none: one change of the record and of the name in SQL. */
export const takeRows = (world: World, view: ViewRecord, rows: string | null): void => {
  const before = view.rows ?? null
  view.rows = rows
  putView(world, view).catch(() => world.log(`view ${view.id} could not be given its rows`))
  if (before !== null) discardRows(world, before)
}
