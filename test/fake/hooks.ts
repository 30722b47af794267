import { randomBytes } from 'node:crypto'
import { type Call, type CallHooks, isAsked } from '../../src/call.ts'
import type { ConfirmMeans } from '../../src/confirm/confirmation.ts'
import { ANSWER_MS, type Person } from '../../src/confirm/person.ts'
import { BY_DEFAULT, type ConfirmSettings } from '../../src/confirm/policy.ts'
import { Questions } from '../../src/confirm/questions.ts'
import { Refusals } from '../../src/confirm/refusals.ts'
import { Seals } from '../../src/confirm/seal.ts'
import { OwnUses } from '../../src/confirm/uses.ts'
import type { ToolResult } from '../../src/result.ts'
import { approves, type Question } from './person.ts'

/** Hooks of a call path whose questions and reports nobody wants. */
export const noHooks: CallHooks = {
  report: () => undefined,
  answer: () => Promise.reject(new Error('no question was expected')),
  schema: { getWith: () => Promise.reject(new Error('no schema was expected')) },
  wrote: () => undefined,
}

/** Approvals of one process, for a caller whose schema tells nothing. */
export const approvals = (settings: ConfirmSettings = BY_DEFAULT): ConfirmMeans => ({
  settings,
  seals: new Seals(randomBytes(32), ANSWER_MS),
  uses: new OwnUses(),
  caller: 'test',
  schema: async () => undefined,
  asking: new Set(),
  refusals: new Refusals([]),
  questions: new Questions(),
})

/** Whoever is asked says yes. */
export const saysYes: Person = {
  way: 'push',
  ask: async ({ message, schema }) => {
    // As a client reads it: JSON whose descriptions are text.
    const question = { message, requestedSchema: schema as Question['requestedSchema'] }
    return approves(question, new AbortController().signal)
  },
}

/** The result of a call that nobody had to be asked about. */
export const toResult = (answer: Awaited<ReturnType<Call>>): ToolResult => {
  if (isAsked(answer)) throw new Error('a question was not expected')
  return answer
}
