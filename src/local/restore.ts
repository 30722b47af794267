import { parentsFirst } from './lineage.ts'
import { putTable } from './table-engine.ts'
import { putView } from './view-materialization.ts'
import type { World } from './world.ts'

/**
 * Gives a fresh engine every live table and view. One that cannot be read any more (a bucket that is gone, a folder
 * that is no longer allowed) stays listed and fails when it is queried.
 */
export const restore = async (world: World): Promise<void> => {
  const { tables, views } = world.store.state
  for (const table of tables.filter(({ deleted }) => !deleted)) {
    await putTable(world, table).catch(() => world.log(`table ${table.id} could not be restored`))
  }
  for (const view of parentsFirst(views.filter(({ deleted }) => !deleted))) {
    await putView(world, view).catch(() => world.log(`view ${view.id} could not be restored`))
  }
}
