/** The thirteen tools through the real program, on the local warehouse: each one's success fits what it promises. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Connection, connectMcp } from '../fake/mcp.ts'

let mcp: Connection
const called = new Set<string>()

beforeAll(async () => {
  mcp = await connectMcp({
    era: 'modern',
    flags: ['--local', '--session-actions', 'allow'],
    env: { POSTHOG_PERSONAL_API_KEY: undefined, POSTHOG_PROJECT_ID: undefined },
  })
})
afterAll(async () => {
  await mcp?.close()
})

const call = async (name: string, args: Record<string, unknown> = {}) => {
  called.add(name)
  return mcp.call(`data_warehouse_${name}`, args)
}
const ok = async (name: string, args: Record<string, unknown> = {}) => {
  const result = await call(name, args)
  expect(result.isError, result.content[0]?.text).not.toBe(true)
  return result.structuredContent ?? {}
}
const fails = async (name: string, args: Record<string, unknown> = {}) => {
  const result = await call(name, args)
  expect(result.isError).toBe(true)
  return result.content[0]?.text ?? ''
}

it('all thirteen succeed or say why not', async () => {
  expect(await ok('check_database_name', { name: 'acme-prod' })).toMatchObject({ available: true })
  expect(await fails('warehouse_status')).toContain('warehouse not found')
  expect(await fails('enable_backfill', { table_name: 'prod' })).toContain('Provision one first.')
  expect(await ok('provision', { database_name: 'acme-prod', table_name: 'prod' })).toMatchObject({ username: 'root' })
  expect(await ok('warehouse_status')).toMatchObject({ state: 'pending', table_suffix: 'prod' })
  expect(await ok('enable_backfill', { table_name: 'prod' })).toMatchObject({ enabled: true })
  expect(await fails('reset_password')).toContain('warehouse must be in ready state to reset password')
  expect(await fails('deprovision')).toContain('warehouse must be in ready, failed, or provisioning state')
  expect(await ok('running_activity')).toMatchObject({ results: [] })
  expect(await ok('completed_activity')).toMatchObject({ results: [] })
  expect(await ok('job_stats', { days: 30 })).toMatchObject({ days: 30, total_jobs: 0 })
  expect(await ok('total_rows_stats')).toMatchObject({ billing_available: false, total_rows: 0 })
  expect(await ok('data_health_issues')).toMatchObject({ total: 0, results: [] })
  expect(await ok('data_ops_dashboard')).toMatchObject({ dashboard_id: expect.any(Number) })
  const made = await mcp.call('warehouse_saved_queries_create', {
    name: 'plans',
    query: { kind: 'HogQLQuery', query: "select 'free' as plan" },
  })
  expect(made.isError, made.content[0]?.text).not.toBe(true)
  expect(await ok('property_values', { table_name: 'plans', key: 'plan' })).toMatchObject({ results: ['free'] })
  expect(called.size).toBe(13)
})
