/** A warehouse on the clock: provisioned, ready, failed, taken down, across restarts, and as edition N tells of it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ACME, GLOBEX, type ManagedWorld, openManaged } from './managed-world.ts'

let directory: string
let managed: ManagedWorld

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'managed-'))
  managed = await openManaged(directory)
})
afterEach(async () => {
  await managed.close()
  await rm(directory, { recursive: true })
})

const reopen = async (edition: 'D' | 'N', lateBy = 0) => {
  await managed.close()
  managed = await openManaged(directory, edition, lateBy)
}
const post = (path: string, body?: unknown, as = {}) => managed.ask('POST', `${path}/`, body, as)
const status = (as = {}) => managed.ask('GET', 'warehouse_status/', undefined, as)
const provision = (database_name = 'acme-prod', table_name = 'prod_events', as = {}) =>
  post('provision', { database_name, table_name }, as)
const isFree = async (name: string) => {
  const { body } = await managed.ask('GET', `check-database-name/?name=${name}`)
  return body
}
const PASSWORD = /^[\w-]{43}$/
const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

const parts = (state: string) => ({
  s3_state: state,
  metadata_store_state: state,
  identity_state: state,
  secrets_state: state,
})
const ENROLLED = { has_backfill: true, table_suffix: 'prod_events' }
const READY = {
  org_id: ACME,
  state: 'ready',
  status_message: 'Infrastructure ready',
  ...parts('ready'),
  ready_at: isoTime,
  connection: { host: 'acme-prod.dw.test.local', port: 5432, database: 'ducklake', username: 'root' },
  ...ENROLLED,
}
const gone = (state: string, status_message: string) => {
  const { connection: _, ...shown } = READY
  return { ...shown, state, status_message }
}

const organization = (id = ACME) => {
  const found = managed.world.store.state.managed.organizations.find((each) => each.id === id)
  if (found === undefined) throw new Error('nobody has asked for it yet')
  return found
}

test('from nothing to ready, down, and up again under another name', async () => {
  expect(await isFree('acme-prod')).toEqual({ name: 'acme-prod', available: true })
  const made = await provision()
  expect(made).toEqual({
    status: 202,
    body: { status: 'provisioning started', org: ACME, username: 'root', password: expect.stringMatching(PASSWORD) },
  })
  expect(await isFree('acme-prod')).toEqual({ name: 'acme-prod', available: false })
  const pending = { org_id: ACME, state: 'pending', status_message: '', ...parts('pending'), ...ENROLLED }
  expect(await status()).toEqual({ status: 200, body: pending })

  managed.advance(10)
  const provisioning = { ...pending, state: 'provisioning', status_message: 'Provisioning in progress...' }
  expect((await status()).body).toEqual(provisioning)
  managed.advance(10)
  expect((await status()).body).toEqual({ ...provisioning, ...parts('provisioning') })
  managed.advance(45)
  expect((await status()).body).toMatchObject({ state: 'provisioning' })
  managed.advance(5)
  expect((await status()).body).toEqual(READY)

  // Nobody sees the first password again, and the one that replaces it is another.
  const reset = await post('reset-password')
  expect(reset).toEqual({ status: 200, body: { username: 'root', password: expect.stringMatching(PASSWORD) } })
  expect(reset.body).not.toMatchObject({ password: (made.body as { password: string }).password })

  expect(await post('deprovision')).toEqual({ status: 202, body: { status: 'deprovisioning started', org: ACME } })
  expect((await status()).body).toEqual(gone('deleting', 'Deprovisioning...'))
  for (const path of ['deprovision', 'reset-password']) expect((await post(path)).status).toBe(409)
  expect((await provision()).status).toBe(409)
  managed.advance(30)
  expect((await status()).body).toEqual(gone('deleted', 'Resources deleted'))
  for (const path of ['deprovision', 'reset-password']) expect((await post(path)).status).toBe(409)
  expect(await isFree('acme-prod')).toEqual({ name: 'acme-prod', available: false })

  // The suffix is for life: another one is accepted and not used.
  expect((await provision('acme-two', 'other')).status).toBe(202)
  managed.advance(70)
  expect((await status()).body).toMatchObject({
    state: 'ready',
    connection: { host: 'acme-two.dw.test.local', database: 'ducklake' },
    table_suffix: 'prod_events',
  })
  expect(await isFree('acme-prod')).toEqual({ name: 'acme-prod', available: true })
})

test('without a warehouse there is nothing to take down or reset', async () => {
  for (const path of ['deprovision', 'reset-password']) {
    expect(await post(path)).toEqual({ status: 404, body: { error: 'warehouse not found' } })
  }
})

test('a provisioning that fails can be taken down or begun again', async () => {
  await status()
  organization().switches.failNext = 'no room in this region'
  await provision()
  managed.advance(10)
  const failed = {
    org_id: ACME,
    state: 'failed',
    status_message: 'Failed to create Duckling CR: no room in this region',
    ...parts('pending'),
    failed_at: isoTime,
    ...ENROLLED,
  }
  expect((await status()).body).toEqual(failed)
  expect((await post('reset-password')).status).toBe(409)
  expect((await provision()).status).toBe(202)
  expect((await status()).body).not.toHaveProperty('failed_at')
  managed.advance(70)
  expect((await status()).body).toEqual(READY)
})

test('a warehouse that is still being provisioned can be taken down', async () => {
  await provision()
  managed.advance(15)
  expect((await post('deprovision')).status).toBe(202)
  managed.advance(600)
  expect((await status()).body).toMatchObject({ state: 'deleted', status_message: 'Resources deleted' })
  expect((await status()).body).not.toHaveProperty('ready_at')
})

test('a name belongs to one organization', async () => {
  await managed.ask('GET', 'warehouse_status/', undefined, { key: 'phx_cy', project: 3 })
  organization(GLOBEX).switches.featureEnabled = true
  await provision()
  const taken = await provision('acme-prod', 'main', { key: 'phx_cy', project: 3 })
  expect(taken).toEqual({
    status: 409,
    body: {
      error: expect.stringMatching(/^provision conflicts with existing state \(likely database_name in use\): /),
    },
  })
  expect(organization(GLOBEX)).toMatchObject({ provisionedAt: null, warehouse: null })
  const globex = { key: 'phx_cy', project: 3 }
  expect((await provision('globex', 'prod_events', globex)).status).toBe(202)
  // Suffixes are a matter of one organization.
  expect((await status(globex)).body).toMatchObject({ org_id: GLOBEX, table_suffix: 'prod_events' })
})

describe('backfill', () => {
  test('is per project, with a suffix of its own', async () => {
    await provision()
    const staging = { project: 2 }
    expect((await status(staging)).body).toMatchObject({ state: 'pending', has_backfill: false, table_suffix: null })
    expect(await post('enable_backfill', { table_name: 'prod_events' }, staging)).toEqual({
      status: 400,
      body: { error: "The table name 'prod_events' is already used by another environment in this organization." },
    })
    for (const _ of [1, 2]) {
      expect(await post('enable_backfill', { table_name: 'staging' }, staging)).toEqual({
        status: 200,
        body: { enabled: true, table_suffix: 'staging' },
      })
    }
    expect(managed.world.store.state.managed.enrolments).toHaveLength(2)
    expect((await status(staging)).body).toMatchObject({ has_backfill: true, table_suffix: 'staging' })
    expect((await status()).body).toMatchObject({ has_backfill: true, table_suffix: 'prod_events' })
  })

  test("a provisioning with a sibling's suffix works and enrols nobody", async () => {
    await provision()
    managed.advance(70)
    await post('deprovision')
    managed.advance(30)
    // It succeeds although the warehouse is deleted: only the organization's past is looked at.
    expect((await post('enable_backfill', { table_name: 'prod_events' })).status).toBe(200)
    expect((await provision('acme-prod', 'prod_events', { project: 2 })).status).toBe(202)
    expect((await status({ project: 2 })).body).toMatchObject({ has_backfill: false, table_suffix: null })
  })
})

describe('a restart', () => {
  test('goes on where it was', async () => {
    await provision()
    managed.advance(10)
    await reopen('D')
    expect((await status()).body).toMatchObject({ state: 'provisioning', ...parts('pending') })
    managed.advance(80)
    expect((await status()).body).toEqual(READY)
    await post('deprovision')
    await reopen('D', 90)
    managed.advance(40)
    expect((await status()).body).toMatchObject({ state: 'deleted' })
  })

  test('after a long time finds what happened meanwhile, at its own time', async () => {
    await provision()
    const at = Date.now()
    await reopen('D', 3600)
    const { body } = await status()
    expect(body).toEqual(READY)
    const readyAt = Date.parse((body as { ready_at: string }).ready_at)
    // Seventy seconds after the provisioning, not an hour.
    expect(readyAt - at).toBeGreaterThan(60_000)
    expect(readyAt - at).toBeLessThanOrEqual(70_000)
  })

  test('finds no password', async () => {
    const { body } = await provision()
    await managed.world.store.save()
    const file = await readFile(join(directory, 'state.json'), 'utf8')
    expect(file).toContain('acme-prod')
    expect(file).not.toContain((body as { password: string }).password)
  })
})

describe('edition N', () => {
  const provisionN = (schema_name = 'prod_events', as = {}) =>
    post('provision', { database_name: 'acme-prod', schema_name }, as)

  beforeEach(() => reopen('N'))

  test('calls the suffix a schema and onboards projects', async () => {
    expect(await provision()).toEqual({ status: 400, body: { error: 'schema_name is required' } })
    expect(await provisionN('My Schema')).toEqual({
      status: 400,
      body: { error: 'Schema name must use only lowercase letters, numbers, and underscores' },
    })
    expect(await provisionN('1prod')).toEqual({
      status: 400,
      body: { error: 'schema_name must be a lowercase identifier: [a-z0-9_], not starting with a digit' },
    })
    expect((await provisionN()).status).toBe(202)
    expect((await status()).body).toMatchObject({ team_onboarded: true, schema_name: 'prod_events' })
    expect((await status({ project: 2 })).body).toMatchObject({ team_onboarded: false, schema_name: null })
    expect(await managed.ask('GET', 'check-schema-name/?name=prod_events', undefined, { project: 2 })).toEqual({
      status: 200,
      body: { name: 'prod_events', available: false },
    })
    expect(await post('onboard-team', { schema_name: 'prod_events' }, { project: 2 })).toEqual({
      status: 409,
      body: { error: "The schema name 'prod_events' is already used by another project in this organization." },
    })
    expect(await post('onboard-team', { schema_name: 'staging' }, { project: 2 })).toEqual({
      status: 200,
      body: { onboarded: true, schema_name: 'staging' },
    })
    organization().switches.controlPlane = 'timeout'
    expect(await post('onboard-team', { schema_name: 'staging' }, { project: 2 })).toEqual({
      status: 502,
      body: { error: "Could not read the organization's managed warehouse state. Try again in a few minutes." },
    })
    expect(await post('enable_backfill', { table_name: 'x' })).toMatchObject({
      status: 404,
      body: { detail: 'Endpoint not found.' },
    })
  })

  test("refuses a sibling's schema, and an organization that is going", async () => {
    await provisionN()
    managed.advance(70)
    await post('deprovision')
    managed.advance(30)
    expect(await provisionN('prod_events', { project: 2 })).toEqual({
      status: 409,
      body: { error: 'schema_name is already used by another team in this org' },
    })
    organization().switches.pendingDeletion = true
    expect(await provisionN('')).toEqual({
      status: 409,
      body: { error: 'This organization is pending deletion; its managed warehouse can no longer be modified.' },
    })
  })

  test('takes down twice without complaint and frees the name', async () => {
    const remove = () => managed.ask('DELETE', 'delete-org/')
    expect(await remove()).toEqual({ status: 404, body: { error: 'org not found' } })
    await provisionN()
    managed.advance(70)
    await post('deprovision')
    expect(await post('deprovision')).toEqual({ status: 202, body: { status: 'deprovisioning started' } })
    expect(await remove()).toEqual({
      status: 409,
      body: {
        error: 'warehouse still exists — deprovision it and wait for teardown to complete before deleting the org',
      },
    })
    managed.advance(30)
    expect((await post('deprovision')).status).toBe(202)
    expect(await remove()).toEqual({ status: 200, body: { deleted: ACME } })
    expect(await isFree('acme-prod')).toEqual({ name: 'acme-prod', available: true })
    expect((await status()).status).toBe(404)
  })

  test('names its own admin actions, and says what it does not serve', async () => {
    const ben = { key: 'phx_ben' }
    for (const [method, path, verb] of [
      ['POST', 'onboard-team/', 'onboard this project for'],
      ['DELETE', 'delete-org/', 'delete the provisioning record for'],
      ['GET', 'check-schema-name/', 'check schema names for'],
    ] as const) {
      expect(await managed.ask(method, path, undefined, ben)).toEqual({
        status: 403,
        body: { error: `Only organization admins can ${verb} the managed warehouse` },
      })
    }
    expect(await managed.ask('GET', 'managed-warehouse-monitoring/')).toMatchObject({
      status: 501,
      body: { detail: 'The local warehouse does not serve managed-warehouse-monitoring yet.' },
    })
  })
})

test('edition D has none of the new actions', async () => {
  for (const [method, path] of [
    ['POST', 'onboard-team/'],
    ['DELETE', 'delete-org/'],
    ['GET', 'check-schema-name/?name=x'],
  ] as const) {
    expect(await managed.ask(method, path)).toMatchObject({ status: 404, body: { detail: 'Endpoint not found.' } })
  }
})
