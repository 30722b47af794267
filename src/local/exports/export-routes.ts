import { at, type OpenRoute, type Route } from '../route.ts'
import type { World } from '../world.ts'
import { removeOrphans } from './export-files.ts'
import { ExportRuns } from './export-runs.ts'
import { ExportStorage, STORAGE_PATH } from './export-storage.ts'
import { createExport, exportContent, listExports, retrieveExport } from './exports.ts'

const READ = ['export:read']
const WRITE = ['export:write']

/** The exports resource (fact sheet: files-exports 3), the door of its storage, and how to end what is under way. */
export const exportRoutes = async (world: World) => {
  await removeOrphans(world)
  const runs = new ExportRuns(world)
  const storage = new ExportStorage(world)
  const routes: readonly Route[] = [
    at('GET', '/exports', READ, (call) => listExports(world, call)),
    at('POST', '/exports', WRITE, (call) => createExport(world, runs, call)),
    at('GET', '/exports/:id/content', READ, (call) => exportContent(world, storage, call)),
    at('GET', '/exports/:id', READ, (call) => retrieveExport(world, call)),
  ]
  const doors: readonly OpenRoute[] = [{ method: 'GET', path: STORAGE_PATH, run: (request) => storage.serve(request) }]
  return { routes, doors, close: () => runs.close() }
}
