/** Section 9 of the sheet on external data sources: 36 rows. The sheet's project 12345 is 1 here. */
import { type Absent, denied, type Exchange, like, request, type Sheet, UNKNOWN, validation } from './exchange.ts'
import { SCHEMAS, SHOP, SOURCES, shopLogin, shopSituations, workedExamples } from './sources-worked.ts'

const saying = (message: unknown) => ({ message })
const create = (body: unknown) => ({ method: 'POST', path: `${SOURCES}/`, body })
const refused = (row: string, mark: Exchange['mark'], body: unknown, expected: unknown): Exchange => ({
  row,
  tag: 'anywhere',
  mark,
  request: create(body),
  expect: { status: 400, body: expected },
})
/** A create that gets as far as the database, and the reason it is refused. */
const unwanted = (row: string, mark: Exchange['mark'], schemas: unknown, message: string, note?: string): Exchange => ({
  row,
  tag: 'seeded',
  mark,
  ...(note === undefined ? {} : { note }),
  profile: SHOP,
  request: create({ source_type: 'Postgres', prefix: 'unwanted', payload: { ...shopLogin, schemas } }),
  expect: { status: 400, body: saying(message) },
})
const CONFIG = { host: 'db.example.com', database: 'd', user: 'u', password: 'p' }

const serialized: readonly (Exchange | Absent)[] = [
  refused(
    '1',
    'I',
    { source_type: 'Foo', payload: {} },
    validation('"Foo" is not a valid choice.', 'source_type', 'invalid_choice'),
  ),
  refused('2', 'I', { source_type: 'Stripe' }, validation('This field is required.', 'payload', 'required')),
  refused(
    '3',
    'T',
    { source_type: 'Stripe', payload: {}, created_via: 'hacker' },
    validation('"hacker" is not a valid choice.', 'created_via', 'invalid_choice'),
  ),
  refused(
    '4',
    'C',
    { source_type: 'Postgres', prefix: 'nowhere', payload: { host: 'h' } },
    saying(
      "Invalid source config: Required field 'database' is missing, Required field 'user' is missing, Required field 'password' is missing, Required field 'port' is missing",
    ),
  ),
  refused(
    '5',
    'C',
    { source_type: 'Postgres', prefix: 'nowhere', payload: { ...CONFIG, port: 'abc' } },
    saying("Invalid source config: Field 'port' has an invalid value"),
  ),
  {
    row: '6',
    tag: 'anywhere',
    mark: 'C',
    absent: 'only the cloud refuses internal addresses; the local warehouse is for databases on this machine',
  },
  refused(
    '7',
    'CI',
    { source_type: 'Postgres', prefix: '1-bad', payload: { ...CONFIG, port: 5432 } },
    validation('Prefix must contain only letters, numbers, and underscores, and start with a letter or underscore'),
  ),
]

const created: readonly (Exchange | Absent)[] = [
  {
    row: '8',
    note: 'with Postgres, which can be connected here',
    tag: 'seeded',
    mark: 'TC',
    profile: SHOP,
    given: ['plain'],
    request: create({ source_type: 'Postgres', payload: shopLogin }),
    expect: {
      status: 400,
      body: saying(
        "You already have a source of this type. Add a table prefix so this connection's tables don't clash with your existing source.",
      ),
    },
  },
  refused(
    '9',
    'C',
    { source_type: 'Stripe', access_method: 'direct', prefix: 'x', payload: {} },
    saying(
      'Direct query mode is currently supported only for Postgres, MySQL, Snowflake, Redshift, ClickHouse, MotherDuck, and Trino sources.',
    ),
  ),
  refused(
    '10',
    'T',
    { source_type: 'Postgres', access_method: 'direct', prefix: '   ', payload: { ...CONFIG, port: 5432 } },
    saying('Name is required for direct query sources'),
  ),
  unwanted(
    '11',
    'TC',
    [{ name: 'SomeOtherSchema', should_sync: true, sync_type: 'full_refresh' }],
    'Schemas given do not exist in source',
    'with Postgres',
  ),
  {
    row: '11',
    note: 'no source is left',
    tag: 'seeded',
    mark: 'T',
    profile: SHOP,
    request: { method: 'GET', path: `${SOURCES}/?search=unwanted` },
    expect: { status: 200, body: { count: 0, next: null, previous: null, results: [] } },
  },
  unwanted(
    '12',
    'TC',
    [{ name: 'orders', should_sync: true, sync_type: 'incremental' }],
    'Incremental schemas given do not have an incremental field set',
  ),
  unwanted(
    '13',
    'C',
    [{ name: 'orders', should_sync: true, sync_type: 'hourly' }],
    'Unknown sync type: hourly. Use one of: full_refresh, incremental, append, webhook, cdc, xmin.',
  ),
  refused(
    '14',
    'C',
    { source_type: 'Postgres', prefix: 'nowhere', payload: { credential_id: UNKNOWN } },
    saying(`Stored credential '${UNKNOWN}' not found or expired`),
  ),
  refused(
    '15',
    'C',
    { source_type: 'Postgres', prefix: 'nowhere', payload: { ...CONFIG, password: { secretRef: 'x' } } },
    saying(like(/^Unresolved secret reference\(s\) for: password\./)),
  ),
]

