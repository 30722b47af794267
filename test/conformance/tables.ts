/** Section 5 of the sheet on tables and views: 45 rows, in both generations where the sheet gives two answers. */
import {
  type Absent,
  denied,
  type Exchange,
  having,
  like,
  NOT_FOUND,
  SESSION_ONLY,
  type Sheet,
  type Step,
  UNKNOWN,
  UUID,
  validation,
} from './exchange.ts'

const P = '/api/projects/<project>/warehouse_tables'
const V = '/api/projects/<project>/warehouse_saved_queries'
const OPEN = { sessionActions: true } as const
const OLD = { tables: 'S', sessionActions: true } as const
const SHOP = { sessionActions: true, postgres: true } as const
const TAKEN = validation('A table with this name already exists.', 'name')
const TAKEN_NOW = validation('A table or view with this name already exists. Choose a different name.', 'name')
const MODIFIED = validation('The query was modified by someone else.')

const linked = (url_pattern: string) => ({
  name: 't',
  format: 'Parquet',
  url_pattern,
  credential: { access_key: 'a', access_secret: 'b' },
})
const GOOD = { ...linked('file://<folder>/ids.csv'), format: 'CSVWithNames' }
const view = (name: string, query: unknown, more = {}) => ({ name, query: { kind: 'HogQLQuery', query }, ...more })
const makeView = (name: string, query: string, as = name): Step => ({
  method: 'POST',
  path: `${V}/`,
  body: view(name, query),
  as,
})
const EVENTS = 'select event as event from events LIMIT 100'

/** `parent` reads the table `ids`, `child` reads `parent`, `grandchild` reads `child`. */
const situations = {
  table: [{ method: 'POST', path: `${P}/`, body: { ...GOOD, name: 'ids' }, as: 'table' }],
  views: [
    { method: 'POST', path: `${P}/`, body: { ...GOOD, name: 'numbers' } },
    makeView('parent', 'select id from numbers'),
    makeView('child', 'select id from parent'),
    makeView('grandchild', 'select id from child'),
  ],
  eventView: [makeView('event_view', EVENTS)],
  synced: [
    {
      method: 'POST',
      path: '/api/projects/<project>/external_data_sources/',
      body: {
        source_type: 'Postgres',
        payload: { ...shopPayload(), schemas: [{ name: 'countries', should_sync: true, sync_type: 'full_refresh' }] },
      },
      as: 'source',
    },
    {
      until: { method: 'GET', path: '/api/projects/<project>/external_data_sources/<source>/' },
      matches: having({ status: 'Completed' }),
    },
    {
      method: 'GET',
      path: '/api/projects/<project>/external_data_sources/<source>/',
      as: 'synced',
      pick: 'schemas.0.table.id',
    },
  ],
} satisfies Record<string, readonly Step[]>

function shopPayload() {
  return {
    host: '<postgres.host>',
    port: '<postgres.port>',
    database: '<postgres.database>',
    user: '<postgres.user>',
    password: '<postgres.password>',
    schema: 'public',
  }
}

const post = (body: unknown) => ({ method: 'POST', path: `${P}/`, body })
const refusedTable = (row: string, url: string, detail: string): Exchange => ({
  row,
  tag: 'anywhere',
  mark: 'T',
  request: post(linked(url)),
  expect: { status: 400, body: validation(detail, 'url_pattern') },
})

const creating: readonly Exchange[] = [
  refusedTable('1', 's3://b/x.parquet', 'URL pattern must use https.'),
  refusedTable('2', 'https://localhost/x.csv', 'URL pattern hostname is not allowed.'),
  refusedTable('3', 'https://169.254.169.254/x.csv', 'URL pattern hostname must not resolve to internal IP ranges.'),
  refusedTable('4', 'https://does-not-exist.invalid/*.csv', 'URL pattern hostname could not be resolved.'),
  {
    row: '5',
    note: 'S',
    tag: 'seeded',
    mark: 'T',
    profile: OLD,
    request: post({ ...GOOD, name: 'events' }),
    expect: { status: 400, body: TAKEN },
  },
  {
    row: '5',
    note: 'L',
    tag: 'seeded',
    mark: 'T',
    request: post({ ...GOOD, name: 'events' }),
    expect: { status: 400, body: TAKEN_NOW },
  },
  {
    row: '6',
    tag: 'seeded',
    mark: 'TC',
    request: post(linked('<bucket>/bkt/*.parquet')),
    expect: { status: 400, body: validation('The Access Key you provided does not exist') },
  },
  {
    row: '7',
    tag: 'seeded',
    mark: 'I',
    request: post({ name: 't', format: 'CSVWithNames', url_pattern: GOOD.url_pattern }),
    expect: { status: 400, body: validation('This field is required.', 'credential', 'required') },
  },
  {
    row: '8',
    tag: 'seeded',
    mark: 'I',
    request: post({ ...GOOD, format: 'XLS' }),
    expect: { status: 400, body: validation('"XLS" is not a valid choice.', 'format', 'invalid_choice') },
  },
]

