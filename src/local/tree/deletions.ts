import { type ApiError, invalid } from '../errors.ts'
import { isObject } from '../fields.ts'
import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { addParents, filesOf, removeFiles } from './file-rows.ts'
import { objectOf } from './file-shape.ts'
import { findFile } from './files.ts'
import { kindOf } from './object-kinds.ts'
import { isBelow, joinPath, splitPath } from './paths.ts'
import type { FileRecord, ObjectRecord } from './tree-state.ts'
import { fileObject, unfiledPath } from './unfiled.ts'

const refused = (detail: string): ApiError => invalid(detail, 'detail')

/** What one row takes with it; `gone` are the rows that went before it in the same call. */
const targetOf = (world: World, row: FileRecord, gone: ReadonlySet<FileRecord>): ObjectRecord | undefined => {
  if (row.shortcut === true || row.type === 'folder') return undefined
  const isNamedElsewhere = filesOf(world, row.project).some(
    (other) =>
      other !== row &&
      !gone.has(other) &&
      other.shortcut !== true &&
      row.ref !== null &&
      other.type === row.type &&
      other.ref === row.ref,
  )
  if (isNamedElsewhere) return undefined
  if (kindOf(row.type) === undefined) throw refused(`Cannot delete resources with type '${row.type}'.`)
  if (row.ref === null || row.ref === '') throw refused(`Cannot delete type '${row.type}' without a reference.`)
  // A row can name what never was; then only the row goes.
  return objectOf(world, row)
}

const toDeleted = ({ path, type }: FileRecord, { ref }: ObjectRecord): Readonly<Record<string, unknown>> => {
  const kind = kindOf(type)
  const isSoft = kind?.mode === 'soft'
  return {
    type,
    ref,
    mode: kind?.mode,
    undo: isSoft ? `Send PATCH /api/projects/@current/${kind.api}/{id} with deleted=false.` : 'This cannot be undone.',
    path,
    can_undo: isSoft,
  }
}

const drop = (world: World, object: ObjectRecord): void => {
  object.deleted = true
  if (kindOf(object.type)?.mode === 'soft') return
  const { objects } = world.store.state.tree
  objects.splice(objects.indexOf(object), 1)
}

/**
 * DELETE file_system/:id/. In F1 rows go and nothing else; in F2 the last row of an object takes the object with it,
 * and the answer tells of that with 200 (fact sheet: files-exports 4.5). Throws 400 before anything is deleted.
 */
export const destroyFile = (world: World, call: ProjectCall): Reply => {
  const row = findFile(world, call)
  const inside = row.type === 'folder' ? filesOf(world, row.project).filter((each) => isBelow(each.path, row.path)) : []
  const rows = [...inside, row]
  if (world.editions.files === 'F1') {
    removeFiles(world, new Set(rows))
    return { status: 204 }
  }
  const gone = new Set<FileRecord>()
  const targets = rows.flatMap((each) => {
    const object = targetOf(world, each, gone)
    gone.add(each)
    return object === undefined ? [] : [{ row: each, object }]
  })
  for (const { object } of targets) drop(world, object)
  removeFiles(world, gone)
  if (targets.length === 0) return { status: 204 }
  return { status: 200, body: { deleted: targets.map((target) => toDeleted(target.row, target.object)) } }
}

interface Revival {
  readonly object: ObjectRecord
  readonly path: string
}

/** The deleted object an item of the body names, and where it goes; undefined for anything else. */
const toRevival = (world: World, call: ProjectCall, item: unknown): Revival | undefined => {
  if (!isObject(item) || (item.path !== undefined && item.path !== null && typeof item.path !== 'string')) {
    return undefined
  }
  const object = world.store.state.tree.objects.find(
    (each) => each.project === call.project.id && each.type === item.type && each.ref === item.ref && each.deleted,
  )
  if (object === undefined) return undefined
  const isPlace = typeof item.path === 'string' && splitPath(item.path).length > 0
  return { object, path: isPlace ? String(item.path) : unfiledPath(object) }
}

/** POST file_system/undo_delete/ (F2): all items or none, and one text for every refusal. */
export const undoDelete = async (world: World, call: ProjectCall): Promise<Reply> => {
  const { items } = await call.json()
  const revivals = Array.isArray(items) ? items.map((item) => toRevival(world, call, item)) : [undefined]
  const known = revivals.filter((each) => each !== undefined)
  if (known.length < revivals.length || new Set(known.map(({ object }) => object)).size < known.length) {
    throw refused(
      world.editions.warehouse === 'N'
        ? "Couldn't restore this. It may already be restored, or you may not have access to it."
        : 'An internal error occurred during undo delete.',
    )
  }
  for (const { object, path } of known) {
    object.deleted = false
    addParents(world, { project: object.project, user: call.key.user.id }, path, joinPath)
    fileObject(world, object, path)
  }
  return { status: 200, body: { undone: known.map(({ object: { type, ref } }) => ({ type, ref })) } }
}
