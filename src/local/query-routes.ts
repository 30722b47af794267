import { invalid } from './errors.ts'
import { isObject } from './fields.ts'
import { QueryService, type SchemaInput } from './query.ts'
import { at, type ProjectCall, type Reply, type Route } from './route.ts'
import { shownStatus } from './view-shape.ts'
import { tablesOf, viewsOf, type World } from './world.ts'

// Asking and looking need the same scope, and so does cancelling (fact sheet: cross-cutting 9.1).
const READ = ['query:read']

/** What a project holds, for DatabaseSchemaQuery. The table behind a view is the view. */
const schemaOf = (world: World, project: number): SchemaInput => ({
  tables: tablesOf(world, project)
    .filter((table) => table.viewId === null)
    .map(({ id, name, format, urlPattern, columns }) => ({ id, name, format, url_pattern: urlPattern, columns })),
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

/** The query endpoint (fact sheet: cross-cutting 9), and how to end what it still runs. */
export const queryRoutes = (world: World): { readonly routes: readonly Route[]; readonly close: () => void } => {
  const { engine, clock } = world
  const service = new QueryService({ engine, now: clock, schema: (project) => schemaOf(world, project) })
  const run = async (call: ProjectCall): Promise<Reply> => service.run(call.project.id, await call.json(), call.signal)
  const routes = [
    at('POST', '/query', READ, run),
    at('POST', '/query/:kind', READ, async (call) => {
      checkKind(call.param('kind'), await call.json())
      return run(call)
    }),
    at('GET', '/query/:id', READ, (call) => service.status(call.project.id, call.param('id'))),
    at('DELETE', '/query/:id', READ, (call) => {
      const dequeueOnly = call.url.searchParams.get('dequeue_only') === 'true'
      return service.cancel(call.project.id, call.param('id'), dequeueOnly)
    }),
  ]
  return { routes, close: () => service.close() }
}
