import { invalid } from '../errors.ts'
import { text } from '../fields.ts'
import type { ProjectCall, Reply } from '../route.ts'
import { timestamp, type World } from '../world.ts'
import { toTime } from './file-filters.ts'
import { readLimit, readTarget } from './file-input.ts'

const WRONG_TIME =
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].'

const readTime = (world: World, value: unknown): string => {
  if (value === undefined) return timestamp(world)
  const at = toTime(text(value, 'viewed_at'))
  if (at === undefined) throw invalid(WRONG_TIME, 'viewed_at')
  return new Date(at).toISOString()
}

/** POST file_system/log_view/: one entry per person and object, with the time of the last view. */
export const logView = async (world: World, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const target = readTarget(body)
  const viewed = {
    user: call.key.user.id,
    project: call.project.id,
    ...target,
    viewedAt: readTime(world, body.viewed_at),
  }
  const { viewed: log } = world.store.state.tree
  const known = log.findIndex(
    ({ user, project, type, ref }) =>
      user === viewed.user && project === viewed.project && type === viewed.type && ref === viewed.ref,
  )
  if (known >= 0) log.splice(known, 1)
  log.push(viewed)
  return { status: 204 }
}

/** GET file_system/log_view/: the caller's views, newest first, as a plain list. */
export const listViews = (world: World, { url, key, project }: ProjectCall): Reply => {
  const type = url.searchParams.get('type')
  const limit = readLimit(url.searchParams.get('limit'))
  const rows = world.store.state.tree.viewed
    .filter((view) => view.user === key.user.id && view.project === project.id && (!type || view.type === type))
    .sort((a, b) => Date.parse(b.viewedAt) - Date.parse(a.viewedAt))
    .slice(0, limit)
  return { status: 200, body: rows.map((view) => ({ type: view.type, ref: view.ref, viewed_at: view.viewedAt })) }
}
