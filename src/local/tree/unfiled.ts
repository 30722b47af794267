import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { addFile, addParents, filesOf, pathsOf } from './file-rows.ts'
import { kindOf } from './object-kinds.ts'
import { depthOf, joinPath } from './paths.ts'
import type { ObjectRecord } from './tree-state.ts'

/** Where an object lies that nobody has filed. */
export const unfiledPath = ({ type, name }: ObjectRecord): string =>
  joinPath(['Unfiled', kindOf(type)?.folder ?? type, name])

/** Adds the row of an object, as the app does. */
export const fileObject = (world: World, object: ObjectRecord, path: string): void => {
  addFile(world, object.project, object.createdBy, {
    path,
    type: object.type,
    ref: object.ref,
    href: `${kindOf(object.type)?.page}${object.ref}`,
    meta: { created_at: object.createdAt, created_by: object.createdBy },
  })
}

/** Depths that are wrong and folders that are missing are put right on the way. */
const repair = (world: World, { project, key }: ProjectCall): void => {
  const known = pathsOf(world, project.id)
  for (const row of filesOf(world, project.id)) {
    addParents(world, { project: project.id, user: key.user.id }, row.path, joinPath, known)
    row.depth = depthOf(row.path)
  }
}

/** GET file_system/unfiled/: files the objects that have no row yet. A GET that writes. */
export const fileUnfiled = async (world: World, call: ProjectCall): Promise<Reply> => {
  const wanted = call.url.searchParams.get('type')
  const { id: project } = call.project
  const named = new Set(
    filesOf(world, project)
      .filter(({ shortcut }) => shortcut !== true)
      .map(({ type, ref }) => JSON.stringify([type, ref])),
  )
  const lost = world.store.state.tree.objects.filter(
    (object) =>
      object.project === project &&
      !object.deleted &&
      (!wanted || object.type === wanted) &&
      !named.has(JSON.stringify([object.type, object.ref])),
  )
  for (const object of lost) fileObject(world, object, unfiledPath(object))
  repair(world, call)
  await world.store.save()
  return { status: 200, body: { count: lost.length } }
}
