import type { Ask } from '../carry-out.ts'
import type { FailedCall } from '../failure.ts'
import type { Loss } from '../loss.ts'
import type { Target } from '../request.ts'
import type { Unbound } from '../secrets/caller-secrets.ts'
import type { SchemaLook } from './in-schema.ts'
import { AskFirst, type Person } from './person.ts'
import { type ConfirmSettings, lossOf, secretLoss, unaskedOf } from './policy.ts'
import { type Preview, preview } from './preview.ts'
import type { Questions } from './questions.ts'
import type { Refusals } from './refusals.ts'
import type { Bound, Seals } from './seal.ts'
import type { Uses } from './uses.ts'
import {
  brokenSeal,
  keysRefused,
  nobodyToAsk,
  nobodyToAskForSecrets,
  toForm,
  tokenBesidePerson,
  tooManyQuestions,
  toPreviewAnswer,
  unknownUse,
  usedSeal,
  whyNotApproved,
} from './words.ts'

/** What confirmations of one caller are made with. */
export interface ConfirmMeans {
  readonly settings: ConfirmSettings
  readonly seals: Seals
  readonly uses: Uses
  /** Whose they are: nobody else's confirmation counts. */
  readonly caller: string
  readonly schema: SchemaLook
  /** Questions of this caller that wait for an answer. */
  readonly asking: Set<unknown>
  /** What nobody is asked about, because PostHog refuses it anyway. */
  readonly refusals: Refusals
  /** Questions of the whole process. */
  readonly questions: Questions
}

/** Nobody answers more at once; each holds a connection open. */
const MOST_ASKED = 16

/** One call that is about to be sent. */
export interface Pending {
  readonly call: FailedCall
  /** The same as far as it only looks. */
  readonly look: FailedCall
  readonly target: Target
  /** Looks, as the caller. */
  readonly ask: Ask
  /** The way to a person; absent where the client cannot ask one. */
  readonly person: Person | undefined
  /** What an earlier preview gave out. */
  readonly token: string | undefined
  /** Secrets that only a person can let go where the call sends them. */
  readonly unbound: readonly Unbound[]
  /** What stands for a secret in another call with the same arguments. */
  readonly named: ((text: string) => string) | undefined
  /** Told of a yes while the call waits, before it is looked whether that still holds. */
  approved(): void
}

/**
 * Lets a call through once it is approved; one that needs no approval at once.
 * @returns whether it had to be approved, and was
 * @throws NotApproved when it was not, ToolError where the look failed, AskFirst when a person is to be asked first; either way nothing was changed
 */
export const confirm = async (means: ConfirmMeans, pending: Pending): Promise<boolean> => {
  const { call, person } = pending
  const loss =
    pending.unbound.length > 0 ? secretLoss(pending.unbound) : lossOf(call.operation, call.input, means.settings.writes)
  if (loss === undefined) return false
  if (means.refusals.has(call.operation.name)) throw keysRefused(call)
  const look = (): Promise<Preview> =>
    preview(loss, pending.look, pending.target, { ask: pending.ask, schema: means.schema })
  const seen = await look()
  if (person === undefined) {
    await showFirst(means, pending, seen)
    return true
  }
  if (pending.token !== undefined) throw tokenBesidePerson()
  if (person.way === 'rounds') {
    await inRounds(means, { pending, person, loss, seen })
    return true
  }
  if (means.asking.size >= MOST_ASKED) throw tooManyQuestions()
  means.asking.add(pending)
  const form = toForm(call, seen, loss.weight)
  const reply = await means.questions
    .put((ending) => person.ask(form, ending))
    .finally(() => means.asking.delete(pending))
  const refusal = whyNotApproved(reply, seen, loss.weight)
  if (refusal !== undefined) throw refusal
  pending.approved()
  // People take their time; what they approved is what they saw.
  if ((await look()).digest !== seen.digest) throw brokenSeal('changed')
  return true
}

const toBound = (
  { caller }: ConfirmMeans,
  { call, target, named }: Pending,
  seen: Preview,
  purpose: Bound['purpose'],
): Bound => ({
  purpose,
  call: [caller, call.operation.name, call.origin, target.project, sorted(call.input, named)],
  object: [seen.id, seen.digest],
})

/** The same arguments in another order are the same call. */
const sorted = (value: unknown, named: Pending['named']): unknown => {
  if (typeof value === 'string') return named?.(value) ?? value
  if (Array.isArray(value)) return value.map((item) => sorted(item, named))
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, sorted(item, named)])
}

/** Opens a seal and uses it up. @throws ToolError when it does not count */
const useUp = async ({ seals, uses }: ConfirmMeans, seal: string, bound: Bound): Promise<void> => {
  const opened = seals.open(seal, bound)
  if (typeof opened === 'string') throw brokenSeal(opened)
  const isFirst = await uses.take(opened.nonce, opened.leftMs).catch(() => undefined)
  if (isFirst === undefined) throw unknownUse()
  if (!isFirst) throw usedSeal()
}

const showFirst = async (means: ConfirmMeans, pending: Pending, seen: Preview): Promise<void> => {
  const { call, token } = pending
  if (pending.unbound.length > 0) throw nobodyToAskForSecrets(call, seen, pending.unbound)
  if (unaskedOf(call.operation, means.settings) !== 'preview') throw nobodyToAsk(call, seen)
  const bound = toBound(means, pending, seen, 'preview')
  if (token === undefined) throw toPreviewAnswer(call, seen, means.seals.seal(bound))
  await useUp(means, token, bound)
}

interface Round {
  readonly pending: Pending
  readonly person: Extract<Person, { way: 'rounds' }>
  readonly loss: Loss
  readonly seen: Preview
}

const inRounds = async (means: ConfirmMeans, { pending, person, loss, seen }: Round): Promise<void> => {
  const { state, reply } = person
  const bound = toBound(means, pending, seen, 'form')
  if (state === undefined) throw new AskFirst(toForm(pending.call, seen, loss.weight), means.seals.seal(bound))
  // First, whatever the answer is: a question is answered once.
  await useUp(means, state, bound)
  const refusal = whyNotApproved(reply ?? { action: 'silence' }, seen, loss.weight)
  if (refusal !== undefined) throw refusal
}