const looking: readonly Exchange[] = [
  {
    row: '16',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${SOURCES}/database_schema/`, body: {} },
    expect: { status: 400, body: saying('Missing required parameter: source_type') },
  },
  {
    row: '17',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${SOURCES}/database_schema/`, body: { source_type: 'postgres' } },
    expect: { status: 400, body: saying("Unknown source_type 'postgres'") },
  },
  {
    row: '18',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${SOURCES}/wizard/?source_type=Foo,Bar` },
    expect: {
      status: 400,
      body: saying('Unknown source_type(s): Bar, Foo. Omit source_type to list every available type.'),
    },
  },
  {
    row: '19',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['plain'],
    request: { method: 'GET', path: `${SOURCES}/<plain>/jobs/?after=yesterday-ish` },
    expect: { status: 400, body: validation('after and before must be ISO 8601 timestamps.') },
  },
]

const patchSource = (row: string, mark: Exchange['mark'], body: unknown, expected: unknown): Exchange => ({
  row,
  tag: 'seeded',
  mark,
  profile: SHOP,
  given: ['plain'],
  request: { method: 'PATCH', path: `${SOURCES}/<plain>/`, body },
  expect: { status: 400, body: expected },
})

const updating: readonly (Exchange | Absent)[] = [
  patchSource(
    '20',
    'C',
    { access_method: 'direct' },
    validation('Access method cannot be changed. Create a new source instead.'),
  ),
  patchSource(
    '21',
    'C',
    { job_inputs: { host: 'evil.example' } },
    validation('Changing the connection host requires re-entering your credentials.'),
  ),
  patchSource(
    '22',
    'TI',
    { job_inputs: { auth_method: 'invalid' } },
    validation('Must be an object.', 'job_inputs__auth_method'),
  ),
  {
    row: '23',
    tag: 'seeded',
    mark: 'T',
    request: { method: 'DELETE', path: `${SOURCES}/${UNKNOWN}/`, authorization: 'Bearer <viewer>' },
    expect: { status: 403, body: denied('You do not have editor access to this resource.') },
  },
  { row: '24', tag: 'seeded', mark: 'C', absent: 'there is no billing here, so that no table is ever Paused' },
  {
    row: '25',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${SOURCES}/source_prefix/`, body: { prefix: 'x' } },
    expect: {
      status: 500,
      body: { type: 'server_error', code: 'error', detail: 'A server error occurred.', attr: null },
    },
  },
]

const patchTable = (
  row: string,
  mark: Exchange['mark'],
  table: string,
  body: unknown,
  expected: unknown,
): Exchange => ({
  row,
  tag: 'seeded',
  mark,
  profile: SHOP,
  given: ['plain'],
  request: { method: 'PATCH', path: `${SCHEMAS}/<${table}>/`, body },
  expect: { status: 400, body: expected },
})

const perTable: readonly (Exchange | Absent)[] = [
  patchTable(
    '26',
    'C',
    'idle',
    { should_sync: true },
    validation('Sync type must be set up first before enabling schema'),
  ),
  patchTable(
    '27',
    'C',
    'idle',
    { sync_frequency: '1min' },
    validation('"1min" is not a valid sync frequency. The fastest sync frequency is 5 minutes.', 'sync_frequency'),
  ),
  patchTable(
    '28',
    'C',
    'copied',
    { incremental_field: 'updated_at' },
    validation(
      'incremental_field cannot be applied to a schema with sync type full_refresh on its own. Include sync_type in the same request to change the sync type.',
    ),
  ),
  { row: '29', tag: 'seeded', mark: 'C', absent: 'Stripe cannot be reached from here' },
  patchTable(
    '30',
    'T',
    'merged',
    { primary_key_columns: ['total'] },
    validation(
      'Primary key cannot be changed after data has been synced. Delete the synced data first, then change the primary key.',
    ),
  ),
  {
    row: '31',
    tag: 'anywhere',
    mark: 'CI',
    request: { method: 'POST', path: `${SCHEMAS}/`, body: {} },
    expect: { status: 405, body: request('method_not_allowed', 'Method "POST" not allowed.') },
  },
  {
    row: '32',
    tag: 'seeded',
    mark: 'T',
    profile: SHOP,
    given: ['plain'],
    request: { method: 'POST', path: `${SCHEMAS}/<idle>/cancel/` },
    expect: { status: 400, body: { detail: 'No running sync to cancel.' } },
  },
  ...['33', '34'].map(
    (row): Absent => ({
      row,
      tag: 'seeded',
      mark: 'T',
      absent: 'bulk_update_schemas is none of the documented operations and is not served',
    }),
  ),
  {
    row: '35',
    tag: 'seeded',
    mark: 'C',
    absent: 'delete_webhook is none of the documented operations, and nothing here has webhooks',
  },
  {
    row: '36',
    tag: 'anywhere',
    mark: 'CI',
    absent: 'resume_cdc is none of the documented operations and is not served',
  },
]

const errors: Sheet = {
  name: 'external-data-sources, errors',
  project: 1,
  situations: shopSituations,
  exchanges: [...serialized, ...created, ...looking, ...updating, ...perTable],
}

const examples: Sheet = { ...errors, name: 'external-data-sources, worked examples', exchanges: workedExamples }

export const sources = { errors, examples }
