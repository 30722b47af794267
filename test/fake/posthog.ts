import type { Answer, Recorded, Script } from './recorder.ts'

/** What a credential of the fake PostHog may do. */
export interface Credential {
  readonly scopes: readonly string[]
  /** Tables it sees; what is written to the log of a test are their names. */
  readonly tables?: readonly string[]
}

/** The key of a request, as PostHog reads it. */
export const keyOf = ({ headers }: Recorded): string => headers.authorization?.replace(/^Bearer /, '') ?? ''

const INVALID: Answer = {
  status: 401,
  json: {
    type: 'authentication_error',
    code: 'authentication_failed',
    detail: 'Personal API key found in request Authorization header is invalid.',
    attr: null,
  },
}

const schemaOf = (tables: readonly string[]): unknown => ({
  tables: Object.fromEntries(
    tables.map((name) => [name, { id: name, name, type: 'data_warehouse', row_count: 1, fields: {} }]),
  ),
  joins: [],
})

/** A PostHog with these credentials, each of which sees tables of its own (fact sheet: cross-cutting 3 to 5, 9). */
export const posthog =
  (credentials: Readonly<Record<string, Credential>>): Script =>
  (request) => {
    const credential = credentials[keyOf(request)]
    if (request.path === '/oauth/introspect')
      return {
        json: credential === undefined ? { active: false } : { active: true, scope: credential.scopes.join(' ') },
      }
    if (credential === undefined) return INVALID
    const { scopes, tables = [] } = credential
    if (request.path === '/api/personal_api_keys/@current') return { json: { id: 'k', scopes, scoped_teams: [] } }
    if (request.path.endsWith('/query/')) return { json: schemaOf(tables) }
    return { json: { count: tables.length, next: null, previous: null, results: tables.map((name) => ({ name })) } }
  }
