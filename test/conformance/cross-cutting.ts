/** Section 10 of the cross-cutting sheet: 27 rows. Its projects 2 and 5 are 2 and 3 here. */
import {
  type Absent,
  denied,
  type Exchange,
  having,
  like,
  request,
  SESSION_ONLY,
  type Sheet,
  TEXT,
  unauthenticated,
  validation,
} from './exchange.ts'

const NONE = unauthenticated('Authentication credentials were not provided.', 'not_authenticated')
const ME = '/api/users/@me/'
const P = '/api/projects/<project>'
const PROJECT_NOT_FOUND = request('not_found', 'Project not found.')
const hogql = (query: string) => ({ query: { kind: 'HogQLQuery', query } })
// Runs for minutes unless it is ended.
const ENDLESS =
  'select count() from events a cross join events b cross join events c cross join events d where a.event != d.distinct_id'
const server = (code: unknown, detail: unknown) => ({ type: 'server_error', code, detail, attr: null })
const fault = (path: string, rule: object) => ({ admin: 'faults', body: { faults: [{ path, ...rule }] } })

const credentials: readonly Exchange[] = [
  {
    row: '1',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: ME, authorization: null },
    expect: { status: 401, body: NONE, headers: { 'www-authenticate': like(/^Bearer\b/) } },
  },
  {
    row: '2',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: ME, authorization: 'bearer <all>' },
    expect: { status: 401, body: NONE },
  },
  {
    row: '3',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: ME, authorization: 'Bearer phx_wrong' },
    expect: {
      status: 401,
      body: unauthenticated('Personal API key found in request Authorization header is invalid.'),
    },
  },
  {
    row: '4',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${ME}?personal_api_key=phx_wrong`, authorization: null },
    expect: { status: 401, body: unauthenticated('Personal API key found in request query string is invalid.') },
  },
  {
    row: '5',
    tag: 'seeded',
    mark: 'C',
    fresh: true,
    before: [
      { admin: 'tokens', body: { scopes: ['user:read'] }, as: 'old', pick: 'access_token' },
      { admin: 'clock', body: { advance_ms: 3_600_000 } },
    ],
    request: { method: 'GET', path: ME, authorization: 'Bearer <old>' },
    expect: { status: 401, body: unauthenticated('Access token has expired.') },
  },
]

const permissions: readonly Exchange[] = [
  {
    row: '6',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'GET', path: `${P}/exports/`, authorization: 'Bearer <viewReader>' },
    expect: { status: 403, body: denied("API key missing required scope 'export:read'") },
  },
  {
    row: '7',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${P}/data_warehouse/job_stats/` },
    expect: { status: 403, body: SESSION_ONLY },
  },
  {
    row: '8',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'GET', path: '/api/projects/3/file_system/', authorization: 'Bearer <onlyStaging>' },
    expect: { status: 403, body: denied('API key does not have access to the requested project: ID 3.') },
  },
  {
    row: '9',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'GET', path: '/api/organizations/', authorization: 'Bearer <onlyStaging>' },
    expect: {
      status: 403,
      body: denied('API keys with scoped projects are only supported on project-based endpoints.'),
    },
  },
  {
    row: '10',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: '/api/projects/999999/file_system/' },
    expect: { status: 404, body: PROJECT_NOT_FOUND },
  },
  {
    row: '11',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: '/api/projects/abc/file_system/' },
    expect: { status: 404, body: PROJECT_NOT_FOUND },
  },
  {
    row: '12',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'GET', path: `${P}/file_system/`, authorization: 'Bearer <outsider>' },
    expect: { status: 403, body: denied("You don't have access to the project.") },
  },
  {
    row: '13',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${P}/nope/` },
    expect: { status: 404, body: request('not_found', 'Endpoint not found.') },
  },
  {
    row: '14',
    note: 'only openid',
    tag: 'seeded',
    mark: 'C',
    before: [{ admin: 'tokens', body: { scopes: ['openid'] }, as: 'identity', pick: 'access_token' }],
    request: { method: 'GET', path: `${P}/file_system/`, authorization: 'Bearer <identity>' },
    expect: { status: 403, body: denied("API key missing required scope 'file_system:read'") },
  },
  {
    row: '14',
    note: 'an empty scope',
    tag: 'seeded',
    mark: 'C',
    before: [{ admin: 'tokens', body: { scopes: [] }, as: 'powerless', pick: 'access_token' }],
    request: { method: 'GET', path: `${P}/file_system/`, authorization: 'Bearer <powerless>' },
    expect: { status: 403, body: denied('OAuth token has no scopes and cannot access this resource') },
  },
  {
    row: '15',
    tag: 'seeded',
    mark: 'C',
    profile: { throttles: true },
    before: [{ method: 'GET', path: ME, times: 480 }],
    request: { method: 'GET', path: ME },
    expect: {
      status: 429,
      body: {
        type: 'throttled_error',
        code: 'throttled',
        detail: like(/^Request was throttled\. Expected available in \d+ seconds\.$/),
        attr: null,
      },
      headers: { 'retry-after': like(/^\d+$/) },
    },
  },
  {
    row: '16',
    tag: 'local-only',
    mark: 'C',
    profile: { throttles: true },
    request: {
      method: 'POST',
      path: `${P}/query/`,
      authorization: 'Bearer <second>',
      body: { ...hogql(ENDLESS), client_query_id: 'crowd-<turn>' },
      crowd: 4,
    },
    expect: {
      status: 429,
      body: {
        type: 'throttled_error',
        code: 'throttled',
        detail: like(
          /^Exceeded maximum concurrency limit: 3 for key: api:query:per-org:0194d640-0000-7000-8000-000000000001 and task: \w+$/,
        ),
        attr: null,
      },
      headers: { 'retry-after': null },
    },
  },
]

const queries: readonly Exchange[] = [
  {
    row: '17',
    tag: 'anywhere',
    mark: 'T',
    request: { method: 'POST', path: `${P}/query/`, body: { query: { kind: 'Tomato Soup' } } },
    expect: {
      status: 400,
      body: request(
        'parse_error',
        like(
          /^JSON parse error - 1 validation error for QueryRequest\nquery\n {2}Input tag 'Tomato Soup' found using 'kind' does not match any of the expected tags: /,
        ),
      ),
    },
  },
  {
    row: '18',
    note: 'the newest release adds hints to the detail, and extra',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${P}/query/`, body: hogql('select user_id from events') },
    expect: { status: 400, body: having(validation(like(/^Unable to resolve field: user_id/))) },
  },
  {
    row: '19',
    tag: 'anywhere',
    mark: 'T',
    request: { method: 'POST', path: `${P}/query/`, body: hogql("select timestamp + 'x' from events") },
    expect: {
      status: 400,
      body: validation(
        like(/^Illegal types DateTime64\(6, 'UTC'\) and String of arguments of function plus/),
        null,
        'illegal_type_of_argument',
      ),
    },
  },
  {
    row: '20',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${P}/query/unknown-id/` },
    expect: { status: 404, body: request('not_found', 'Query unknown-id not found for team <project>') },
  },
  {
    row: '21',
    note: 'the message is that of this query',
    tag: 'seeded',
    mark: 'T',
    before: [
      {
        method: 'POST',
        path: `${P}/query/`,
        body: { ...hogql('select user_id from events'), refresh: 'force_async' },
        as: 'failed',
        pick: 'query_status.id',
      },
      {
        until: { method: 'GET', path: `${P}/query/<failed>/` },
        matches: having({ query_status: having({ complete: true }) }),
      },
    ],
    request: { method: 'GET', path: `${P}/query/<failed>/` },
    expect: {
      status: 400,
      body: {
        query_status: having({
          id: '<failed>',
          team_id: 2,
          complete: true,
          error: true,
          error_message: 'Unable to resolve field: user_id',
          results: null,
        }),
      },
    },
  },
]

const malformed: readonly Exchange[] = [
  {
    row: '22',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${P}/query/`, raw: { type: 'application/json', text: 'nonsense' } },
    expect: {
      status: 400,
      body: request('parse_error', 'JSON parse error - Expecting value: line 1 column 1 (char 0)'),
    },
  },
  {
    row: '23',
    tag: 'seeded',
    mark: 'C',
    before: [{ method: 'POST', path: `${P}/file_system/`, body: { path: 'A', type: 'folder' }, as: 'file' }],
    request: { method: 'PUT', path: `${P}/file_system/<file>/`, raw: { type: 'text/plain', text: 'A' } },
    expect: { status: 415, body: request('unsupported_media_type', 'Unsupported media type "text/plain" in request.') },
  },
  {
    row: '24',
    tag: 'anywhere',
    mark: 'C',
    request: {
      method: 'POST',
      path: '/oauth/register/',
      authorization: null,
      body: { redirect_uris: ['https://x.dev/cb'], client_name: 'PostHog helper' },
    },
    expect: { status: 400, body: { error: 'invalid_client_metadata', error_description: TEXT } },
  },
]

