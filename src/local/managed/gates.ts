import { ApiError } from '../errors.ts'
import type { ProjectCall } from '../route.ts'
import type { World } from '../world.ts'
import type { ManagedOrganization } from './managed-state.ts'
import { isAdmin, managedOf } from './organizations.ts'

/** The hand-written answers of this resource: `{error}` with any status (fact sheet: managed 0). */
export const refusal = (status: number, error: string): ApiError => new ApiError(status, { error })

/** First of all checks, before the body is read. `verb` completes the sentence of the sheet. Throws 403. */
export const requireAdmin = (call: ProjectCall, verb: string): void => {
  if (isAdmin(call.key.user.levels, call.project.organization)) return
  throw refusal(403, `Only organization admins can ${verb} the managed warehouse`)
}

/** The organization of a call when it is in the rollout. Throws 403. */
export const requireFeature = (world: World, call: ProjectCall): ManagedOrganization => {
  const organization = managedOf(world, call.project.organization)
  if (!organization.switches.featureEnabled) throw refusal(403, 'This feature is not enabled')
  return organization
}

/** What can stand before the control plane (fact sheet: managed 1, proxy failures). Throws 501, 502 and 504. */
export const requireControlPlane = ({ switches }: ManagedOrganization): void => {
  if (!switches.configured) throw refusal(501, 'Managed warehouse provisioning is not configured')
  if (switches.controlPlane === 'timeout') throw refusal(504, 'Provisioning service timed out')
  if (switches.controlPlane === 'unreachable') throw refusal(502, 'Provisioning service is unreachable')
}
