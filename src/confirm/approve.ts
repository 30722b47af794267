import type { Confirmed } from '../audit/audit.ts'
import type { Means } from '../call.ts'
import { checkGuard } from '../guard.ts'
import type { Unbound } from '../secrets/caller-secrets.ts'
import { confirm, type Pending } from './confirmation.ts'
import { AskFirst } from './person.ts'

/** What has to be right before a call is sent, and what it is made with. */
export interface Unapproved extends Omit<Pending, 'unbound'> {
  readonly means: Means
  /** The secrets that only a person can let go where the call sends them. @throws ToolError for others that may not */
  check(): Promise<readonly Unbound[]>
}

/** Whether a call may be sent: why not, or how it was approved, where it had to be. */
export interface Approved {
  readonly refused?: unknown
  readonly confirmed?: Confirmed
}

/** The guard's read, then whoever has to approve it. @throws AskFirst where a person is to be asked before */
export const approve = async (pending: Unapproved): Promise<Approved> => {
  const { means, call, look, target, ask } = pending
  const guard = async (): Promise<void> => {
    if (call.operation.guard) await checkGuard(call.operation.guard, look, target, ask)
  }
  let unbound: readonly Unbound[]
  try {
    unbound = await pending.check()
    await guard()
  } catch (refused) {
    return { refused }
  }
  const how = pending.person === undefined ? 'preview' : 'form'
  const at = () => new Date().toISOString()
  try {
    if (!(await confirm(means.confirm, { ...pending, unbound }))) return {}
    // Whoever was asked took their time.
    await guard()
    return { confirmed: { how, answer: 'approved', at: at() } }
  } catch (refused) {
    if (refused instanceof AskFirst) throw refused
    return { refused, confirmed: { how, answer: 'not approved', at: at() } }
  }
}
