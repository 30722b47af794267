import { denied, notFound, unauthenticated, wrongMethod } from './errors.ts'
import { isObject } from './fields.ts'
import type { ApiKey, KeyRing } from './keys.ts'
import { ADMIN_LEVEL, ORGANIZATIONS, type Organization, organizationOf, PROJECTS, type Project } from './seed.ts'

const UNSUPPORTED = 'This action does not support personal API key access'

const fromBody = async (request: Request): Promise<string | undefined> => {
  if (request.method === 'GET' || !/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    return undefined
  }
  try {
    const body: unknown = JSON.parse(await request.clone().text())
    return isObject(body) && typeof body.personal_api_key === 'string' ? body.personal_api_key : undefined
  } catch {
    return undefined
  }
}

/** The key a request carries; the first place that has one decides. Throws the 401s of cross-cutting 3.1. */
export const authenticate = async (request: Request, keys: KeyRing): Promise<ApiKey> => {
  // The word is case-sensitive: `bearer` counts as no credentials.
  const bearer = /^Bearer +(\S+)\s*$/.exec(request.headers.get('authorization') ?? '')?.[1]
  if (bearer?.startsWith('pha_')) throw unauthenticated('Invalid access token.', 'authentication_failed')
  const places = [
    ['Authorization header', bearer],
    ['body', bearer === undefined ? await fromBody(request) : undefined],
    ['query string', new URL(request.url).searchParams.get('personal_api_key') ?? undefined],
  ] as const
  const found = places.find(([, token]) => token !== undefined)
  if (found?.[1] === undefined) throw unauthenticated()
  const key = keys.find(found[1])
  if (key === undefined) {
    const detail = `Personal API key found in request ${found[0]} is invalid.`
    throw unauthenticated(detail, 'authentication_failed')
  }
  return key
}

/** Row 2 of cross-cutting 3.2: no key, whatever its scopes, may call an action without a scope mapping. */
export const requireMapping = (scopes: readonly string[] | null, sessionActions: boolean): void => {
  if (scopes === null && !sessionActions) throw denied(UNSUPPORTED)
}

/** A known path with a method it does not have: unmapped for keys, 405 for what a session would see. */
export const refuseMethod = (method: string, sessionActions: boolean): never => {
  throw sessionActions ? wrongMethod(method) : denied(UNSUPPORTED)
}

/** The project of a path. Throws 404 for unknown and non-numeric ids. */
export const resolveProject = (id: string, key: ApiKey): Project => {
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

/** Whether a key has a scope; `write` includes `read` of the same object and `*` everything. */
const hasScope = (key: ApiKey, scope: string): boolean =>
  key.scopes.includes('*') ||
  key.scopes.includes(scope) ||
  (scope.endsWith(':read') && key.scopes.includes(scope.replace(/:read$/, ':write')))

const requireScopes = (key: ApiKey, scopes: readonly string[] | null): void => {
  const missing = scopes?.find((scope) => !hasScope(key, scope))
  if (missing !== undefined) throw denied(`API key missing required scope '${missing}'`)
}

/** Rows 3 and 6 of cross-cutting 3.2, in between which the row of the team comes. */
const requirePersonalKeys = (key: ApiKey, organization: Organization): void => {
  const level = levelOf(key, organization)
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
