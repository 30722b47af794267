/**
 * The permission pipeline, its order above all; the sheet's own exchanges are in test/conformance. No engine is needed:
 * nothing here gets as far as SQL.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountRoutes } from '../../src/local/accounts.ts'
import { createApp } from '../../src/local/app.ts'
import { Clock } from '../../src/local/clock.ts'
import { DiskGuard } from '../../src/local/disk-guard.ts'
import type { Engine } from '../../src/local/engine/engine.ts'
import { exportRoutes } from '../../src/local/exports/export-routes.ts'
import { KeyRing } from '../../src/local/keys.ts'
import { LocalFiles } from '../../src/local/local-files.ts'
import { ControlPlane } from '../../src/local/managed/control-plane.ts'
import { managedRoutes } from '../../src/local/managed/managed-routes.ts'
import { Store } from '../../src/local/store.ts'
import { tableRoutes } from '../../src/local/table-routes.ts'
import { treeRoutes } from '../../src/local/tree/tree-routes.ts'
import { Turns } from '../../src/local/turns.ts'
import { unservedRoutes } from '../../src/local/unserved.ts'
import { viewRoutes } from '../../src/local/view-routes.ts'
import { Runs } from '../../src/local/view-runs.ts'
import type { World } from '../../src/local/world.ts'

const noEngine = new Proxy({} as Engine, { get: () => () => Promise.reject(new Error('this test reaches no engine')) })

const ACME = '0194d640-0000-7000-8000-000000000001'
const GLOBEX = '0194d640-0000-7000-8000-000000000002'

let directory: string
let store: Store
let strict: Hono
let open: Hono
let now = Date.parse('2026-03-01T10:00:00Z')

const build = async (sessionActions: boolean): Promise<Hono> => {
  const keys = new KeyRing()
  const made = '2026-01-01T00:00:00Z'
  keys.add('phx_all', { label: 'all', scopes: ['*'] }, made)
  keys.add('phx_one', { label: 'one', scopes: ['*'], projects: [1] }, made)
  keys.add('phx_globex', { label: 'globex', scopes: ['*'], organizations: [GLOBEX] }, made)
  keys.add('phx_read', { label: 'read', scopes: ['warehouse_view:read', 'warehouse_table:write'] }, made)
  keys.add('phx_user', { label: 'user', scopes: ['user:read'], projects: [1] }, made)
  keys.add('phx_umbrella', { label: 'umbrella', scopes: ['warehouse_objects:write'] }, made)
  keys.add('phx_ben', { label: 'ben', scopes: ['*'], owner: 'member' }, made)
  keys.add('phx_cy', { label: 'cy', scopes: ['*'], owner: 'outsider' }, made)
  const world: World = {
    store,
    engine: noEngine,
    keys,
    files: await LocalFiles.open([], false),
    commits: new Turns(),
    clock: () => now,
    alarms: new Clock(),
    sessionActions,
    editions: { tables: 'L', warehouse: 'D', files: 'F2' },
    throttles: false,
    disk: new DiskGuard(directory),
    log: (message) => {
      throw new Error(message)
    },
  }
  const runs = new Runs(world)
  return createApp(world, [
    ...accountRoutes,
    ...tableRoutes(world),
    ...viewRoutes(world, runs),
    ...managedRoutes(world, new ControlPlane(world)),
    ...(await exportRoutes(world)).routes,
    ...treeRoutes(world),
    ...unservedRoutes,
  ])
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'http-auth-'))
  store = await Store.open(directory)
  strict = await build(false)
  open = await build(true)
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const ask = async (app: Hono, key: string | undefined, method: string, path: string, body?: string) => {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: key }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await app.request(`http://127.0.0.1${path}`, { method, headers, ...(body && { body }) })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? null : (JSON.parse(text) as unknown),
    headers: response.headers,
  }
}

const e401 = (detail: string, code = 'authentication_failed') => ({
  type: 'authentication_error',
  code,
  detail,
  attr: null,
})
const e403 = (detail: string) => ({ type: 'authentication_error', code: 'permission_denied', detail, attr: null })
const e404 = (detail: string) => ({ type: 'invalid_request', code: 'not_found', detail, attr: null })

const CHALLENGE = 'Bearer resource_metadata="http://127.0.0.1/.well-known/oauth-protected-resource"'
const NONE = e401('Authentication credentials were not provided.', 'not_authenticated')
const SESSION_ONLY = e403('This action does not support personal API key access')
const UNKNOWN = '0199aaaa-0000-7000-8000-000000000000'
const VIEWS = '/api/projects/1/warehouse_saved_queries'

type Row = [why: string, key: string | undefined, method: string, path: string, status: number, body: unknown]

const rows: Row[] = [
  ['upper-case BEARER', 'BEARER phx_all', 'GET', '/api/users/@me/', 401, NONE],
  [
    'header first, then query',
    'Bearer phx_wrong',
    'GET',
    '/api/users/@me/?personal_api_key=phx_all',
    401,
    e401('Personal API key found in request Authorization header is invalid.'),
  ],
  ['OAuth token', 'Bearer pha_old', 'GET', '/api/users/@me/', 401, e401('Invalid access token.')],
  [
    '401 beats an unmapped method',
    'Bearer phx_wrong',
    'PUT',
    '/api/users/@me/',
    401,
    e401('Personal API key found in request Authorization header is invalid.'),
  ],
  [
    'session-only beats an unknown project',
    'Bearer phx_all',
    'GET',
    '/api/projects/999999/data_warehouse/job_stats/',
    403,
    SESSION_ONLY,
  ],
  [
    'unknown project beats project scoping',
    'Bearer phx_one',
    'GET',
    '/api/projects/999999/file_system/',
    404,
    e404('Project not found.'),
  ],
  [
    'unknown project beats a missing scope',
    'Bearer phx_user',
    'GET',
    '/api/projects/999999/file_system/',
    404,
    e404('Project not found.'),
  ],
  [
    'keys forbidden to members',
    'Bearer phx_ben',
    'GET',
    '/api/projects/3/file_system/',
    403,
    e403(
      "Organization 'Globex' does not allow using personal API keys. Contact an admin to enable personal API keys for this organization.",
    ),
  ],
  [
    'the same on projects',
    'Bearer phx_one',
    'GET',
    '/api/projects/',
    403,
    e403('API keys with scoped projects are only supported on project-based endpoints.'),
  ],
  [
    'scoping beats a missing scope',
    'Bearer phx_user',
    'GET',
    '/api/projects/2/file_system/',
    403,
    e403('API key does not have access to the requested project: ID 2.'),
  ],
  [
    'organization-scoped key, other organization',
    'Bearer phx_globex',
    'GET',
    '/api/projects/1/file_system/',
    403,
    e403(`API key does not have access to the requested organization: ID ${ACME}.`),
  ],
  [
    'the umbrella covers nothing',
    'Bearer phx_umbrella',
    'GET',
    `${VIEWS}/`,
    403,
    e403("API key missing required scope 'warehouse_view:read'"),
  ],
  ['unknown path without key', undefined, 'GET', '/api/nope', 404, e404('Endpoint not found.')],
  [
    'session-only action of tables',
    'Bearer phx_all',
    'POST',
    `/api/projects/1/warehouse_tables/${UNKNOWN}/update_schema/`,
    403,
    SESSION_ONLY,
  ],
  ['unknown row', 'Bearer phx_all', 'GET', `${VIEWS}/${UNKNOWN}/`, 404, e404('Not found.')],
  ['malformed id', 'Bearer phx_all', 'GET', `${VIEWS}/nope/`, 404, e404('Not found.')],
  ['hostile id', 'Bearer phx_all', 'GET', `${VIEWS}/..%2F..%2Fusers/`, 404, e404('Not found.')],
  ['other organization', 'Bearer phx_all', 'GET', `/api/organizations/${GLOBEX}/projects/`, 404, e404('Not found.')],
]

describe('what is refused', () => {
  test('the table is whole', () => expect(rows).toHaveLength(18))

  test.each(rows)('%s', async (_why, key, method, path, status, body) => {
    const reply = await ask(strict, key, method, path)
    expect(reply).toMatchObject({ status, body })
    if (status === 401) expect(reply.headers.get('www-authenticate')).toBe(CHALLENGE)
  })

  test('a session-only action passes where session actions are open', async () => {
    expect(await ask(open, 'Bearer phx_all', 'POST', `${VIEWS}/${UNKNOWN}/descendants/`)).toMatchObject({
      status: 404,
      body: e404('Not found.'),
    })
  })

  test('a body is parsed after the permissions and before the row is looked for', async () => {
    const path = `${VIEWS}/${UNKNOWN}/`
    expect(await ask(strict, 'Bearer phx_read', 'PATCH', path, '{')).toMatchObject({ status: 403 })
    expect(await ask(strict, 'Bearer phx_all', 'PATCH', path, 'x')).toMatchObject({
      status: 400,
      body: {
        type: 'invalid_request',
        code: 'parse_error',
        detail: 'JSON parse error - Expecting value: line 1 column 1 (char 0)',
        attr: null,
      },
    })
    expect(await ask(strict, 'Bearer phx_all', 'PATCH', path, '[1]')).toMatchObject({
      status: 400,
      body: {
        type: 'validation_error',
        code: 'invalid_input',
        detail: 'Invalid data. Expected a dictionary, but got list.',
        attr: null,
      },
    })
  })

  test('a body over 20 MiB is a 413, and one that is not JSON a 415', async () => {
    const path = `${VIEWS}/`
    const long = `{"name":"${'x'.repeat(20 * 1024 * 1024)}"}`
    expect((await ask(strict, 'Bearer phx_all', 'POST', path, long)).status).toBe(413)
    const response = await strict.request(`http://127.0.0.1${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer phx_all', 'content-type': 'text/plain' },
      body: 'name=x',
    })
    expect(response.status).toBe(415)
    expect(await response.json()).toEqual({
      type: 'invalid_request',
      code: 'unsupported_media_type',
      detail: 'Unsupported media type "text/plain" in request.',
      attr: null,
    })
  })

  test('what is not built says 501 after the checks', async () => {
    const logs = '/api/projects/1/external_data_schemas/00000000-0000-4000-8000-000000000000/logs/'
    expect(await ask(strict, 'Bearer phx_all', 'GET', logs)).toMatchObject({
      status: 501,
      body: {
        type: 'server_error',
        code: 'not_implemented',
        detail: 'The local warehouse does not serve external_data_schemas yet.',
        attr: null,
      },
    })
  })
})

describe('what is allowed', () => {
  test.each([
    `${VIEWS}/`,
    VIEWS,
    '/api/environments/1/warehouse_saved_queries/',
    '/api/environments/@current/warehouse_saved_queries',
    '/api/projects/@current/warehouse_saved_queries/',
  ])('%s is the list of views', async (path) => {
    expect(await ask(strict, 'Bearer phx_one', 'GET', path)).toMatchObject({
      status: 200,
      body: { count: 0, next: null, previous: null, results: [] },
    })
  })

  test('write includes read of the same object', async () => {
    expect((await ask(strict, 'Bearer phx_read', 'GET', '/api/projects/1/warehouse_tables/')).status).toBe(200)
  })

  test('a key in the body counts when there is no header', async () => {
    const reply = await ask(strict, undefined, 'POST', `${VIEWS}/`, '{"personal_api_key":"phx_all"}')
    expect(reply).toMatchObject({ status: 400, body: { code: 'required', attr: 'name' } })
    expect(await ask(strict, undefined, 'POST', `${VIEWS}/`, '{"personal_api_key":"phx_x"}')).toMatchObject({
      status: 401,
      body: e401('Personal API key found in request body is invalid.'),
    })
  })

  test('users/@me works for a project-scoped key and names its projects', async () => {
    const { status, body } = await ask(strict, 'Bearer phx_user', 'GET', '/api/users/@me/')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      email: 'ada@example.com',
      team: { id: 1, project_id: 1, organization: ACME },
      organization: { id: ACME, membership_level: 8, projects: [{ id: 1 }, { id: 2 }] },
      organizations: [{ id: ACME, members_can_use_personal_api_keys: true }],
    })
  })

  test('the key describes itself without its value', async () => {
    const { body } = await ask(strict, 'Bearer phx_user', 'GET', '/api/personal_api_keys/@current')
    expect(body).toMatchObject({
      label: 'user',
      value: null,
      mask_value: 'phx_...user',
      scopes: ['user:read'],
      scoped_teams: [1],
      scoped_organizations: [],
      user_id: 1,
    })
  })

  test('organizations and their projects', async () => {
    const organizations = await ask(strict, 'Bearer phx_ben', 'GET', '/api/organizations/')
    expect(organizations.body).toMatchObject({
      count: 2,
      results: [{ name: 'Acme', membership_level: 1 }, { name: 'Globex' }],
    })
    const projects = await ask(strict, 'Bearer phx_all', 'GET', `/api/organizations/${ACME}/projects/?limit=1`)
    expect(projects.body).toMatchObject({
      count: 2,
      next: `http://127.0.0.1/api/organizations/${ACME}/projects/?limit=1&offset=1`,
      results: [{ id: 1, name: 'Local warehouse' }],
    })
    expect((await ask(strict, 'Bearer phx_all', 'GET', '/api/projects/')).body).toMatchObject({ count: 2 })
    expect((await ask(strict, 'Bearer phx_one', 'GET', '/api/projects/@current/')).body).toMatchObject({ id: 1 })
  })

  test('outside /api there is a page, and health needs no key', async () => {
    const page = await strict.request('http://127.0.0.1/project/1')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8'])
    expect(await (await strict.request('http://127.0.0.1/_health')).text()).toBe('ok')
  })
})

describe('throttles', () => {
  test('an eleventh run of one view within a minute waits, other views and later calls do not', async () => {
    const run = (id: string) =>
      ask(strict, 'Bearer phx_all', 'POST', `/api/projects/1/warehouse_saved_queries/${id}/run/`)
    for (let call = 0; call < 10; call += 1) expect((await run(UNKNOWN)).status).toBe(404)
    now += 12_000
    const refused = await run(UNKNOWN)
    expect(refused).toMatchObject({
      status: 429,
      body: {
        type: 'throttled_error',
        code: 'throttled',
        detail: 'Request was throttled. Expected available in 48 seconds.',
        attr: null,
      },
    })
    expect(refused.headers.get('retry-after')).toBe('48')
    expect((await run('0199bbbb-0000-7000-8000-000000000000')).status).toBe(404)
    now += 48_000
    expect((await run(UNKNOWN)).status).toBe(404)
  })

  test('materialize and revert share five calls an hour, and a missing scope is told first', async () => {
    const id = '0199cccc-0000-7000-8000-000000000000'
    const post = (key: string, action: string) => ask(strict, `Bearer ${key}`, 'POST', `${VIEWS}/${id}/${action}/`)
    for (const action of [
      'materialize',
      'revert_materialization',
      'materialize',
      'materialize',
      'revert_materialization',
    ]) {
      expect((await post('phx_all', action)).status).toBe(404)
    }
    expect((await post('phx_all', 'materialize')).status).toBe(429)
    expect((await post('phx_all', 'revert_materialization')).headers.get('retry-after')).toBe('3600')
    expect((await post('phx_read', 'materialize')).status).toBe(403)
    now += 3_600_000
    expect((await post('phx_all', 'materialize')).status).toBe(404)
  })
})
