import { ApiError, notFound } from '../errors.ts'
import { toUuid } from '../fields.ts'
import { byOffset } from '../paging.ts'
import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { baseSet, orderOf } from './file-filters.ts'
import { readFile } from './file-input.ts'
import { addFile, addParents, setPath } from './file-rows.ts'
import { toFile, usersOf } from './file-shape.ts'
import { UNESCAPED } from './paths.ts'
import { allByView, recentFiles, wantsRecent } from './recent-files.ts'
import type { FileRecord } from './tree-state.ts'

/** The hand-written 400s of this resource have this shape. */
export const telling = (detail: string): ApiError => new ApiError(400, { detail })

/** The row of a path's id; the list's filters count here too. Throws 404. */
export const findFile = (world: World, call: ProjectCall): FileRecord => {
  const id = toUuid(call.param('id'))
  const found = id === undefined ? undefined : baseSet(world, call).find((row) => row.id === id)
  if (found === undefined) throw notFound()
  return found
}

/** GET file_system/ (fact sheet: files-exports 4.3). */
export const listFiles = (world: World, call: ProjectCall): Reply => {
  if (wantsRecent(call.url)) {
    return world.editions.files === 'F2' ? recentFiles(world, call) : allByView(world, call)
  }
  const rows = [...baseSet(world, call)].sort(orderOf(call.url))
  const page = byOffset(rows, call.url)
  const results = page.results.map((row) => toFile(world, row, call))
  return { status: 200, body: { ...page, results, users: usersOf(page.results) } }
}

/** POST file_system/: makes missing folders, and neither makes nor looks for the object a row names. */
export const createFile = async (world: World, call: ProjectCall): Promise<Reply> => {
  const input = readFile(await call.json(), false)
  const path = input.path ?? ''
  const user = call.key.user.id
  addParents(world, { project: call.project.id, user }, path, UNESCAPED)
  const row = addFile(world, call.project.id, user, { ...input, path, type: input.type ?? '' })
  return { status: 201, body: toFile(world, row, call) }
}

/** GET file_system/:id/. */
export const retrieveFile = (world: World, call: ProjectCall): Reply => ({
  status: 200,
  body: toFile(world, findFile(world, call), call),
})

/** PATCH and PUT file_system/:id/: this row alone, with no regard to what is above or below it. */
export const updateFile = async (world: World, call: ProjectCall, partial: boolean): Promise<Reply> => {
  const row = findFile(world, call)
  const { path, ...rest } = readFile(await call.json(), partial)
  Object.assign(row, rest)
  if (path !== undefined) setPath(row, path)
  return { status: 200, body: toFile(world, row, call) }
}
