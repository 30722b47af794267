import type { ProjectCall } from '../route.ts'
import type { World } from '../world.ts'
import { refusal } from './gates.ts'
import type { ManagedOrganization } from './managed-state.ts'
import { enrolmentOf, siblingWith } from './organizations.ts'

/** After a provisioning: an older suffix stays, a sibling's is not taken, and nobody is told (managed 7.3). */
export const enrolQuietly = (world: World, call: ProjectCall, suffix: string): void => {
  const enrolment = { project: call.project.id, organization: call.project.organization, suffix }
  if (enrolmentOf(world, call.project.id) !== undefined || siblingWith(world, enrolment) !== undefined) return
  world.store.state.managed.enrolments.push(enrolment)
}

/** Enrols a project, whatever the warehouse's state. `taken` refuses a sibling's suffix. Throws 400 (managed 1.5). */
export const enrol = (
  world: World,
  call: ProjectCall,
  organization: ManagedOrganization,
  suffix: string,
  taken: (suffix: string) => Error,
): void => {
  if (organization.provisionedAt === null) {
    throw refusal(400, 'No managed warehouse is provisioned for this organization. Provision one first.')
  }
  const enrolment = { project: call.project.id, organization: organization.id, suffix }
  const known = enrolmentOf(world, call.project.id)
  if (known !== undefined && known.suffix !== suffix) {
    const reason = "its warehouse table can't be changed — that would split its existing data across two tables."
    throw refusal(400, `This project already writes to events_${known.suffix}, and ${reason}`)
  }
  if (siblingWith(world, enrolment) !== undefined) throw taken(suffix)
  if (known === undefined) world.store.state.managed.enrolments.push(enrolment)
}
