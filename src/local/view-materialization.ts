import { isSeedEra } from './seed-era.ts'
import type { ViewRecord } from './state.ts'
import { dropTable } from './tables.ts'
import type { Runs } from './view-runs.ts'
import { jobsOf } from './view-shape.ts'
import type { World } from './world.ts'

/**
 * Makes a materialized view plain again: its run is stopped, its table dropped, its cadence forgotten. The history
 * of runs stays (fact sheet: tables 6.3 revert). Whatever `also` changes is saved with it or not at all.
 */
export const revert = async (
  world: World,
  runs: Runs,
  view: ViewRecord,
  also: () => void = () => undefined,
): Promise<void> => {
  // One that is asked for while another stops is stopped as well.
  for (let run = runs.cancel(view); run !== undefined; run = runs.cancel(view)) await run
  const table = world.store.state.tables.find((candidate) => candidate.id === view.tableId && !candidate.deleted)
  if (table !== undefined) dropTable(world, table)
  view.tableId = null
  view.isMaterialized = false
  view.cadence = null
  view.status = null
  if (isSeedEra(world)) {
    view.revertedRun = jobsOf(world, view)[0]?.id ?? null
    // Its paths upstream are deleted until it is saved or materialized again (fact sheet: tables 3.4 ancestors).
    view.parents = []
  }
  also()
}
