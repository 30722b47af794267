/** What the managed warehouse refuses beyond the sheet's own exchanges, which are in test/conformance. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ACME, type ManagedWorld, openManaged } from './managed-world.ts'

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

const GOOD = { database_name: 'acme-prod', table_name: 'prod' }
const denied = (detail: string) => ({ type: 'authentication_error', code: 'permission_denied', detail, attr: null })
const SESSION_ONLY = denied('This action does not support personal API key access')

/** Through the door where session-only actions stay closed. */
const askStrict = async (method: string, path: string, key: string) => {
  const response = await managed.strict.request(`http://127.0.0.1/api/projects/1/data_warehouse/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
  })
  return { status: response.status, body: await response.json() }
}

const switchesOf = () => {
  const found = managed.world.store.state.managed.organizations.find(({ id }) => id === ACME)
  if (found === undefined) throw new Error('nobody has asked for it yet')
  return found.switches
}

const provision = (body: unknown, as = {}) => managed.ask('POST', 'provision/', body, as)
const get = (path: string) => managed.ask('GET', path)

test.each([
  'warehouse_status',
  'check-database-name',
  'completed_activity',
  'running_activity',
  'job_stats',
  'total_rows_stats',
])('%s is for sessions only', async (name) => {
  expect(await askStrict('GET', `${name}/`, 'phx_all')).toEqual({ status: 403, body: SESSION_ONLY })
})

describe('names', () => {
  const long = 'a'.repeat(64)
  test.each([
    ['Acme', 'Warehouse name must be a DNS label'],
    ['1acme', 'Warehouse name must be a DNS label'],
    ['acme-', 'Warehouse name must be a DNS label'],
    ['ac.me', 'Warehouse name must be a DNS label'],
    [' acme', 'Warehouse name must be a DNS label'],
    [long, 'Warehouse name must be 3-63 characters'],
    ['', 'database_name is required'],
    [null, 'database_name is required'],
    [0, 'database_name is required'],
    [[], 'database_name is required'],
  ])('database_name %j', async (database_name, error) => {
    const { status, body } = await provision({ ...GOOD, database_name })
    expect({ status, body }).toEqual({ status: 400, body: { error: expect.stringContaining(error) } })
  })

  test.each([5, true, ['acme']])('database_name %j crashes, as upstream does', async (database_name) => {
    expect(await provision({ ...GOOD, database_name })).toMatchObject({ status: 500, body: { type: 'server_error' } })
  })

  test.each([
    [long, 'Table name must be at most 63 characters'],
    ['my-project', 'Table name must use only lowercase letters, numbers, and underscores'],
    ['', 'table_name is required'],
  ])('table_name %j', async (table_name, error) => {
    expect(await provision({ ...GOOD, table_name })).toEqual({ status: 400, body: { error } })
  })

  test.each(['1prod', '_prod', 'a'.repeat(63)])('table_name %s is fine', async (table_name) => {
    expect((await provision({ ...GOOD, table_name })).status).toBe(202)
  })
})

describe('what is checked first', () => {
  test('the admin, before the body and the feature', async () => {
    expect((await provision('{', { key: 'phx_ben' })).status).toBe(403)
    for (const [path, verb] of [
      ['enable_backfill', 'enable backfill for'],
      ['deprovision', 'deprovision'],
      ['reset-password', 'reset the root password for'],
    ]) {
      expect(await managed.ask('POST', `${path}/`, undefined, { key: 'phx_ben' })).toEqual({
        status: 403,
        body: { error: `Only organization admins can ${verb} the managed warehouse` },
      })
    }
  })

  test('names before the feature for provision, the feature before names for enable_backfill', async () => {
    const as = { key: 'phx_cy', project: 3 }
    const off = { status: 403, body: { error: 'This feature is not enabled' } }
    expect(await provision({}, as)).toMatchObject({ status: 400 })
    expect(await managed.ask('GET', 'check-database-name/?name=a', undefined, as)).toMatchObject({ status: 400 })
    expect(await managed.ask('POST', 'enable_backfill/', {}, as)).toEqual(off)
    expect(await managed.ask('POST', 'deprovision/', undefined, as)).toEqual(off)
    expect(await managed.ask('GET', 'warehouse_status/', undefined, as)).toEqual(off)
  })

  test('an unreachable control plane changes nothing, and enable_backfill does not need it', async () => {
    await provision(GOOD)
    managed.advance(70)
    const before = JSON.stringify(managed.world.store.state.managed.organizations[0]?.warehouse)
    switchesOf().controlPlane = 'timeout'
    const late = { status: 504, body: { error: 'Provisioning service timed out' } }
    for (const path of ['provision/', 'deprovision/', 'reset-password/']) {
      expect(await managed.ask('POST', path, GOOD)).toEqual(late)
    }
    expect(await get('warehouse_status/')).toEqual(late)
    switchesOf().controlPlane = 'unreachable'
    expect(await get('check-database-name/?name=acme-two')).toEqual({
      status: 502,
      body: { error: 'Provisioning service is unreachable' },
    })
    expect(await managed.ask('POST', 'enable_backfill/', { table_name: 'prod' })).toEqual({
      status: 200,
      body: { enabled: true, table_suffix: 'prod' },
    })
    expect(JSON.stringify(managed.world.store.state.managed.organizations[0]?.warehouse)).toBe(before)
  })
})
