import { ADMIN_LEVEL, ORGANIZATIONS, type Organization } from '../seed.ts'
import type { World } from '../world.ts'
import type { Enrolment, ManagedOrganization, ManagedSwitches } from './managed-state.ts'

/** The seeded world: the first organization is in the rollout, the others are not. */
const seededSwitches = (id: string): ManagedSwitches => ({
  featureEnabled: id === ORGANIZATIONS[0]?.id,
  configured: true,
  controlPlane: 'reachable',
  pendingDeletion: false,
  failNext: null,
})

/** What is known of an organization's warehouse; made on first sight. */
export const managedOf = (world: World, id: string): ManagedOrganization => {
  const { organizations } = world.store.state.managed
  const known = organizations.find((candidate) => candidate.id === id)
  if (known !== undefined) return known
  const made = { id, switches: seededSwitches(id), databaseName: null, provisionedAt: null, warehouse: null }
  organizations.push(made)
  return made
}

/** Who holds a database name, deleted warehouses included (fact sheet: managed 1.2). */
export const holderOf = (world: World, name: string): ManagedOrganization | undefined =>
  world.store.state.managed.organizations.find((candidate) => candidate.databaseName === name)

/** The enrolment of a project, if it has one. */
export const enrolmentOf = (world: World, project: number): Enrolment | undefined =>
  world.store.state.managed.enrolments.find((candidate) => candidate.project === project)

/** The other project of an organization that already writes to tables of this suffix. */
export const siblingWith = (world: World, enrolment: Enrolment): Enrolment | undefined =>
  world.store.state.managed.enrolments.find(
    ({ organization, project, suffix }) =>
      organization === enrolment.organization && suffix === enrolment.suffix && project !== enrolment.project,
  )

/** Whether somebody is an admin of an organization or owns it. */
export const isAdmin = (levels: Readonly<Record<string, number>>, organization: Organization['id']): boolean =>
  (levels[organization] ?? 0) >= ADMIN_LEVEL
