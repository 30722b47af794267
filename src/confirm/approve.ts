import type { Confirmed } from '../audit/audit.ts'
import type { Means } from '../call.ts'
import { checkGuard } from '../guard.ts'
import type { Seen } from '../pages/enter.ts'
import type { Unbound } from '../secrets/caller-secrets.ts'
import { confirm, type Pending } from './confirmation.ts'
import { NotApproved } from './not-approved.ts'
import { AskFirst } from './person.ts'
import { lossOf } from './policy.ts'

/** What has to be right before a call is sent, and what it is made with. */
export interface Unapproved extends Omit<Pending, 'unbound' | 'approved'> {
  readonly means: Means
  /** Where a person filled in what is sent, if they did. */
  readonly seen: Seen | undefined
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
  // Whoever filled in the page saw all that is sent, and sent it.
  if (pending.seen === 'page' && unbound.length === 0 && lossOf(call.operation, call.input, false) === undefined)
    return { confirmed: { how: 'page', answer: 'approved', at: new Date().toISOString() } }
  let wasApproved = false
  const approved = (): void => {
    wasApproved = true
  }
  try {
    if (!(await confirm(means.confirm, { ...pending, unbound, approved }))) return {}
    approved()
    // Whoever was asked took their time.
    await guard()
    return { confirmed: toConfirmed(pending, 'approved') }
  } catch (refused) {
    if (refused instanceof AskFirst) throw refused
    return { refused, confirmed: toRefused(pending, refused, wasApproved) }
  }
}

type Asked = Pick<Unapproved, 'person' | 'token'>

const toConfirmed = ({ person }: Asked, answer: string): Confirmed => ({
  how: person === undefined ? 'preview' : 'form',
  answer,
  at: new Date().toISOString(),
})

/** What is written down of a call that may not be sent. */
const toRefused = (asked: Asked, refused: unknown, wasApproved: boolean): Confirmed => {
  if (refused instanceof NotApproved)
    return { ...toConfirmed(asked, refused.answer), ...(refused.wasAsked ? {} : { how: 'none' }) }
  if (wasApproved) return toConfirmed(asked, 'approved, but a look after it failed')
  const { person, token } = asked
  // It came with an answer, which nobody got to.
  if (token !== undefined || (person?.way === 'rounds' && person.state !== undefined))
    return toConfirmed(asked, 'not counted: the look failed')
  return { ...toConfirmed(asked, 'not asked: the look failed'), how: 'none' }
}
