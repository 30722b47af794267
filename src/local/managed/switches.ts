import { z } from 'zod'
import { ORGANIZATIONS } from '../seed.ts'
import type { World } from '../world.ts'
import type { ManagedSwitches } from './managed-state.ts'
import { managedOf } from './organizations.ts'

/** What the admin door takes for one organization; what is left out stays as it is. */
export const switchesInput = z.strictObject({
  organization: z.literal(ORGANIZATIONS.map(({ id }) => id)),
  feature_enabled: z.boolean().optional(),
  configured: z.boolean().optional(),
  control_plane: z.enum(['reachable', 'timeout', 'unreachable']).optional(),
  pending_deletion: z.boolean().optional(),
  fail_next: z.string().min(1).max(1_000).nullable().optional(),
})

/** Sets the switches of an organization and gives them all; they are kept like the rest of the state. */
export const setSwitches = async (
  world: World,
  input: z.infer<typeof switchesInput>,
): Promise<Readonly<ManagedSwitches>> => {
  const { switches } = managedOf(world, input.organization)
  switches.featureEnabled = input.feature_enabled ?? switches.featureEnabled
  switches.configured = input.configured ?? switches.configured
  switches.controlPlane = input.control_plane ?? switches.controlPlane
  switches.pendingDeletion = input.pending_deletion ?? switches.pendingDeletion
  if (input.fail_next !== undefined) switches.failNext = input.fail_next
  await world.store.save()
  return switches
}
