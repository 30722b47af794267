import type { Answer, Recorded, Recorder, Script } from '../fake/recorder.ts'

type Row = Readonly<Record<string, unknown>>

/** A project as keys see it; what is left out is not there. */
export interface Project {
  readonly sources?: readonly Row[]
  /** Runs of each source, newest first, by its id. */
  readonly jobs?: Readonly<Record<string, readonly Row[]>>
  readonly views?: readonly Row[]
  /** The last runs of each view by its id. */
  readonly history?: Readonly<Record<string, readonly Row[]>>
  /** The runs of all views; without them the route is not there. */
  readonly models?: readonly Row[]
  /** SQL by the id of the view; the schema has the same. */
  readonly sql?: Readonly<Record<string, string>>
  readonly tables?: readonly Row[]
  /** Scopes that the key lacks. */
  readonly lacks?: readonly string[]
}

/** Known to every key as what it may not call. */
export const REFUSED = 'This action does not support personal API key access'

/** What PostHog keeps for sessions, of what is derived. */
export const KEPT = /\/(ancestors|descendants|dependencies|(running|completed)_activity|job_stats|total_rows_stats)\/$/

const denied = (detail: string): Answer => ({
  status: 403,
  json: { type: 'authentication_error', code: 'permission_denied', detail, attr: null },
})
const absent = (detail: string): Answer => ({
  status: 404,
  json: { type: 'invalid_request', code: 'not_found', detail, attr: null },
})

const page = (rows: readonly Row[], { query }: Recorded, size: number, at?: number): Answer => {
  const { limit, offset } = Object.fromEntries(query)
  const start = at ?? Number(offset ?? 0)
  const end = start + (at === undefined ? Number(limit ?? size) : size)
  const next = end < rows.length ? `https://elsewhere.example.com/?offset=${end}` : null
  return { json: { count: rows.length, next, previous: null, results: rows.slice(start, end) } }
}

const schemaOf = ({ views = [], sql = {}, tables = [] }: Project): unknown => ({
  tables: {
    events: { id: 'events', name: 'events', type: 'posthog', fields: {} },
    ...Object.fromEntries(
      tables.map(({ id, name, sql_name }) => [
        sql_name ?? name,
        { id, name: sql_name ?? name, type: 'data_warehouse', fields: {} },
      ]),
    ),
    ...Object.fromEntries(
      views.map(({ id, name }) => [
        name,
        { id, name, type: 'view', query: { kind: 'HogQLQuery', query: sql[String(id)] }, fields: {} },
      ]),
    ),
  },
  joins: [],
})

const jobsOf = (jobs: readonly Row[], { query }: Recorded): Answer => {
  const { before, after } = Object.fromEntries(query)
  const inside = jobs.filter(
    ({ created_at }) =>
      (before === undefined || Date.parse(String(created_at)) < Date.parse(before)) &&
      (after === undefined || Date.parse(String(created_at)) > Date.parse(after)),
  )
  return { json: inside.slice(0, 50) }
}

/** Each route below the project with the scope it needs. */
const ROUTES: readonly (readonly [
  route: RegExp,
  scope: string,
  answer: (project: Project, request: Recorded, id: string) => Answer,
])[] = [
  [/^query\/$/, 'query:read', (project) => ({ json: schemaOf(project) })],
  [
    /^external_data_sources\/$/,
    'external_data_source:read',
    ({ sources = [] }, request) => page(sources, request, 100),
  ],
  [
    /^external_data_sources\/([^/]+)\/jobs\/$/,
    'external_data_source:read',
    ({ jobs = {} }, request, id) => jobsOf(jobs[id] ?? [], request),
  ],
  [/^warehouse_tables\/$/, 'warehouse_table:read', ({ tables = [] }, request) => page(tables, request, 100)],
  [
    /^warehouse_saved_queries\/$/,
    'warehouse_view:read',
    ({ views = [] }, request) =>
      page(views, request, 1000, (Number(Object.fromEntries(request.query).page ?? 1) - 1) * 1000),
  ],
  [
    /^warehouse_saved_queries\/([^/]+)\/run_history\/$/,
    'warehouse_view:read',
    ({ history = {} }, _request, id) => ({ json: { run_history: history[id] ?? [] } }),
  ],
  [
    /^warehouse_saved_queries\/([^/]+)\/$/,
    'warehouse_view:read',
    ({ sql = {} }, _request, id) =>
      sql[id] === undefined ? absent('Not found.') : { json: { id, query: { kind: 'HogQLQuery', query: sql[id] } } },
  ],
  [
    /^data_modeling_jobs\/$/,
    'warehouse_view:read',
    ({ models }, request) => {
      if (models === undefined) return absent('Endpoint not found.')
      const { saved_query_id: view } = Object.fromEntries(request.query)
      return page(view === undefined ? models : models.filter((run) => run.saved_query_id === view), request, 10)
    },
  ],
  [/^$/, 'project:read', () => ({ json: { id: 7, timezone: 'America/Los_Angeles', api_token: 'phc_public' } })],
]

const belowProject = (path: string): string => path.replace(/^\/api\/projects\/\d+\//, '')

/** A PostHog that lets keys read this project, and nothing that it keeps for sessions. */
export const keysOnly =
  (project: Project, refusal = REFUSED): Script =>
  (request) => {
    if (KEPT.test(request.path)) return denied(refusal)
    const below = belowProject(request.path)
    for (const [route, scope, answer] of ROUTES) {
      const match = route.exec(below)
      if (match === null) continue
      if (project.lacks?.includes(scope)) return denied(`API key missing required scope '${scope}'`)
      return answer(project, request, match[1] ?? '')
    }
    return absent('Endpoint not found.')
  }

/** The requests that arrived, as method and path below the project. */
export const sent = ({ requests }: Recorder): readonly string[] =>
  requests.map(({ method, path }) => `${method} ${belowProject(path)}`)

/** Those that ask for something else than what is kept. */
export const sentInstead = (recorder: Recorder): readonly string[] => sent(recorder).filter((line) => !KEPT.test(line))

/** Those that ask for what is kept. */
export const sentInVain = (recorder: Recorder): readonly string[] => sent(recorder).filter((line) => KEPT.test(line))
