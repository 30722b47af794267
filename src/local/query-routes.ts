import { invalid } from './errors.ts'
import { isObject } from './fields.ts'
import { Gate } from './gate.ts'
import { QueryService, type SchemaInput } from './query.ts'
import type { SchemaTable } from './query-schema.ts'
import { at, type ProjectCall, type Reply, type Route } from './route.ts'
import { isSeedEra } from './seed-era.ts'
import type { SyncedRows } from './sources/source-state.ts'
import { schemasOf, statusOf } from './sources/source-status.ts'
import { ANALYTICS_CALLS, type Limit, SQL_CALLS } from './throttle.ts'
import { shownStatus } from './view-shape.ts'
import { tablesOf, viewsOf, type World } from './world.ts'

// Asking and looking need the same scope, and so does cancelling (fact sheet: cross-cutting 9.1).
const READ = ['query:read']

/** Python's own form of a time, which this reply has (fact sheet: cross-cutting 9.5). */
const pythonTime = (time: string | null): string | null =>
  time === null ? null : `${time.slice(0, 10)} ${time.slice(11, 19)}+00:00`

/** Where a synced table comes from. */
const originOf = (world: World, { sourceId, schemaId }: SyncedRows): Pick<SchemaTable, 'schema' | 'source'> => {
  const source = world.store.state.sources.find(({ id }) => id === sourceId)
  const schemas = source === undefined ? [] : schemasOf(world, source)
  const schema = schemas.find(({ id }) => id === schemaId)
  if (source === undefined || schema === undefined) return {}
  const last = schemas
    .flatMap(({ lastSyncedAt }) => lastSyncedAt ?? [])
    .sort()
    .at(-1)
  return {
    schema: {
      id: schema.id,
      name: schema.name,
      should_sync: schema.shouldSync,
      incremental: schema.syncType === 'incremental',
      status: schema.status,
      last_synced_at: pythonTime(schema.lastSyncedAt),
    },
    source: {
      id: source.id,
      status: statusOf(schemas),
      source_type: source.sourceType,
      prefix: source.prefix ?? '',
      last_synced_at: pythonTime(last ?? null),
    },
  }
}

/** What a project holds, for DatabaseSchemaQuery. The table behind a view is the view. */
const schemaOf = (world: World, project: number): SchemaInput => ({
  tables: tablesOf(world, project)
    .filter((table) => table.viewId === null)
    .map(({ id, name, format, urlPattern, columns, synced }) => ({
      id,
      // Under the name that SQL has for it, which the older release had not.
      name: isSeedEra(world) ? name : (synced?.hogqlName ?? name),
      format,
      url_pattern: urlPattern,
      columns,
      row_count: synced?.covered === undefined ? (synced?.rowCount ?? null) : null,
      ...(synced === undefined ? {} : originOf(world, synced)),
    })),
  views: viewsOf(world, project).map((view) => ({
    id: view.id,
    name: view.name,
    sql: String(view.query.query),
    columns: view.columns,
    materialized: view.isMaterialized,
    ...shownStatus(world, view),
  })),
})

/** `POST query/:kind/`: the path must say what the body says. */
const checkKind = (path: string, body: Readonly<Record<string, unknown>>): void => {
  const kind = isObject(body.query) ? body.query.kind : undefined
  if (kind === path) return
  throw invalid(`Query kind mismatch: path kind "${path}" does not match body kind "${String(kind)}".`)
}

/** SQL has a budget of its own, the other kinds share one (fact sheet: cross-cutting 7). */
const budgetOf = async (call: ProjectCall): Promise<readonly Limit[]> => {
  const { query } = await call.json()
  return isObject(query) && query.kind === 'HogQLQuery' ? SQL_CALLS : ANALYTICS_CALLS
}

/** The query endpoint (fact sheet: cross-cutting 9), and how to end what it still runs. */
export const queryRoutes = (world: World): { readonly routes: readonly Route[]; readonly close: () => void } => {
  const { engine, clock } = world
  const service = new QueryService({ engine, now: clock, schema: (project) => schemaOf(world, project) })
  const gate = new Gate(world)
  const run = async (call: ProjectCall): Promise<Reply> => {
    const body = await call.json()
    const answer = async (): Promise<Reply> => service.run(call.project.id, body, call.signal)
    return world.throttles ? gate.hold(call.project.organization, answer) : answer()
  }
  const runKind = async (call: ProjectCall): Promise<Reply> => {
    checkKind(call.param('kind'), await call.json())
    return run(call)
  }
  const asked = { at: 'project', method: 'POST', scopes: READ, budget: budgetOf } as const
  const routes: readonly Route[] = [
    { ...asked, path: '/query', run },
    { ...asked, path: '/query/:kind', run: runKind },
    at('GET', '/query/:id', READ, (call) => service.status(call.project.id, call.param('id'))),
    at('DELETE', '/query/:id', READ, (call) => {
      const dequeueOnly = call.url.searchParams.get('dequeue_only') === 'true'
      return service.cancel(call.project.id, call.param('id'), dequeueOnly)
    }),
  ]
  return { routes, close: () => service.close() }
}
