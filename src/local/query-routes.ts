import { invalid } from './errors.ts'
import { isObject } from './fields.ts'
import { Gate } from './gate.ts'
import { QueryService, type SchemaInput } from './query.ts'
import { at, type ProjectCall, type Reply, type Route } from './route.ts'
import { ANALYTICS_CALLS, type Limit, SQL_CALLS } from './throttle.ts'
import { shownStatus } from './view-shape.ts'
import { tablesOf, viewsOf, type World } from './world.ts'

// Asking and looking need the same scope, and so does cancelling (fact sheet: cross-cutting 9.1).
const READ = ['query:read']

/** What a project holds, for DatabaseSchemaQuery. The table behind a view is the view. */
const schemaOf = (world: World, project: number): SchemaInput => ({
  tables: tablesOf(world, project)
    .filter((table) => table.viewId === null)
    .map(({ id, name, format, urlPattern, columns, synced }) => ({
      id,
      name,
      format,
      url_pattern: urlPattern,
      columns,
      row_count: synced?.rowCount ?? null,
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
