import { isObject } from '../fields.ts'
import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { addFile, addParents, filesOf, removeFiles, setPath } from './file-rows.ts'
import { toFile } from './file-shape.ts'
import { findFile, telling } from './files.ts'
import { isBelow, joinPath } from './paths.ts'
import type { FileRecord } from './tree-state.ts'

const PREVIEW = 200

const below = (world: World, project: number, folder: string): readonly FileRecord[] =>
  filesOf(world, project).filter((row) => isBelow(row.path, folder))

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const toCount = (world: World, call: ProjectCall, folder: string): Reply => {
  const rows = below(world, call.project.id, folder)
  const count = rows.length
  if (world.editions.files === 'F1') return { status: 200, body: { count } }
  const entries = [...rows]
    .sort((a, b) => a.depth - b.depth || compare(a.path, b.path))
    .slice(0, PREVIEW)
    .map((row) => toFile(world, row, call))
  return { status: 200, body: { count, entries, has_more: count > PREVIEW } }
}

/** POST file_system/:id/count/: everything below, at every depth, folders included. */
export const countFolder = (world: World, call: ProjectCall): Reply => {
  const row = findFile(world, call)
  if (row.type !== 'folder') throw telling('Count can only be called on folders')
  return toCount(world, call, row.path)
}

/** POST file_system/count_by_path/?path=: the same for a path, which need not exist. */
export const countPath = (world: World, call: ProjectCall): Reply => {
  const path = call.url.searchParams.get('path')
  if (!path) throw telling('path parameter is required')
  return toCount(world, call, path)
}

const readNewPath = async (call: ProjectCall): Promise<string> => {
  const body = await call.json()
  const path = isObject(body) ? body.new_path : undefined
  if (typeof path !== 'string' || path === '') throw telling('new_path is required')
  return path
}

const hasFolder = (world: World, project: number, path: string): FileRecord | undefined =>
  filesOf(world, project).find((row) => row.path === path && row.type === 'folder')

/** POST file_system/:id/move/. A folder takes what is below it along, and merges into one that is already there. */
export const moveFile = async (world: World, call: ProjectCall): Promise<Reply> => {
  const row = findFile(world, call)
  const path = await readNewPath(call)
  const { id: project } = call.project
  if (row.type === 'folder' && path === row.path) throw telling('Cannot move folder into itself')
  addParents(world, { project, user: call.key.user.id }, path, joinPath)
  if (row.type === 'folder') {
    for (const each of below(world, project, row.path)) setPath(each, path + each.path.slice(row.path.length))
    if (hasFolder(world, project, path) !== undefined) {
      removeFiles(world, new Set([row]))
      return { status: 200, body: { ...toFile(world, row, call), id: null } }
    }
  }
  setPath(row, path)
  return { status: 200, body: toFile(world, row, call) }
}

const copyTo = (world: World, row: FileRecord, path: string): FileRecord =>
  addFile(world, row.project, row.createdBy, { ...row, path, shortcut: true })

/** POST file_system/:id/link/. Copies the row, or a folder with all below it, as shortcuts. */
export const linkFile = async (world: World, call: ProjectCall): Promise<Reply> => {
  const row = findFile(world, call)
  const path = await readNewPath(call)
  const { id: project } = call.project
  if (row.type === 'folder' && path === row.path) throw telling('Cannot link folder into itself')
  addParents(world, { project, user: call.key.user.id }, path, joinPath)
  if (row.type === 'folder') {
    for (const each of below(world, project, row.path)) copyTo(world, each, path + each.path.slice(row.path.length))
    const there = hasFolder(world, project, path)
    if (there !== undefined) return { status: 200, body: toFile(world, there, call) }
  }
  return { status: 200, body: toFile(world, copyTo(world, row, path), call) }
}
