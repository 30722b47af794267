import { parentsFirst } from './lineage.ts'
import { putTable } from './table-engine.ts'
import { sweepUploads } from './upload.ts'
import { putView } from './view-rows.ts'
import type { World } from './world.ts'

/**
 * Gives a fresh engine every live table and view, and takes from it the rows that no view names. One that cannot be
 * read any more (a bucket that is gone, a folder that is no longer allowed) stays listed and fails when it is queried.
 */
export const restore = async (world: World): Promise<void> => {
  const { tables, views } = world.store.state
  const live = views.filter(({ deleted }) => !deleted)
  const there = await world.engine.sweepViews(new Set(live.flatMap(({ rows }) => rows ?? [])))
  // Rows that somebody took away with the engine's folder are gone; the view answers from its SQL.
  for (const view of live) if (view.rows !== undefined && view.rows !== null && !there.has(view.rows)) view.rows = null
  await sweepUploads(world)
  for (const table of tables.filter(({ deleted }) => !deleted)) {
    await putTable(world, table).catch(() => world.log(`table ${table.id} could not be restored`))
  }
  for (const view of parentsFirst(live)) {
    await putView(world, view).catch(() => world.log(`view ${view.id} could not be restored`))
  }
}
