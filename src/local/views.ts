import { randomUUID } from 'node:crypto'
import { changed, logActivity } from './activity.ts'
import { checkCadence } from './cadence.ts'
import { crashed, invalid, notFound } from './errors.ts'
import { type Body, flag, matches, toUuid } from './fields.ts'
import { childrenOf, makesCycle, toNodes } from './lineage.ts'
import { linkTo } from './paging.ts'
import type { ProjectCall, Reply } from './route.ts'
import { isSeedEra, nameTaken } from './seed-era.ts'
import type { Change, ViewRecord } from './state.ts'
import { findView, readView, type ViewInput } from './view-input.ts'
import { revert } from './view-materialization.ts'
import { isSameQuery, study } from './view-query.ts'
import { putView } from './view-rows.ts'
import type { Runs } from './view-runs.ts'
import { newestEntry, toView, toViewRow } from './view-shape.ts'
import { isTaken, timestamp, viewsOf, type World } from './world.ts'

const PAGE_SIZE = 1000

const show = (world: World, call: ProjectCall, view: ViewRecord, status = 200): Reply => ({
  status,
  body: toView(world, view, call.key, call.project),
})

/** `GET …/warehouse_saved_queries/`: newest first, in pages of 1000. */
export const listViews = (world: World, call: ProjectCall): Reply => {
  const params = call.url.searchParams
  const columns = isSeedEra(world) || flag(params.get('include_columns') ?? 'true', 'include_columns')
  const page = params.get('page') ?? '1'
  const rows = viewsOf(world, call.project.id)
    .filter((view) => matches(view.name, params.get('search')))
    .reverse()
  const pages = Math.max(1, Math.ceil(rows.length / PAGE_SIZE))
  const number = page === 'last' ? pages : Number(page)
  if (!Number.isInteger(number) || number < 1 || number > pages) throw notFound('Invalid page.')
  return {
    status: 200,
    body: {
      count: rows.length,
      next: number < pages ? linkTo(call.url, { page: number + 1 }) : null,
      previous: number > 1 ? linkTo(call.url, { page: number === 2 ? null : number - 1 }) : null,
      results: rows
        .slice((number - 1) * PAGE_SIZE, number * PAGE_SIZE)
        .map((view) => toViewRow(world, view, call.key, call.project, columns)),
    },
  }
}

/** A view nobody has seen yet, with what the request says about it. */
const draft = (world: World, call: ProjectCall, input: ViewInput): ViewRecord => {
  const now = timestamp(world)
  return {
    id: randomUUID(),
    project: call.project.id,
    createdAt: now,
    createdBy: call.key.user.id,
    name: input.name ?? '',
    query: input.query?.query ?? {},
    columns: [],
    description: input.description ?? null,
    updatedAt: now,
    status: null,
    isMaterialized: false,
    cadence: null,
    tableId: null,
    revision: randomUUID(),
    parents: [],
    suspended: {},
    deleted: false,
  }
}

const studyFor = (world: World, call: ProjectCall, input: ViewInput, soft: boolean) =>
  study(world, call.project.id, input.query?.sql ?? '', { soft, types: input.types, signal: call.signal })

/** Gives a view a cadence; one that was plain is materialized with it and starts its first run. */
const schedule = (world: World, runs: Runs, view: ViewRecord, cadence: string | null, userId: number): void => {
  view.cadence = cadence
  if (cadence === null || view.isMaterialized || isSeedEra(world)) return
  view.isMaterialized = true
  logActivity(world, view, userId, 'materialization_enabled')
  runs.start(view)
}

/** The older release also finds a view that was hidden. */
const findNamesake = (world: World, project: number, name: unknown): ViewRecord | undefined =>
  world.store.state.views.find(
    (view) => view.project === project && view.name === name && (isSeedEra(world) || !view.deleted),
  )

/** `POST …/warehouse_saved_queries/`: 201, or 200 when a live view has the name: then it is an update. */
export const createView = async (world: World, runs: Runs, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const namesake = findNamesake(world, call.project.id, body.name)
  // The field reaches the older release's model, which has none of that name.
  if (namesake === undefined && isSeedEra(world) && body.edited_history_id !== undefined) throw crashed()
  if (namesake !== undefined) return change(world, runs, call, namesake, body, true)
  const input = readView(world, call.project.id, body, { partial: false })
  const { columns, reads } = await studyFor(world, call, input, input.soft)
  const parents = toNodes(world, call.project.id, reads)
  const view: ViewRecord = { ...draft(world, call, input), columns, parents }
  if (typeof input.cadence === 'string') checkCadence(world, view, input.cadence)
  await world.commits.take(async () => {
    if (isTaken(world, call.project.id, view.name)) throw invalid(nameTaken(world), 'name')
    await putView(world, view)
    // One step from here on, so that no state on disk has the view without its log or its first run.
    world.store.state.views.push(view)
    const created: Change = { ...changed('query', null, view.query), action: 'created' }
    logActivity(world, view, call.key.user.id, 'created', [created])
    schedule(world, runs, view, input.cadence ?? null, call.key.user.id)
  })
  return show(world, call, view, 201)
}

/** `GET …/{id}/` */
export const retrieveView = (world: World, call: ProjectCall): Reply =>
  show(world, call, findView(world, call.project.id, call.param('id')))

