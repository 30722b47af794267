import { crashed } from '../errors.ts'
import { isObject } from '../fields.ts'
import type { ProjectCall } from '../route.ts'
import { toUser } from '../seed.ts'
import { accessLevel } from '../table-shape.ts'
import type { World } from '../world.ts'
import type { FileRecord, ObjectRecord } from './tree-state.ts'

type Shown = Readonly<Record<string, unknown>>

/** The live object a row names, if there is one. */
export const objectOf = (
  world: World,
  { project, type, ref }: Pick<FileRecord, 'project' | 'type' | 'ref'>,
): ObjectRecord | undefined =>
  world.store.state.tree.objects.find(
    (each) => each.project === project && each.type === type && each.ref === ref && !each.deleted,
  )

const levelOf = (world: World, row: FileRecord, { key, project }: ProjectCall): string | null => {
  const object = objectOf(world, row)
  return object === undefined ? null : accessLevel(key, project, object.createdBy)
}

/** A row as the API shows it (fact sheet: files-exports 4.1); `viewedAt` only in the order of last views. */
export const toFile = (world: World, row: FileRecord, call: ProjectCall, viewedAt: string | null = null): Shown => ({
  id: row.id,
  path: row.path,
  depth: row.depth,
  type: row.type,
  ref: row.ref,
  href: row.href,
  meta: row.meta,
  shortcut: row.shortcut,
  created_at: row.createdAt,
  last_viewed_at: viewedAt,
  ...(world.editions.warehouse === 'N' && { user_access_level: levelOf(world, row, call) }),
})

/**
 * The people that rows name as their object's makers. Upstream reads a key of `meta` without looking at what it is, so
 * one row with another `meta` breaks every page it is on (files-exports 6, 26). Throws that 500.
 */
export const usersOf = (rows: readonly FileRecord[]): readonly Shown[] => {
  const makers = rows.map(({ meta }) => {
    if (!isObject(meta)) throw crashed()
    return meta.created_by
  })
  return [...new Set(makers)]
    .map((maker) => (typeof maker === 'number' ? toUser(maker) : null))
    .filter((user) => user !== null)
}
