import type { ViewRecord } from './state.ts'
import { dropTable } from './tables.ts'
import { sqlOf } from './view-input.ts'
import type { Runs } from './view-runs.ts'
import type { World } from './world.ts'

/** Makes a view readable in SQL under its name. One with a table behind it goes on serving that table's rows. */
export const putView = (world: World, view: ViewRecord): Promise<void> =>
  world.engine.put(view.project, {
    kind: 'view',
    id: view.id,
    name: view.name,
    sql: sqlOf(view),
    materialized: view.tableId !== null,
  })

/**
 * Makes a materialized view plain again: its run is stopped, its table dropped, its cadence forgotten. The history
 * of runs stays (fact sheet: tables 6.3 revert).
 */
export const revert = async (world: World, runs: Runs, view: ViewRecord): Promise<void> => {
  await runs.cancel(view)
  const table = world.store.state.tables.find((candidate) => candidate.id === view.tableId && !candidate.deleted)
  if (table !== undefined) await dropTable(world, table)
  view.tableId = null
  view.isMaterialized = false
  view.cadence = null
  view.status = null
}
