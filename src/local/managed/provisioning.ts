import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { type ControlPlane, describeWarehouse } from './control-plane.ts'
import { enrol, enrolQuietly } from './enrolments.ts'
import { refusal, requireAdmin, requireControlPlane, requireFeature } from './gates.ts'
import type { ManagedOrganization } from './managed-state.ts'
import { readDatabaseName, readSuffix } from './names.ts'
import { enrolmentOf, holderOf, managedOf, siblingWith } from './organizations.ts'

/** The organization of a call that is in the rollout and whose control plane answers. Throws 403, 501, 502 and 504. */
const proxied = (world: World, call: ProjectCall): ManagedOrganization => {
  const organization = requireFeature(world, call)
  requireControlPlane(organization)
  return organization
}

/** `GET check-database-name`: taken also by one's own organization and by warehouses long deleted. */
export const checkDatabaseName = (world: World, call: ProjectCall): Reply => {
  const name = readDatabaseName(call.url.searchParams.get('name'))
  proxied(world, call)
  return { status: 200, body: { name, available: holderOf(world, name) === undefined } }
}

const started = (organization: ManagedOrganization, password: string): Reply => ({
  status: 202,
  body: { status: 'provisioning started', org: organization.id, username: 'root', password },
})

/** `POST provision` of edition D, which also enrols the calling project. */
export const provision = async (world: World, plane: ControlPlane, call: ProjectCall): Promise<Reply> => {
  requireAdmin(call, 'provision')
  const body = await call.json()
  const databaseName = readDatabaseName(body.database_name)
  const suffix = readSuffix(body.table_name, 'table')
  const organization = proxied(world, call)
  const password = plane.provision(organization, databaseName)
  enrolQuietly(world, call, suffix)
  return started(organization, password)
}

/** The control plane's own rule for schemas, which PostHog's does not have (fact sheet: managed 1.1, edition N). */
const checkSchema = (schema: string): void => {
  if (!/^\d/.test(schema)) return
  throw refusal(400, 'schema_name must be a lowercase identifier: [a-z0-9_], not starting with a digit')
}

/** `POST provision` of edition N. */
export const provisionSchema = async (world: World, plane: ControlPlane, call: ProjectCall): Promise<Reply> => {
  requireAdmin(call, 'provision')
  if (managedOf(world, call.project.organization).switches.pendingDeletion) {
    const reason = 'its managed warehouse can no longer be modified.'
    throw refusal(409, `This organization is pending deletion; ${reason}`)
  }
  const body = await call.json()
  const databaseName = readDatabaseName(body.database_name)
  const suffix = readSuffix(body.schema_name, 'schema')
  const organization = proxied(world, call)
  checkSchema(suffix)
  if (siblingWith(world, { project: call.project.id, organization: organization.id, suffix }) !== undefined) {
    throw refusal(409, 'schema_name is already used by another team in this org')
  }
  const password = plane.provision(organization, databaseName)
  enrolQuietly(world, call, suffix)
  return started(organization, password)
}

/** `GET warehouse_status`; edition N adds two keys. */
export const warehouseStatus = (world: World, call: ProjectCall): Reply => {
  const shown = describeWarehouse(proxied(world, call))
  const suffix = enrolmentOf(world, call.project.id)?.suffix ?? null
  const has_backfill = suffix !== null
  const added = world.editions.warehouse === 'N' ? { team_onboarded: has_backfill, schema_name: suffix } : {}
  return { status: 200, body: { ...shown, has_backfill, table_suffix: suffix, ...added } }
}

/** `POST enable_backfill` of edition D; it never asks the control plane. */
export const enableBackfill = async (world: World, call: ProjectCall): Promise<Reply> => {
  requireAdmin(call, 'enable backfill for')
  const organization = requireFeature(world, call)
  const suffix = readSuffix((await call.json()).table_name, 'table')
  enrol(world, call, organization, suffix, () => {
    const reason = 'is already used by another environment in this organization.'
    return refusal(400, `The table name '${suffix}' ${reason}`)
  })
  return { status: 200, body: { enabled: true, table_suffix: suffix } }
}

/** `POST onboard-team` of edition N, which took the place of `enable_backfill`. */
export const onboardTeam = async (world: World, call: ProjectCall): Promise<Reply> => {
  requireAdmin(call, 'onboard this project for')
  const organization = requireFeature(world, call)
  const suffix = readSuffix((await call.json()).schema_name, 'schema')
  if (organization.switches.controlPlane !== 'reachable') {
    const advice = 'Try again in a few minutes.'
    throw refusal(502, `Could not read the organization's managed warehouse state. ${advice}`)
  }
  checkSchema(suffix)
  enrol(world, call, organization, suffix, () =>
    refusal(409, `The schema name '${suffix}' is already used by another project in this organization.`),
  )
  return { status: 200, body: { onboarded: true, schema_name: suffix } }
}

/** `GET check-schema-name` of edition N: free when no other project of the organization has it. */
export const checkSchemaName = (world: World, call: ProjectCall): Reply => {
  requireAdmin(call, 'check schema names for')
  const name = readSuffix(call.url.searchParams.get('name'), 'schema')
  const organization = proxied(world, call)
  checkSchema(name)
  const taken = siblingWith(world, { project: call.project.id, organization: organization.id, suffix: name })
  return { status: 200, body: { name, available: taken === undefined } }
}

/** `POST deprovision`. Edition N takes a warehouse that is going or gone for a success. */
export const deprovision = (world: World, plane: ControlPlane, call: ProjectCall): Reply => {
  requireAdmin(call, 'deprovision')
  const organization = proxied(world, call)
  const status = 'deprovisioning started'
  if (world.editions.warehouse === 'N' && /^delet/.test(organization.warehouse?.status ?? '')) {
    return { status: 202, body: { status } }
  }
  plane.deprovision(organization)
  return { status: 202, body: { status, org: organization.id } }
}

/** `DELETE delete-org` of edition N. */
export const deleteOrganization = (world: World, plane: ControlPlane, call: ProjectCall): Reply => {
  requireAdmin(call, 'delete the provisioning record for')
  const organization = proxied(world, call)
  plane.deleteOrganization(organization)
  return { status: 200, body: { deleted: organization.id } }
}

/** `POST reset-password`: shown once, like the first one. */
export const resetPassword = (world: World, plane: ControlPlane, call: ProjectCall): Reply => {
  requireAdmin(call, 'reset the root password for')
  const organization = proxied(world, call)
  return { status: 200, body: { username: 'root', password: plane.resetPassword(organization) } }
}
