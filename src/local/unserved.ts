import { notServed } from './errors.ts'
import { at, type Route } from './route.ts'

const SOURCE_READ = ['external_data_source:read']
const SOURCE_WRITE = ['external_data_source:write']

type Row = readonly [method: Route['method'], path: string, scopes: readonly string[] | null]

/** CRUD of one collection with its read and write scopes. */
const crud = (path: string, read: readonly string[], write: readonly string[]): readonly Row[] => [
  ['GET', path, read],
  ['POST', path, write],
  ['GET', `${path}/:id`, read],
  ['PUT', `${path}/:id`, write],
  ['PATCH', `${path}/:id`, write],
  ['DELETE', `${path}/:id`, write],
]

// Fact sheet: external-data-sources 1.2.
// Literal last segments come before `:id`, as in the router.
const rows: readonly Row[] = [
  ['POST', '/external_data_sources/database_schema', SOURCE_WRITE],
  ['POST', '/external_data_sources/source_prefix', SOURCE_WRITE],
  ['GET', '/external_data_sources/wizard', SOURCE_READ],
  ['GET', '/external_data_sources/:id/jobs', SOURCE_READ],
  ['POST', '/external_data_sources/:id/reload', SOURCE_WRITE],
  ['PATCH', '/external_data_sources/:id/revenue_analytics_config', SOURCE_WRITE],
  ...crud('/external_data_sources', SOURCE_READ, SOURCE_WRITE),
  ...crud('/external_data_schemas', SOURCE_READ, SOURCE_WRITE).filter(([, , scopes]) => scopes === SOURCE_READ),
  ['PATCH', '/external_data_schemas/:id', SOURCE_WRITE],
  ['POST', '/external_data_schemas/:id/reload', SOURCE_WRITE],
  ['POST', '/external_data_schemas/:id/resync', SOURCE_WRITE],
  ['POST', '/external_data_schemas/:id/cancel', SOURCE_WRITE],
  ['POST', '/external_data_schemas/:id/incremental_fields', SOURCE_WRITE],
  ['DELETE', '/external_data_schemas/:id/delete_data', SOURCE_WRITE],
  ['GET', '/external_data_schemas/:id/logs', SOURCE_READ],
]

/** Operations of the resources that are not built yet: all checks as upstream, then an honest 501. */
export const unservedRoutes: readonly Route[] = rows.map(([method, path, scopes]) => {
  const resource = path.split('/')[1] ?? path
  return at(method, path, scopes, () => {
    throw notServed(resource)
  })
})