const changing: readonly (Exchange | Absent)[] = [
  {
    row: '9',
    tag: 'seeded',
    mark: 'TI',
    given: ['table'],
    request: { method: 'PATCH', path: `${P}/<table>/`, body: { credential: { access_key: '  ', access_secret: 's' } } },
    expect: { status: 400, body: validation('This field may not be blank.', 'credential__access_key', 'blank') },
  },
  {
    row: '10',
    tag: 'seeded',
    mark: 'TI',
    given: ['table'],
    request: { method: 'PATCH', path: `${P}/<table>/`, body: { credential: null } },
    expect: { status: 400, body: validation('This field may not be null.', 'credential', 'null') },
  },
  {
    row: '11',
    tag: 'seeded',
    mark: 'T',
    profile: SHOP,
    given: ['synced'],
    request: { method: 'DELETE', path: `${P}/<synced>/` },
    expect: { status: 400, body: { message: "Can't delete a sourced table" } },
  },
  {
    row: '12',
    tag: 'seeded',
    mark: 'T',
    before: [{ method: 'POST', path: `${P}/`, body: { ...GOOD, name: 'going' }, as: 'going' }],
    request: { method: 'DELETE', path: `${P}/<going>/` },
    expect: { status: 204, body: null },
  },
  {
    row: '13',
    tag: 'local-only',
    mark: 'T',
    profile: OPEN,
    given: ['table'],
    request: { method: 'POST', path: `${P}/<table>/update_schema`, body: { updates: { nope: 'float' } } },
    expect: { status: 400, body: { message: 'Column nope does not exist on table' } },
  },
  {
    row: '14',
    tag: 'local-only',
    mark: 'T',
    profile: OPEN,
    given: ['table'],
    request: { method: 'POST', path: `${P}/<table>/update_schema`, body: { updates: { id: 'another_type' } } },
    expect: { status: 400, body: { message: 'Can not parse type another_type for column id - type does not exist' } },
  },
  {
    row: '15',
    tag: 'local-only',
    mark: 'T',
    profile: SHOP,
    given: ['synced'],
    request: { method: 'POST', path: `${P}/<synced>/update_schema`, body: { updates: { id: 'float' } } },
    expect: { status: 400, body: { message: 'The table must be a manually linked table' } },
  },
  {
    row: '16',
    note: 'the answer',
    tag: 'local-only',
    mark: 'T',
    profile: OPEN,
    given: ['table'],
    request: { method: 'POST', path: `${P}/<table>/update_schema`, body: { updates: { id: 'float' } } },
    expect: { status: 200, body: null },
  },
  {
    row: '16',
    note: 'the column afterwards',
    tag: 'local-only',
    mark: 'T',
    profile: OPEN,
    given: ['table'],
    before: [{ method: 'POST', path: `${P}/<table>/update_schema`, body: { updates: { id: 'float' } } }],
    request: { method: 'GET', path: `${P}/<table>/` },
    expect: {
      status: 200,
      body: having({ columns: [having({ key: 'id', type: 'float' }), having({ key: 'label', type: 'string' })] }),
    },
  },
  {
    row: '17',
    tag: 'seeded',
    mark: 'T',
    absent: 'there are no feature flags of organizations here, and uploads are always on',
  },
  {
    row: '18',
    tag: 'seeded',
    mark: 'T',
    request: { method: 'POST', path: `${P}/file/`, form: { name: 'test-table', file: 'x.csv', content: 'a\n1\n' } },
    expect: { status: 400, body: { message: like(/^Table names must start with a letter or underscore/) } },
  },
  {
    row: '19',
    tag: 'seeded',
    mark: 'T',
    request: {
      method: 'POST',
      path: `${P}/file/`,
      form: { name: 'test_csv_table', file: 'test_file.csv', content: 'id,name\n1,x\n' },
    },
    expect: {
      status: 201,
      body: having({
        id: UUID,
        name: 'test_csv_table',
        format: 'CSVWithNames',
        credential: null,
        url_pattern: like(/\/managed\/team_1\/test_file\.csv$/),
        columns: [having({ key: 'id', type: 'integer' }), having({ key: 'name', type: 'string' })],
      }),
    },
  },
  {
    row: '20',
    tag: 'seeded',
    mark: 'TC',
    request: { method: 'POST', path: `${P}/file/`, form: { name: 'hidden', file: '.hidden', content: 'a\n1\n' } },
    expect: { status: 400, body: { message: 'Invalid filename' } },
  },
]

