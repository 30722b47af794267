import { notServed } from './errors.ts'
import { at, type Route } from './route.ts'

type Row = readonly [method: Route['method'], path: string, scopes: readonly string[]]

// Fact sheet: external-data-sources 1.2.
const rows: readonly Row[] = [['GET', '/external_data_schemas/:id/logs', ['external_data_source:read']]]

/** Operations that are not built yet: all checks as upstream, then an honest 501. */
export const unservedRoutes: readonly Route[] = rows.map(([method, path, scopes]) => {
  const resource = path.split('/')[1] ?? path
  return at(method, path, scopes, () => {
    throw notServed(resource)
  })
})
