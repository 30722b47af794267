/** Section 5 of the sheet on the managed warehouse, the tree and exports: 34 rows. */
import {
  type Ask,
  denied,
  type Exchange,
  NOT_FOUND,
  request,
  SESSION_ONLY,
  type Sheet,
  type Step,
  validation,
} from './exchange.ts'

const P = '/api/projects/<project>'
const W = `${P}/data_warehouse`
const F = `${P}/file_system`
const OPEN = { sessionActions: true } as const
const GOOD = { database_name: 'acme-prod', table_name: 'prod' }

const provision = (body: unknown = GOOD): Ask => ({ method: 'POST', path: `${W}/provision/`, body })
const after = (seconds: number): Step => ({ admin: 'clock', body: { advance_ms: seconds * 1000 } })
const saying = (error: string) => ({ error })
const folder: Step = { method: 'POST', path: `${F}/`, body: { path: 'A', type: 'folder' }, as: 'folder' }

const provisioning: readonly Exchange[] = [
  {
    row: '1',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${W}/warehouse_status/` },
    expect: { status: 403, body: SESSION_ONLY },
  },
  {
    row: '2',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'POST', path: `${W}/provision/`, authorization: 'Bearer <viewReader>', body: GOOD },
    expect: { status: 403, body: denied("API key missing required scope 'warehouse_view:write'") },
  },
  {
    row: '3',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'POST', path: `${W}/provision/`, authorization: 'Bearer <member>', body: GOOD },
    expect: { status: 403, body: saying('Only organization admins can provision the managed warehouse') },
  },
  {
    row: '4',
    tag: 'seeded',
    mark: 'C',
    request: provision({ database_name: 'my_db', table_name: 'prod' }),
    expect: {
      status: 400,
      body: saying(
        'Warehouse name must be a DNS label: lowercase letters, numbers, and hyphens, starting and ending with a letter or number',
      ),
    },
  },
  {
    row: '5',
    tag: 'seeded',
    mark: 'C',
    request: provision({ database_name: 'ab', table_name: 'prod' }),
    expect: { status: 400, body: saying('Warehouse name must be 3-63 characters') },
  },
  {
    row: '6',
    tag: 'seeded',
    mark: 'C',
    request: provision({ database_name: 'acme-prod' }),
    expect: { status: 400, body: saying('table_name is required') },
  },
  {
    row: '7',
    tag: 'seeded',
    mark: 'C',
    request: provision({ database_name: 'acme-prod', table_name: 'My Project' }),
    expect: { status: 400, body: saying('Table name must use only lowercase letters, numbers, and underscores') },
  },
  {
    row: '8',
    tag: 'seeded',
    mark: 'C',
    request: {
      method: 'POST',
      path: '/api/projects/3/data_warehouse/provision/',
      authorization: 'Bearer <outsider>',
      body: GOOD,
    },
    expect: { status: 403, body: saying('This feature is not enabled') },
  },
  {
    row: '9',
    tag: 'seeded',
    mark: 'C',
    fresh: true,
    before: [provision(), after(70)],
    request: provision(),
    expect: { status: 409, body: saying('warehouse already exists in non-terminal state') },
  },
  {
    row: '10',
    tag: 'local-only',
    mark: 'C',
    fresh: true,
    before: [{ admin: 'managed', body: { organization: '0194d640-0000-7000-8000-000000000001', configured: false } }],
    request: provision(),
    expect: { status: 501, body: saying('Managed warehouse provisioning is not configured') },
  },
  {
    row: '11',
    tag: 'local-only',
    mark: 'C',
    profile: OPEN,
    request: { method: 'GET', path: `${W}/warehouse_status/` },
    expect: { status: 404, body: saying('warehouse not found') },
  },
  {
    row: '12',
    tag: 'local-only',
    mark: 'C',
    profile: OPEN,
    request: { method: 'GET', path: `${W}/check-database-name/` },
    expect: { status: 400, body: saying('database_name is required') },
  },
]

const afterwards: readonly Exchange[] = [
  {
    row: '13',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'POST', path: `${W}/enable_backfill/`, body: { table_name: 'prod' } },
    expect: {
      status: 400,
      body: saying('No managed warehouse is provisioned for this organization. Provision one first.'),
    },
  },
  {
    row: '14',
    tag: 'seeded',
    mark: 'C',
    fresh: true,
    before: [provision({ database_name: 'acme-prod', table_name: 'main' })],
    request: { method: 'POST', path: `${W}/enable_backfill/`, body: { table_name: 'prod' } },
    expect: {
      status: 400,
      body: saying(
        "This project already writes to events_main, and its warehouse table can't be changed — that would split its existing data across two tables.",
      ),
    },
  },
  {
    row: '15',
    tag: 'seeded',
    mark: 'C',
    fresh: true,
    before: [provision()],
    request: { method: 'POST', path: `${W}/deprovision/` },
    expect: { status: 409, body: saying('warehouse must be in ready, failed, or provisioning state to deprovision') },
  },
  {
    row: '16',
    tag: 'seeded',
    mark: 'C',
    fresh: true,
    before: [provision(), after(10)],
    request: { method: 'POST', path: `${W}/reset-password/` },
    expect: { status: 409, body: saying('warehouse must be in ready state to reset password') },
  },
  {
    row: '17',
    tag: 'local-only',
    mark: 'C',
    profile: OPEN,
    request: { method: 'GET', path: `${W}/job_stats/?days=14` },
    expect: { status: 400, body: saying('Invalid days parameter. Must be 1, 7, or 30.') },
  },
  {
    row: '18',
    tag: 'local-only',
    mark: 'C',
    profile: OPEN,
    request: { method: 'GET', path: `${W}/running_activity/?limit=ten` },
    expect: { status: 400, body: saying('Invalid limit, offset, or cutoff_days parameter') },
  },
  {
    row: '19',
    tag: 'local-only',
    mark: 'I',
    profile: OPEN,
    request: { method: 'GET', path: `${W}/running_activity/?limit=-5` },
    expect: { status: 500, body: saying('Database error occurred') },
  },
  {
    row: '20',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${W}/property_values/?table_name=stripe_customer` },
    expect: { status: 400, body: validation('You must provide a key') },
  },
  {
    row: '21',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${W}/property_values/?key=id&table_name=nope` },
    expect: { status: 404, body: saying('Data warehouse table not found') },
  },
  {
    row: '22',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'GET', path: `${W}/data_health_issues/`, authorization: 'Bearer <viewReader>' },
    expect: { status: 403, body: denied("API key missing required scope 'external_data_source:read'") },
  },
]

const exported: readonly Exchange[] = [
  {
    row: '23',
    note: 'never ready: its query failed',
    tag: 'seeded',
    mark: 'C',
    before: [
      {
        method: 'POST',
        path: `${P}/exports/`,
        body: {
          export_format: 'text/csv',
          export_context: { source: { kind: 'HogQLQuery', query: 'select * from nowhere' } },
        },
        as: 'export',
      },
    ],
    request: { method: 'GET', path: `${P}/exports/<export>/content/` },
    expect: { status: 404, body: NOT_FOUND },
  },
  {
    row: '24',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${P}/exports/`, body: { export_format: 'text/csv' } },
    expect: { status: 400, body: validation('Either dashboard, insight or export_context is required for an export.') },
  },
  {
    row: '25',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${P}/exports/`, body: { export_format: 'text/plain', export_context: {} } },
    expect: { status: 400, body: validation('"text/plain" is not a valid choice.', 'export_format', 'invalid_choice') },
  },
  {
    row: '26',
    note: 'with a key',
    tag: 'anywhere',
    mark: 'I',
    request: { method: 'DELETE', path: `${P}/exports/812/` },
    expect: { status: 403, body: SESSION_ONLY },
  },
  {
    row: '26',
    note: 'with a session',
    tag: 'local-only',
    mark: 'I',
    profile: OPEN,
    request: { method: 'DELETE', path: `${P}/exports/812/` },
    expect: { status: 405, body: request('method_not_allowed', 'Method "DELETE" not allowed.') },
  },
]

const tree: readonly Exchange[] = [
  {
    row: '27',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${F}/`, body: {} },
    expect: { status: 400, body: validation('This field is required.', 'path', 'required') },
  },
  {
    row: '28',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${F}/`, body: { path: '  ' } },
    expect: { status: 400, body: validation('This field may not be blank.', 'path', 'blank') },
  },
  {
    row: '29',
    tag: 'seeded',
    mark: 'C',
    before: [{ method: 'POST', path: `${F}/`, body: { path: 'A/file', type: 'doc' }, as: 'file' }],
    request: { method: 'POST', path: `${F}/<file>/count/` },
    expect: { status: 400, body: { detail: 'Count can only be called on folders' } },
  },
  {
    row: '30',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'POST', path: `${F}/count_by_path/`, body: { path: 'A' } },
    expect: { status: 400, body: { detail: 'path parameter is required' } },
  },
  {
    row: '31',
    tag: 'seeded',
    mark: 'C',
    before: [folder],
    request: { method: 'POST', path: `${F}/<folder>/move/`, body: { path: 'A/B' } },
    expect: { status: 400, body: { detail: 'new_path is required' } },
  },
  {
    row: '32',
    tag: 'seeded',
    mark: 'C',
    before: [{ method: 'POST', path: `${F}/`, body: { path: 'A/d', type: 'dashboard' }, as: 'dashboard' }],
    request: { method: 'DELETE', path: `${F}/<dashboard>/` },
    expect: { status: 400, body: validation("Cannot delete type 'dashboard' without a reference.", 'detail') },
  },
  {
    row: '33',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${F}/not-a-uuid/` },
    expect: { status: 404, body: NOT_FOUND },
  },
  {
    row: '34',
    tag: 'seeded',
    mark: 'C',
    request: {
      method: 'POST',
      path: `${W}/provision/`,
      raw: { type: 'application/json', text: 'database_name=string' },
    },
    expect: {
      status: 400,
      body: request('parse_error', 'JSON parse error - Expecting value: line 1 column 1 (char 0)'),
    },
  },
]

export const managed: Sheet = {
  name: 'managed-warehouse-files-exports',
  project: 2,
  situations: {},
  exchanges: [...provisioning, ...afterwards, ...exported, ...tree],
}
