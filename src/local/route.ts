import type { Body } from './fields.ts'
import type { ApiKey } from './keys.ts'
import type { Organization, Project } from './seed.ts'
import type { Limit } from './throttle.ts'

/** A reply of a handler. Without `body` nothing is sent, as upstream's actions do (fact sheet: tables 1.3, D). */
export interface Reply {
  readonly status: number
  readonly body?: unknown
  /** A body that is not JSON; `headers` says what it is. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

/** What every handler gets: the caller has passed authentication, permissions and throttles. */
export interface Call {
  readonly key: ApiKey
  readonly url: URL
  readonly request: Request
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
  readonly param: (name: string) => string
  /** The JSON body, parsed on first use because upstream parses after the permission checks. */
  readonly json: () => Promise<Body>
}

/** A call below `/api/projects/:id/`. */
export interface ProjectCall extends Call {
  readonly project: Project
}

/** A call below `/api/organizations/:id/`. */
export interface OrganizationCall extends Call {
  readonly organization: Organization
}

interface RouteBase {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api/projects/:project` for project routes, below `/api` for the others. */
  readonly path: string
  /** All of them are needed; null means no key may call it (fact sheet: cross-cutting 3.2, row 2). */
  readonly scopes: readonly string[] | null
}

/** One action of the API. `user` routes take project-scoped keys, `account` and `organization` routes do not. */
export type Route = RouteBase &
  (
    | {
        readonly at: 'project'
        /** Counted per project and, where the path has one, per id. */
        readonly limit?: Limit
        /** What it counts against instead of `EVERY_CALL`, per key and only where throttles are on. */
        readonly budget?: (call: ProjectCall) => Promise<readonly Limit[]>
        readonly run: (call: ProjectCall) => Promise<Reply> | Reply
      }
    | { readonly at: 'organization'; readonly run: (call: OrganizationCall) => Promise<Reply> | Reply }
    | { readonly at: 'user' | 'account'; readonly run: (call: Call) => Promise<Reply> | Reply }
  )

/** A door outside of the API, for which no key is needed. */
export interface OpenRoute {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly run: (request: Request) => Promise<Response>
}

/** A project route, told in one line. */
export const at = (
  method: RouteBase['method'],
  path: string,
  scopes: readonly string[] | null,
  run: (call: ProjectCall) => Promise<Reply> | Reply,
  limit?: Limit,
): Route => ({ at: 'project', method, path, scopes, run, ...(limit === undefined ? {} : { limit }) })
