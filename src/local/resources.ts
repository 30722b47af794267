import { accountRoutes } from './accounts.ts'
import { exportRoutes } from './exports/export-routes.ts'
import { ControlPlane } from './managed/control-plane.ts'
import { managedRoutes } from './managed/managed-routes.ts'
import { oauthDoors } from './oauth/oauth-doors.ts'
import { queryRoutes } from './query-routes.ts'
import { restore } from './restore.ts'
import type { OpenRoute, Route } from './route.ts'
import { sourceDesk } from './sources/source-routes.ts'
import { tableRoutes } from './table-routes.ts'
import { treeRoutes } from './tree/tree-routes.ts'
import { unservedRoutes } from './unserved.ts'
import { viewRoutes } from './view-routes.ts'
import { Runs } from './view-runs.ts'
import type { World } from './world.ts'

/** Everything the API offers, and how to end what it has under way. */
export interface Resources {
  readonly routes: readonly Route[]
  readonly doors: readonly OpenRoute[]
  close(): Promise<void>
}

/** Takes up what an earlier process left, and builds every resource. */
export const openResources = async (world: World): Promise<Resources> => {
  const runs = new Runs(world)
  runs.settleInterrupted()
  await restore(world)
  const plane = new ControlPlane(world)
  plane.resume()
  const queries = queryRoutes(world)
  const exports = await exportRoutes(world)
  const sources = sourceDesk(world)
  await sources.open()
  const routes = [
    ...accountRoutes,
    ...tableRoutes(world),
    ...viewRoutes(world, runs),
    ...queries.routes,
    ...exports.routes,
    ...managedRoutes(world, plane),
    ...treeRoutes(world),
    ...sources.routes,
    ...unservedRoutes,
  ]
  const close = async (): Promise<void> => {
    queries.close()
    await exports.close()
    await sources.close()
    await runs.close()
  }
  return { routes, doors: [...exports.doors, ...oauthDoors(world)], close }
}
