import { readCadence } from './cadence.ts'
import { crashed, denied, invalid, notFound } from './errors.ts'
import { type Body, flag, required, text, toUuid } from './fields.ts'
import { isSeedEra, nameTaken } from './seed-era.ts'
import type { ViewRecord } from './state.ts'
import { readQuery, type ViewQuery } from './view-query.ts'
import { isTaken, type World } from './world.ts'

/** The writable fields of a view, checked. A missing key was not sent. */
export interface ViewInput {
  readonly name?: string
  readonly query?: ViewQuery
  /** null clears the cadence. */
  readonly cadence?: string | null
  readonly description?: string | null
  /** Only in the older release, which lets a view be hidden by a field (fact sheet: tables 3.1). */
  readonly deleted?: boolean
  readonly editedHistoryId?: unknown
  readonly soft: boolean
  readonly types?: unknown
}

const readName = (world: World, project: number, value: unknown, view: ViewRecord | undefined): string => {
  const name = text(value, 'name', 128)
  if (!/^[A-Za-z_$][A-Za-z0-9_.$]*$/.test(name)) {
    throw invalid(
      `${name} is not a valid view name. View names can only contain letters, numbers, '_', '.', or '$' `,
      'name',
    )
  }
  if (name !== view?.name && isTaken(world, project, name, view?.id)) throw invalid(nameTaken(world), 'name')
  return name
}

const readDescription = (value: unknown): string | null => {
  if (value === null || value === '') return null
  return text(value, 'description')
}

/** Folders, DAGs and incremental runs do not exist here, so every reference to one is to a missing object. */
const refuseForeign = (body: Body): void => {
  for (const attr of ['folder_id', 'dag_id']) {
    const value = body[attr]
    if (value === undefined || value === null) continue
    if (toUuid(value) === undefined) throw invalid('Must be a valid UUID.', attr)
    throw invalid(`Invalid pk "${String(value)}" - object does not exist.`, attr, 'does_not_exist')
  }
  if (body.incremental !== undefined && body.incremental !== null) {
    throw invalid('The local warehouse does not run views incrementally.', 'incremental')
  }
  if (body.is_test !== undefined) throw invalid('Only staff users can mark a view as a test.', 'is_test')
}

/** The older release reads the field from the raw body of a PATCH only, and crashes on a word it does not know. */
const cadenceOf = (world: World, value: unknown, partial: boolean): string | null | undefined => {
  if (!isSeedEra(world)) return readCadence(value)
  if (!partial) return undefined
  if (value === '5min') return value
  try {
    return readCadence(value)
  } catch {
    throw crashed()
  }
}

/** Checks a request body in field order; the SQL itself is the engine's to judge. Throws 400. */
export const readView = (
  world: World,
  project: number,
  body: Body,
  against: { readonly partial: boolean; readonly view?: ViewRecord },
): ViewInput => {
  const { partial, view } = against
  const name = body.name === undefined && partial ? undefined : readName(world, project, body.name, view)
  if (body.query === undefined && !partial) throw required('query')
  const query = body.query === undefined ? undefined : readQuery(world, body.query)
  const cadence = body.sync_frequency === undefined ? undefined : cadenceOf(world, body.sync_frequency, partial)
  const description = body.description === undefined ? undefined : readDescription(body.description)
  if (!isSeedEra(world)) refuseForeign(body)
  const deleted = isSeedEra(world) && typeof body.deleted === 'boolean' ? body.deleted : undefined
  const soft =
    body.soft_update === undefined || body.soft_update === null ? false : flag(body.soft_update, 'soft_update')
  return {
    soft,
    ...(name === undefined ? {} : { name }),
    ...(query === undefined ? {} : { query }),
    ...(cadence === undefined ? {} : { cadence }),
    ...(deleted === undefined ? {} : { deleted }),
    ...(description === undefined || isSeedEra(world) ? {} : { description }),
    ...(body.edited_history_id === undefined ? {} : { editedHistoryId: body.edited_history_id }),
    ...(body.types === undefined ? {} : { types: body.types }),
  }
}

/** The live view with this id in a project. Throws 404. */
export const findView = (world: World, project: number, id: string): ViewRecord => {
  const wanted = toUuid(id)
  const view = world.store.state.views.find(
    (candidate) => candidate.id === wanted && candidate.project === project && !candidate.deleted,
  )
  if (view === undefined) throw notFound()
  return view
}

/** The SQL a view holds. Throws 403 as upstream does for a stored query that no longer resolves. */
export const sqlOf = (view: ViewRecord): string => {
  const sql = view.query.query
  if (typeof sql !== 'string') throw denied("You don't have access to the tables this view reads.")
  return sql
}