/** Optimistic concurrency: the caller must have seen the query it replaces (fact sheet: tables 3.3). */
const checkToken = (world: World, view: ViewRecord, input: ViewInput): void => {
  if (input.query === undefined || input.soft) return
  if (isSeedEra(world)) {
    // Also for the query it has already, and by the letter.
    if ((input.editedHistoryId ?? null) === newestEntry(world, view)) return
  } else if (isSameQuery(input.query.query, view.query) || toUuid(input.editedHistoryId) === view.revision) return
  throw invalid('The query was modified by someone else.')
}

/** What a new query changes in the row (fact sheet: tables 6.3, update with query). */
const withQuery = async (
  world: World,
  call: ProjectCall,
  view: ViewRecord,
  input: ViewInput,
): Promise<Partial<ViewRecord>> => {
  if (input.query === undefined) return {}
  // In the older release a soft update is one without the check of the token, and no more.
  const soft = input.soft && !isSeedEra(world)
  const { columns, reads } = await studyFor(world, call, input, soft)
  const parents = toNodes(world, view.project, reads)
  if (makesCycle(world, view, parents)) throw invalid('Model contains a cycle')
  const isNew = !isSameQuery(input.query.query, view.query)
  return {
    query: input.query.query,
    parents,
    ...(isNew ? { revision: randomUUID(), suspended: {} } : {}),
    ...(soft ? {} : { columns, status: 'Modified' as const }),
  }
}

const changesOf = (view: ViewRecord, patch: Partial<ViewRecord>): readonly Change[] => {
  const { name = view.name, query = view.query, description = view.description, cadence = view.cadence } = patch
  const changes: Change[] = []
  if (name !== view.name) changes.push(changed('name', view.name, name))
  if (!isSameQuery(query, view.query)) changes.push(changed('query', view.query, query))
  if (description !== view.description) changes.push(changed('description', view.description, description))
  if (cadence !== view.cadence) changes.push(changed('sync_frequency', view.cadence, cadence))
  return changes
}

/** Checks an update against the view as it is now. */
const prepare = (
  world: World,
  view: ViewRecord,
  input: ViewInput,
  queried: Partial<ViewRecord>,
): { readonly patch: Partial<ViewRecord>; readonly changes: readonly Change[] } => {
  checkToken(world, view, input)
  if (input.name !== undefined && isTaken(world, view.project, input.name, view.id))
    throw invalid(nameTaken(world), 'name')
  const patch: Partial<ViewRecord> = {
    ...queried,
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.cadence === undefined ? {} : { cadence: input.cadence }),
    ...(input.deleted === undefined ? {} : { deleted: input.deleted }),
  }
  if (typeof input.cadence === 'string' && !isSeedEra(world)) checkCadence(world, { ...view, ...patch }, input.cadence)
  const changes = changesOf(view, patch)
  if (changes.length > 0 || input.query !== undefined) patch.updatedAt = timestamp(world)
  return { patch, changes }
}

/** `PATCH` and `PUT …/{id}/`, and `POST` with a known name. */
const change = async (
  world: World,
  runs: Runs,
  call: ProjectCall,
  view: ViewRecord,
  body: Body,
  partial: boolean,
): Promise<Reply> => {
  const wasDeleted = view.deleted
  const input = readView(world, view.project, body, { partial, view })
  const queried = await withQuery(world, call, view, input)
  await world.commits.take(async () => {
    // Reading the query took its time: somebody may have deleted the view.
    if (view.deleted !== wasDeleted) throw notFound()
    const { patch, changes } = prepare(world, view, input, queried)
    // One step up to the last line. Only the fields of the patch: a run that ended meanwhile has changed others.
    Object.assign(view, patch)
    if (changes.length > 0) logActivity(world, view, call.key.user.id, 'updated', changes)
    if (input.cadence !== undefined) schedule(world, runs, view, input.cadence, call.key.user.id)
    if (view.deleted) await world.engine.remove(view.project, view.id)
    else await putView(world, view)
  })
  return show(world, call, view)
}

/** `PATCH` (partial) and `PUT …/{id}/`. */
export const updateView = async (world: World, runs: Runs, call: ProjectCall, partial: boolean): Promise<Reply> => {
  const body = await call.json()
  return change(world, runs, call, findView(world, call.project.id, call.param('id')), body, partial)
}

const SHOWN_READERS = 3

/** Throws 400 while other views read this one; names three of them at most. */
const checkReaders = (world: World, view: ViewRecord): void => {
  const readers = childrenOf(world, view.project, view.id)
  if (readers.length === 0) return
  const named = readers
    .slice(0, SHOWN_READERS)
    .map((reader) => `${reader.name} (${reader.isMaterialized ? 'materialized view' : 'view'})`)
  const more = readers.length > SHOWN_READERS ? `, and ${readers.length - SHOWN_READERS} more` : ''
  throw invalid(
    `Can't delete ${view.name} yet. These read from it: ${named.join(', ')}${more}. Change or delete them first.`,
    null,
    'invalid_input',
    { node_id: view.id },
  )
}

/** `DELETE …/{id}/`: soft, and the name is free again. */
export const destroyView = async (world: World, runs: Runs, call: ProjectCall): Promise<Reply> => {
  const view = findView(world, call.project.id, call.param('id'))
  // The older release swallows this check's error, and the readers break.
  if (!isSeedEra(world)) checkReaders(world, view)
  await revert(world, runs, view, () => {
    logActivity(world, view, call.key.user.id, 'deleted')
    view.deleted = true
    view.name = `POSTHOG_DELETED_${view.id}`
    world.engine.remove(view.project, view.id).catch(() => world.log(`view ${view.id} could not be forgotten`))
  })
  return { status: 204 }
}
