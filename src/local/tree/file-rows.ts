import { randomBytes } from 'node:crypto'
import { timestamp, type World } from '../world.ts'
import { depthOf, type Spelling, splitPath } from './paths.ts'
import type { FileRecord } from './tree-state.ts'

/** A UUID of version 7: sorts by the clock's time. */
export const newFileId = (now: number): string => {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x70, 6)
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The rows of a project, oldest first. */
export const filesOf = (world: World, project: number): readonly FileRecord[] =>
  world.store.state.tree.files.filter((row) => row.project === project)

/** What a new row is made of; the rest follows from it. */
export interface NewFile {
  readonly path: string
  readonly type: string
  readonly ref?: string | null
  readonly href?: string | null
  readonly meta?: unknown
  readonly shortcut?: boolean | null
}

/** Adds a row. Nothing is unique: two rows with the same path and type are two rows. */
export const addFile = (world: World, project: number, user: number | null, file: NewFile): FileRecord => {
  const row: FileRecord = {
    id: newFileId(world.clock()),
    project,
    createdBy: user,
    createdAt: timestamp(world),
    path: file.path,
    depth: depthOf(file.path),
    type: file.type,
    ref: file.ref ?? null,
    href: file.href ?? null,
    meta: file.meta === undefined ? {} : file.meta,
    shortcut: file.shortcut === undefined ? false : file.shortcut,
  }
  world.store.state.tree.files.push(row)
  return row
}

/** Forgets rows. */
export const removeFiles = (world: World, rows: ReadonlySet<FileRecord>): void => {
  const { files } = world.store.state.tree
  const kept = files.filter((row) => !rows.has(row))
  files.splice(0, files.length, ...kept)
}

/** Moves a row alone. */
export const setPath = (row: FileRecord, path: string): void => {
  row.path = path
  row.depth = depthOf(path)
}

/** The paths of a project's rows. */
export const pathsOf = (world: World, project: number): Set<string> =>
  new Set(filesOf(world, project).map(({ path }) => path))

/**
 * Makes the folders above a path that are missing; a row of any type counts as being there. `known` are the paths
 * there are, and gets the new ones.
 */
export const addParents = (
  world: World,
  { project, user }: { readonly project: number; readonly user: number | null },
  path: string,
  spell: Spelling,
  known = pathsOf(world, project),
): void => {
  const names = splitPath(path)
  for (let depth = 1; depth < names.length; depth += 1) {
    const parent = spell(names.slice(0, depth))
    if (known.has(parent)) continue
    // Written without escapes, the path of a parent can look deeper than it is.
    addFile(world, project, user, { path: parent, type: 'folder' }).depth = depth
    known.add(parent)
  }
}