const broken: readonly Exchange[] = [
  {
    row: '25',
    tag: 'local-only',
    mark: 'C',
    before: [fault('/api/projects/2/file_system/', { status: 500 })],
    request: { method: 'GET', path: `${P}/file_system/` },
    expect: { status: 500, body: server('error', 'A server error occurred.') },
  },
  {
    row: '26',
    tag: 'local-only',
    mark: 'C',
    before: [fault('/api/projects/2/file_system/', { status: 503 })],
    request: { method: 'GET', path: `${P}/file_system/` },
    expect: {
      status: 503,
      body: server('database_unavailable', "We couldn't reach the database just now. Please try again in a moment."),
      headers: { 'retry-after': '1' },
    },
  },
  {
    row: '27',
    note: 'too long',
    tag: 'local-only',
    mark: 'C',
    before: [fault('/api/projects/2/query/', { status: 504 })],
    request: { method: 'POST', path: `${P}/query/`, body: hogql('select 1') },
    expect: { status: 504, body: server(TEXT, like(/^Query has hit the max execution time before completing\. /)) },
  },
  {
    row: '27',
    note: 'too much memory',
    tag: 'local-only',
    mark: 'C',
    before: [fault('/api/projects/2/query/', { status: 513 })],
    request: { method: 'POST', path: `${P}/query/`, body: hogql('select 1') },
    expect: { status: 513, body: server('clickhouse_memory_limit_exceeded', like(/^This query ran out of memory /)) },
  },
]

const exchanges: readonly (Exchange | Absent)[] = [...credentials, ...permissions, ...queries, ...malformed, ...broken]

export const crossCutting: Sheet = { name: 'cross-cutting', project: 2, situations: {}, exchanges }