const postView = (body: unknown) => ({ method: 'POST', path: `${V}/`, body })
const refusedView = (row: string, mark: Exchange['mark'], body: unknown, expected: unknown): Exchange => ({
  row,
  tag: 'anywhere',
  mark,
  request: postView(body),
  expect: { status: 400, body: expected },
})

const modelling: readonly (Exchange | Absent)[] = [
  {
    row: '21',
    note: 'columns of L have a description',
    tag: 'seeded',
    mark: 'T',
    request: postView(view('first_view', EVENTS)),
    expect: {
      status: 201,
      body: having({
        name: 'first_view',
        query: { kind: 'HogQLQuery', query: EVENTS },
        status: null,
        is_materialized: false,
        latest_history_id: UUID,
        columns: [
          {
            key: 'event',
            name: 'event',
            type: 'string',
            schema_valid: true,
            fields: null,
            table: null,
            chain: null,
            description: null,
          },
        ],
      }),
    },
  },
  {
    row: '22',
    tag: 'seeded',
    mark: 'C',
    given: ['eventView'],
    request: postView(view('event_view', 'select 1 as one')),
    expect: { status: 400, body: MODIFIED },
  },
  {
    row: '23',
    tag: 'seeded',
    mark: 'T',
    given: ['eventView'],
    request: postView(view('event_view', 'select 1 as one', { soft_update: true })),
    expect: { status: 200, body: having({ id: '<event_view>', name: 'event_view' }) },
  },
  {
    row: '24',
    note: 'S',
    tag: 'anywhere',
    mark: 'T',
    profile: OLD,
    request: postView(view('events', 'select 1')),
    expect: { status: 400, body: TAKEN },
  },
  { ...refusedView('24', 'T', view('events', 'select 1'), TAKEN_NOW), note: 'L' },
  refusedView(
    '25',
    'T',
    view('f', 'select * from events where {filters}'),
    validation('Filters and placeholder expressions are not allowed in views', 'query'),
  ),
  refusedView(
    '26',
    'T',
    view('f', 'select * from events where event = {variables.foo}'),
    validation('Variables like {variables.foo} are not allowed in views', 'query'),
  ),
  refusedView(
    '27',
    'TC',
    view('new_view', 'select * from new_view'),
    validation('Invalid query: Unknown table `new_view`.', 'query'),
  ),
  refusedView(
    '28',
    'T',
    { name: 'f', query: '{"kind":"HogQLQuery","query":"select 1"}' },
    validation(like(/^Query must be a JSON object/), 'query'),
  ),
  refusedView(
    '29',
    'C',
    view('bad-name', 'select 1'),
    validation(
      "bad-name is not a valid view name. View names can only contain letters, numbers, '_', '.', or '$' ",
      'name',
    ),
  ),
  {
    row: '30',
    tag: 'seeded',
    mark: 'T',
    given: ['views'],
    request: {
      method: 'PATCH',
      path: `${V}/<parent>/`,
      body: { query: { kind: 'HogQLQuery', query: 'select id, label from numbers' }, edited_history_id: UNKNOWN },
    },
    expect: { status: 400, body: MODIFIED },
  },
  { row: '31', tag: 'seeded', mark: 'T', absent: 'there are no managed viewsets here' },
  { row: '32', tag: 'seeded', mark: 'T', absent: 'there are no managed viewsets here' },
  {
    row: '33',
    tag: 'seeded',
    mark: 'C',
    given: ['views'],
    request: { method: 'DELETE', path: `${V}/<parent>/` },
    expect: {
      status: 400,
      body: {
        ...validation(like(/^Can't delete parent yet\. These read from it: child \(view\)/)),
        extra: { node_id: like(/./) },
      },
    },
  },
]

const running: readonly Exchange[] = [
  {
    row: '34',
    tag: 'local-only',
    mark: 'C',
    profile: OPEN,
    given: ['views'],
    request: { method: 'POST', path: `${V}/<parent>/cancel` },
    expect: { status: 400, body: { error: 'Cannot cancel a query that is not running' } },
  },
  {
    row: '35',
    tag: 'seeded',
    mark: 'T',
    given: ['views'],
    before: [{ method: 'POST', path: `${V}/<child>/materialize`, times: 5 }],
    request: { method: 'POST', path: `${V}/<child>/materialize` },
    expect: {
      status: 429,
      body: {
        type: 'throttled_error',
        code: 'throttled',
        detail: like(/^Request was throttled\. Expected available in \d+ seconds\.$/),
        attr: null,
      },
    },
  },
  {
    row: '36',
    note: 'S',
    tag: 'seeded',
    mark: 'T',
    profile: OLD,
    given: ['views'],
    request: { method: 'PATCH', path: `${V}/<parent>/`, body: { sync_frequency: 'every_fortnight' } },
    expect: {
      status: 500,
      body: { type: 'server_error', code: 'error', detail: 'A server error occurred.', attr: null },
    },
  },
  {
    row: '36',
    note: 'L',
    tag: 'seeded',
    mark: 'T',
    given: ['views'],
    request: { method: 'PATCH', path: `${V}/<parent>/`, body: { sync_frequency: 'every_fortnight' } },
    expect: {
      status: 400,
      body: validation('"every_fortnight" is not a valid choice.', 'sync_frequency', 'invalid_choice'),
    },
  },
  {
    row: '37',
    note: 'S',
    tag: 'local-only',
    mark: 'C',
    profile: OLD,
    request: { method: 'POST', path: `${V}/resume_schedules`, body: { view_ids: [] } },
    expect: { status: 400, body: { error: 'view_ids is required' } },
  },
  {
    row: '37',
    note: 'L',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${V}/resume_schedules`, body: { view_ids: [] } },
    expect: { status: 400, body: validation('This list may not be empty.', 'view_ids', 'empty') },
  },
  {
    row: '38',
    tag: 'anywhere',
    mark: 'T',
    request: { method: 'POST', path: `${V}/resume_schedules`, body: { view_ids: [UNKNOWN] } },
    expect: { status: 202, body: null },
  },
]

const reading: readonly Exchange[] = [
  {
    row: '39',
    note: 'S',
    tag: 'local-only',
    mark: 'C',
    profile: OLD,
    given: ['views'],
    request: { method: 'POST', path: `${V}/<child>/ancestors`, body: { level: 0 } },
    expect: { status: 200, body: { ancestors: [] } },
  },
  {
    row: '39',
    note: 'L',
    tag: 'local-only',
    mark: 'C',
    profile: OPEN,
    given: ['views'],
    request: { method: 'POST', path: `${V}/<child>/ancestors`, body: { level: 0 } },
    expect: { status: 400, body: validation('Ensure this value is greater than or equal to 1.', 'level', 'min_value') },
  },
  {
    row: '40',
    tag: 'local-only',
    mark: 'T',
    profile: OPEN,
    given: ['views'],
    request: { method: 'GET', path: `${V}/<child>/dependencies` },
    expect: { status: 200, body: { upstream_count: 1, downstream_count: 1 } },
  },
  {
    row: '41',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${V}/${UNKNOWN}/activity` },
    expect: { status: 404, body: null },
  },
  {
    row: '42',
    tag: 'seeded',
    mark: 'T',
    before: [makeView('short_lived', 'select 1 as one', 'deleted'), { method: 'DELETE', path: `${V}/<deleted>/` }],
    request: { method: 'GET', path: `${V}/<deleted>` },
    expect: { status: 404, body: NOT_FOUND },
  },
  {
    row: '43',
    tag: 'seeded',
    mark: 'C',
    given: ['views'],
    request: { method: 'POST', path: `${V}/<parent>/descendants` },
    expect: { status: 403, body: SESSION_ONLY },
  },
  {
    row: '44',
    tag: 'seeded',
    mark: 'C',
    given: ['views'],
    request: { method: 'DELETE', path: `${V}/<parent>/`, authorization: 'Bearer <viewReader>' },
    expect: { status: 403, body: denied("API key missing required scope 'warehouse_view:write'") },
  },
  {
    row: '45',
    tag: 'anywhere',
    mark: 'T',
    request: postView(view('filed', 'select 1 as one', { folder_id: UNKNOWN })),
    expect: { status: 400, body: validation(like(/- object does not exist\.$/), 'folder_id', 'does_not_exist') },
  },
]

export const tables: Sheet = {
  name: 'tables-and-saved-queries',
  project: 1,
  situations,
  exchanges: [...creating, ...changing, ...modelling, ...running, ...reading],
}
