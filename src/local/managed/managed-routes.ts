import { notServed } from '../errors.ts'
import { at, type Route } from '../route.ts'
import type { World } from '../world.ts'
import type { ControlPlane } from './control-plane.ts'
import { dataOpsDashboard } from './dashboard.ts'
import { dataHealthIssues } from './health.ts'
import { jobStatistics } from './job-statistics.ts'
import { propertyValues } from './property-values.ts'
import {
  checkDatabaseName,
  checkSchemaName,
  deleteOrganization,
  deprovision,
  enableBackfill,
  onboardTeam,
  provision,
  provisionSchema,
  resetPassword,
  warehouseStatus,
} from './provisioning.ts'
import { rowTotals } from './row-totals.ts'
import { completedActivity, runningActivity } from './run-activity.ts'

const READ = ['warehouse_view:read']
const WRITE = ['warehouse_view:write']
const HEALTH = ['warehouse_view:read', 'external_data_source:read']

/** What only one of the editions has (fact sheet: managed, editions). */
const oldRoutes = (world: World, plane: ControlPlane): readonly Route[] => [
  at('POST', '/data_warehouse/provision', WRITE, (call) => provision(world, plane, call)),
  at('POST', '/data_warehouse/enable_backfill', WRITE, (call) => enableBackfill(world, call)),
  at('GET', '/data_warehouse/data_health_issues', HEALTH, (call) => dataHealthIssues(world, call)),
]

const MONITORING = [
  'managed-warehouse-monitoring',
  'managed-warehouse-monitoring-timeseries',
  'managed-warehouse-data-status',
  'managed-warehouse-source-schemas',
  'data_quality_gate',
]

const newRoutes = (world: World, plane: ControlPlane): readonly Route[] => [
  at('POST', '/data_warehouse/provision', WRITE, (call) => provisionSchema(world, plane, call)),
  at('POST', '/data_warehouse/onboard-team', WRITE, (call) => onboardTeam(world, call)),
  at('DELETE', '/data_warehouse/delete-org', WRITE, (call) => deleteOrganization(world, plane, call)),
  at('GET', '/data_warehouse/check-schema-name', WRITE, (call) => checkSchemaName(world, call)),
  at('GET', '/data_warehouse/data_health_issues', [...HEALTH, 'batch_export:read', 'hog_function:read'], (call) =>
    dataHealthIssues(world, call),
  ),
  ...MONITORING.map((name) =>
    at('GET', `/data_warehouse/${name}`, READ, () => {
      throw notServed(name)
    }),
  ),
]

/** `data_warehouse` of the edition the world was started with. */
export const managedRoutes = (world: World, plane: ControlPlane): readonly Route[] => [
  ...(world.editions.warehouse === 'N' ? newRoutes(world, plane) : oldRoutes(world, plane)),
  at('GET', '/data_warehouse/check-database-name', null, (call) => checkDatabaseName(world, call)),
  at('GET', '/data_warehouse/warehouse_status', null, (call) => warehouseStatus(world, call)),
  at('POST', '/data_warehouse/deprovision', WRITE, (call) => deprovision(world, plane, call)),
  at('POST', '/data_warehouse/reset-password', WRITE, (call) => resetPassword(world, plane, call)),
  at('GET', '/data_warehouse/running_activity', null, (call) => runningActivity(world, call)),
  at('GET', '/data_warehouse/completed_activity', null, (call) => completedActivity(world, call)),
  at('GET', '/data_warehouse/job_stats', null, jobStatistics(world)),
  at('GET', '/data_warehouse/total_rows_stats', null, rowTotals),
  at('GET', '/data_warehouse/data_ops_dashboard', WRITE, (call) => dataOpsDashboard(world, call)),
  at('GET', '/data_warehouse/property_values', ['query:read'], (call) => propertyValues(world, call)),
]
