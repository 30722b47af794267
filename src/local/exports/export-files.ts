import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bounds, bound, lengthOf, removeAll } from '../bounded-list.ts'
import type { World } from '../world.ts'
import type { ExportRecord } from './export-state.ts'

const folderOf = (world: World): string => join(world.store.directory, 'exports')

const pathOf = (world: World, id: number): string => join(folderOf(world), String(id))

/** Puts the bytes of an export on disk, whole or not at all. */
export const writeContent = async (world: World, id: number, bytes: Buffer): Promise<void> => {
  await mkdir(folderOf(world), { recursive: true, mode: 0o700 })
  const path = pathOf(world, id)
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

/** The bytes of an export; undefined when they are gone. */
export const readContent = (world: World, id: number): Promise<Uint8Array<ArrayBuffer> | undefined> =>
  readFile(pathOf(world, id)).catch(() => undefined)

/** Whether an export behaves as missing by now. */
export const isExpired = (world: World, row: ExportRecord): boolean => world.clock() >= Date.parse(row.expiresAfter)

/** Exports that are kept until they expire, with the characters of what they were asked. */
const BOUNDS: Bounds<ExportRecord> = {
  most: 1_000,
  mostLength: 8_000_000,
  lengthOf: ({ context }) => lengthOf(context),
}

/** Forgets exports that expired or are too many. The newest stays, because its number is where the next one goes on. */
export const sweep = async (world: World): Promise<void> => {
  const { exports } = world.store.state
  const expired = exports.filter((row) => isExpired(world, row))
  // Before anything is waited for: exports that are made meanwhile must not be lost.
  removeAll(exports, new Set(expired.filter((row) => row !== exports.at(-1))))
  const gone = bound(exports, { ...BOUNDS, pinOf: ({ id }) => (id === exports.at(-1)?.id ? 'newest' : undefined) })
  for (const { id } of [...expired, ...gone]) await rm(pathOf(world, id), { force: true })
}

/** Removes files that no export tells of: a crash can come between the file and the state. */
export const removeOrphans = async (world: World): Promise<void> => {
  const known = new Set(world.store.state.exports.filter((row) => row.hasContent).map(({ id }) => String(id)))
  const found = await readdir(folderOf(world)).catch(() => [])
  for (const name of found.filter((each) => !known.has(each))) await rm(join(folderOf(world), name), { force: true })
}
