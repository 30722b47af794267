import { randomBytes } from 'node:crypto'
import { ConfigError } from './command-line.ts'
import type { Config } from './config.ts'
import type { ConfirmMeans } from './confirm/confirmation.ts'
import { ANSWER_MS } from './confirm/person.ts'
import type { Questions } from './confirm/questions.ts'
import { Refusals } from './confirm/refusals.ts'
import { Seals } from './confirm/seal.ts'
import { OwnUses, type Uses } from './confirm/uses.ts'
import type { Operation } from './operation.ts'

/** Makes what one caller's destructive calls are approved with. @param uses where it is known what was used, if not here */
export type MakeConfirm = (caller: string, uses?: Uses) => Omit<ConfirmMeans, 'schema'>

/** One key for all callers of a process, and its uses where no others are given. @throws ConfigError */
export const createConfirms = (
  { confirm, sealingKey }: Pick<Config, 'confirm' | 'sealingKey'>,
  operations: readonly Operation[],
  isLocal: boolean,
  questions: Questions,
): MakeConfirm => {
  const wrong = [...confirm.unaskedOf.keys()].find((tool) => !operations.some(({ name }) => name === tool))
  if (wrong !== undefined) throw new ConfigError(`--unasked: there is no tool ${wrong}; the README lists them`)
  const seals = new Seals(sealingKey ?? randomBytes(32), ANSWER_MS)
  const own = new OwnUses()
  // The local warehouse can be told to take keys for those too.
  const never = operations.filter(({ keys }) => keys === 'refused' && !isLocal).map(({ name }) => name)
  return (caller, uses = own) => {
    const refusals = new Refusals(never)
    return { settings: confirm, seals, uses, caller, asking: new Set(), refusals, questions }
  }
}
