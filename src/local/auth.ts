import { denied, notFound, unauthenticated, wrongMethod } from './errors.ts'
import { isDeep, isObject } from './fields.ts'
import type { ApiKey } from './keys.ts'
import { authenticateToken } from './oauth/grants.ts'
import type { Route } from './route.ts'
import { ADMIN_LEVEL, ORGANIZATIONS, type Organization, organizationOf, PROJECTS, type Project } from './seed.ts'
import type { World } from './world.ts'

const UNSUPPORTED = 'This action does not support personal API key access'

const fromBody = async (request: Request): Promise<string | undefined> => {
  if (request.method === 'GET' || !/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    return undefined
  }
  const text = await request.clone().text()
  if (isDeep(text)) return undefined
  try {
    const body: unknown = JSON.parse(text)
    return isObject(body) && typeof body.personal_api_key === 'string' ? body.personal_api_key : undefined
  } catch {
    return undefined
  }
}

/** The key or token a request carries; the first place that has one decides. Throws the 401s of cross-cutting 3.1. */
export const authenticate = async (request: Request, world: World): Promise<ApiKey> => {
  // The word is case-sensitive: `bearer` counts as no credentials.
  const bearer = /^Bearer +(\S+)\s*$/.exec(request.headers.get('authorization') ?? '')?.[1]
  if (bearer?.startsWith('pha_')) return authenticateToken(world, bearer)
  const places = [
    ['Authorization header', bearer],
    ['body', bearer === undefined ? await fromBody(request) : undefined],
    ['query string', new URL(request.url).searchParams.get('personal_api_key') ?? undefined],
  ] as const
  const found = places.find(([, token]) => token !== undefined)
  if (found?.[1] === undefined) throw unauthenticated()
  const key = world.keys.find(found[1])
  if (key?.user.isActive !== true) {
    const detail = `Personal API key found in request ${found[0]} is invalid.`
    throw unauthenticated(detail, 'authentication_failed')
  }
  return key
}

/** Rows 1 and 2 of cross-cutting 3.2: no key, whatever its scopes, may call an action without a scope mapping. */
export const requireMapping = (key: ApiKey, scopes: readonly string[] | null, sessionActions: boolean): void => {
  if (key.kind === 'oauth' && key.scopes.length === 0) {
    throw denied('OAuth token has no scopes and cannot access this resource')
  }
  if (scopes === null && !sessionActions) throw denied(UNSUPPORTED)
}

/** A known path with a method it does not have: unmapped for keys, 405 for what a session would see. */
export const refuseMethod = (method: string, sessionActions: boolean): never => {
  throw sessionActions ? wrongMethod(method) : denied(UNSUPPORTED)
}

/** Whether a key has a scope; `write` includes `read` of the same object and `*` everything. */
export const hasScope = (key: ApiKey, scope: string): boolean =>
  key.scopes.includes('*') ||
  key.scopes.includes(scope) ||
  (scope.endsWith(':read') && key.scopes.includes(scope.replace(/:read$/, ':write')))

const requireScopes = (key: ApiKey, scopes: readonly string[] | null): void => {
  const missing = scopes?.find((scope) => !hasScope(key, scope))
  if (missing !== undefined) throw denied(`API key missing required scope '${missing}'`)
}

/** The project of a path. Throws 404 for unknown and non-numeric ids, 401 where nobody selected the current one. */
export const resolveProject = (id: string, key: ApiKey, scopes: readonly string[] | null): Project => {
  if (id === '@current' && key.user.currentProject === null) {
    throw unauthenticated(
      'This endpoint requires a current project to be set on your account.',
      'authentication_failed',
    )
  }
  // Only an OAuth token without restrictions is asked for its scopes before the project is looked for.
  if (key.kind === 'oauth' && key.scopedTeams.length + key.scopedOrganizations.length === 0) requireScopes(key, scopes)
  const wanted = id === '@current' ? String(key.user.currentProject) : id
  const found = /^\d+$/.test(wanted) ? PROJECTS.find((project) => project.id === Number(wanted)) : undefined
  if (found === undefined) throw notFound('Project not found.')
  return found
}

