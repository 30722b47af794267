import { expect } from 'vitest'
import { askAdmin } from './admin-door.ts'
import type { Client } from './http-client.ts'
import type { ToolSession } from './tools-session.ts'

/** The life of the managed warehouse, its minutes passed by pushing the clock of `client`. */
export const playManaged = async ({ ok, fails }: ToolSession, client: Client): Promise<void> => {
  const pass = (seconds: number) => askAdmin(client, 'POST', 'clock', { advance_ms: seconds * 1_000 })
  const names = { database_name: 'acme-prod', table_name: 'prod' }
  expect(await ok('data_warehouse_check_database_name', { name: 'acme-prod' })).toMatchObject({ available: true })
  expect(await fails('data_warehouse_check_database_name', { name: '9-lives' })).toContain('must start with a letter')
  expect(await fails('data_warehouse_warehouse_status')).toContain('warehouse not found')
  expect(await fails('data_warehouse_enable_backfill', { table_name: 'prod' })).toContain('Provision one first.')
  const { password } = await ok('data_warehouse_provision', names)
  expect(password).toMatch(/^.{16,}$/)
  expect(await fails('data_warehouse_provision', names)).toContain('PostHog answered 409')
  expect(await ok('data_warehouse_warehouse_status')).toMatchObject({ state: 'pending', table_suffix: 'prod' })
  expect(await ok('data_warehouse_enable_backfill', { table_name: 'prod' })).toMatchObject({ enabled: true })
  expect(await fails('data_warehouse_reset_password')).toContain('warehouse must be in ready state to reset password')
  expect(await fails('data_warehouse_deprovision')).toContain(
    'warehouse must be in ready, failed, or provisioning state',
  )
  await pass(70)
  expect(await ok('data_warehouse_warehouse_status')).toMatchObject({ state: 'ready', has_backfill: true })
  const reset = await ok('data_warehouse_reset_password')
  expect(reset).toMatchObject({ username: 'root', sensitive: expect.stringContaining('password') })
  expect(reset.password).not.toBe(password)
  expect(await ok('data_warehouse_deprovision')).toMatchObject({ status: 'deprovisioning started' })
  await pass(30)
  expect(await ok('data_warehouse_warehouse_status')).toMatchObject({ state: 'deleted' })
}

/** What the statistics tell of one run of a view that went well. */
export const playStatistics = async ({ ok, fails, lastRun }: ToolSession): Promise<void> => {
  expect(await ok('data_warehouse_completed_activity')).toMatchObject({ results: [] })
  const { id } = await ok('warehouse_saved_queries_create', { name: 'plans', query: "select 'free' as plan" })
  await ok('warehouse_saved_queries_materialize', { id })
  await lastRun(id, 'Completed')
  expect(await ok('data_warehouse_completed_activity')).toMatchObject({ results: [{ name: 'plans', rows: 1 }] })
  expect(await fails('data_warehouse_completed_activity', { limit: 0 })).toContain('limit')
  expect(await ok('data_warehouse_running_activity')).toMatchObject({ results: [] })
  expect(await ok('data_warehouse_job_stats', { days: 1 })).toMatchObject({ successful_jobs: 1, failed_jobs: 0 })
  expect(await fails('data_warehouse_job_stats', { days: 2 })).toContain('days')
  expect(await ok('data_warehouse_total_rows_stats')).toMatchObject({ billing_available: false, total_rows: 0 })
  expect(await ok('data_warehouse_data_health_issues')).toMatchObject({ total: 0, results: [] })
  const { dashboard_id } = await ok('data_warehouse_data_ops_dashboard')
  expect(await ok('data_warehouse_data_ops_dashboard')).toMatchObject({ dashboard_id })
  const column = { table_name: 'plans', key: 'plan' }
  expect(await ok('data_warehouse_property_values', column)).toMatchObject({ results: ['free'] })
  expect(await fails('data_warehouse_property_values', { ...column, table_name: 'nowhere' })).toContain(
    'Data warehouse table not found',
  )
  await ok('warehouse_saved_queries_delete', { id })
}
