import { at, type Route } from '../route.ts'
import type { World } from '../world.ts'
import { destroyFile, undoDelete } from './deletions.ts'
import { createFile, listFiles, retrieveFile, updateFile } from './files.ts'
import { countFolder, countPath, linkFile, moveFile } from './folders.ts'
import { fileUnfiled } from './unfiled.ts'
import { listViews, logView } from './view-log.ts'

const READ = ['file_system:read']
const WRITE = ['file_system:write']
const LIST = '/file_system'
const ONE = '/file_system/:id'

/** The project tree. In F1 keys cannot call its actions, and a deletion cannot be undone (files-exports 0). */
export const treeRoutes = (world: World): readonly Route[] => {
  const isOld = world.editions.files === 'F1'
  const read = isOld ? null : READ
  const write = isOld ? null : WRITE
  return [
    at('POST', `${LIST}/count_by_path`, read, (call) => countPath(world, call)),
    at('GET', `${LIST}/unfiled`, read, (call) => fileUnfiled(world, call)),
    at('GET', `${LIST}/log_view`, write, (call) => listViews(world, call)),
    at('POST', `${LIST}/log_view`, write, (call) => logView(world, call)),
    ...(isOld ? [] : [at('POST', `${LIST}/undo_delete`, WRITE, (call) => undoDelete(world, call))]),
    at('POST', `${ONE}/count`, read, (call) => countFolder(world, call)),
    at('POST', `${ONE}/move`, write, (call) => moveFile(world, call)),
    at('POST', `${ONE}/link`, write, (call) => linkFile(world, call)),
    at('GET', LIST, READ, (call) => listFiles(world, call)),
    at('POST', LIST, WRITE, (call) => createFile(world, call)),
    at('GET', ONE, READ, (call) => retrieveFile(world, call)),
    at('PUT', ONE, WRITE, (call) => updateFile(world, call, false)),
    at('PATCH', ONE, WRITE, (call) => updateFile(world, call, true)),
    at('DELETE', ONE, WRITE, (call) => destroyFile(world, call)),
  ]
}