const levelOf = (key: ApiKey, organization: Organization): number => key.user.levels[organization.id] ?? 0

/** The organization of a path; one the caller is not in looks like one that does not exist. */
export const resolveOrganization = (id: string, key: ApiKey): Organization => {
  const current = PROJECTS.find((project) => project.id === key.user.currentProject)?.organization
  const wanted = id === '@current' ? current : id.toLowerCase()
  const found = ORGANIZATIONS.find((organization) => organization.id === wanted)
  if (found === undefined || levelOf(key, found) === 0) throw notFound()
  return found
}

/** Rows 3 and 6 of cross-cutting 3.2, in between which the row of the team comes. */
const requirePersonalKeys = (key: ApiKey, organization: Organization): void => {
  const level = levelOf(key, organization)
  if (key.kind === 'oauth') return
  if (organization.membersCanUsePersonalApiKeys || level === 0 || level >= ADMIN_LEVEL) return
  throw denied(
    `Organization '${organization.name}' does not allow using personal API keys. Contact an admin to enable personal API keys for this organization.`,
  )
}

const requireOrganization = (key: ApiKey, organization: Organization): void => {
  if (key.scopedOrganizations.length === 0 || key.scopedOrganizations.includes(organization.id)) return
  throw denied(`API key does not have access to the requested organization: ID ${organization.id}.`)
}

/** Row 4: a key made for some projects cannot be used where no project is named. */
const requireUnscoped = (key: ApiKey): void => {
  if (key.scopedTeams.length === 0) return
  throw denied('API keys with scoped projects are only supported on project-based endpoints.')
}

/** Rows 3, 5, 6, 7 and 8 for a project route, in that order. */
export const permitProject = (key: ApiKey, project: Project, scopes: readonly string[] | null): void => {
  const organization = organizationOf(project)
  requirePersonalKeys(key, organization)
  if (key.scopedTeams.length > 0 && !key.scopedTeams.includes(project.id)) {
    throw denied(`API key does not have access to the requested project: ID ${project.id}.`)
  }
  requireOrganization(key, organization)
  requireScopes(key, scopes)
  if (levelOf(key, organization) === 0) throw denied("You don't have access to the project.")
}

// Every warehouse resource hangs on one umbrella; the others have no access control here.
const CONTROLLED =
  /^\/(warehouse_tables|warehouse_saved_queries|external_data_sources|external_data_schemas|data_warehouse)\b/

const needOf = (method: string, scopes: readonly string[] | null): 'viewer' | 'editor' => {
  if (scopes === null) return method === 'GET' ? 'viewer' : 'editor'
  return scopes.some((scope) => scope.endsWith(':write')) ? 'editor' : 'viewer'
}

/** Row 9: what access control leaves a person, admins excepted (fact sheet: tables 1.2; L only). */
export const permitAccess = (key: ApiKey, project: Project, route: Pick<Route, 'method' | 'path' | 'scopes'>): void => {
  const { access } = key.user
  if (!CONTROLLED.test(route.path) || levelOf(key, organizationOf(project)) >= ADMIN_LEVEL) return
  const need = needOf(route.method, route.scopes)
  if (access === 'editor' || (access === 'viewer' && need === 'viewer')) return
  throw denied(`You do not have ${need} access to this resource.`)
}

/** Rows 3, 4, 6 and 7 for an organization route. */
export const permitOrganization = (key: ApiKey, organization: Organization, scopes: readonly string[] | null): void => {
  requirePersonalKeys(key, organization)
  requireUnscoped(key)
  requireOrganization(key, organization)
  requireScopes(key, scopes)
}

/** Rows 4 and 7 for a route without project; `user` routes are open to project-scoped keys. */
export const permitAccount = (key: ApiKey, at: 'user' | 'account', scopes: readonly string[] | null): void => {
  if (at === 'account') requireUnscoped(key)
  requireScopes(key, scopes)
}
