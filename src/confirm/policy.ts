import type { Loss } from '../loss.ts'
import type { Json, Operation } from '../operation.ts'
import type { Unbound } from '../secrets/caller-secrets.ts'

/** What happens where nobody can be asked. */
export type Unasked = Loss['unasked']

/** What the operator chose; what is left out is as the records have it. */
export interface ConfirmSettings {
  /** Whether plain writes are asked about too. */
  readonly writes: boolean
  /** For all calls where nobody can be asked. */
  readonly unasked: Unasked | undefined
  /** For single tools, by name. */
  readonly unaskedOf: ReadonlyMap<string, Unasked>
}

/** As the records have it. */
export const BY_DEFAULT: ConfirmSettings = { writes: false, unasked: undefined, unaskedOf: new Map() }

/** A plain write, where the operator wants those approved: nothing is lost, and there is nothing to look up. */
const PLAIN: Loss = {
  of: (_found, { id, name }) => ({
    name: String(name ?? id ?? 'this project'),
    id: typeof id === 'string' ? id : undefined,
  }),
  says: 'Changes or adds something; nothing is deleted.',
  undo: 'Change it back by another call.',
  weight: 'tick',
  unasked: 'preview',
}

/** Secrets that the operator has bound to nothing: whoever approves sees where they go. */
export const secretLoss = (unbound: readonly Unbound[]): Loss => ({
  of: () => ({
    name: unbound.map(({ name }) => name).join(', '),
    facts: Object.fromEntries(unbound.map(({ name, type, host }) => [`${name} goes to`, `${type}, ${host}`])),
  }),
  says: 'Sends a secret of this server, which is bound to no place, with this call.',
  undo: 'What was sent cannot be taken back.',
  weight: 'name',
  unasked: 'refuse',
})

/** What has to be approved before this call is sent; undefined where nothing has. */
export const lossOf = (
  { name, effect, destructiveWhen, loss }: Operation,
  input: Json,
  writes: boolean,
): Loss | undefined => {
  if (effect === 'read') return undefined
  const destroys = effect === 'destructive' && destructiveWhen?.is(input) !== false
  // A record that says no loss must not pass for one that has none.
  if (destroys && loss === undefined) throw new Error(`${name} destroys and does not say what`)
  if (destroys) return loss
  return writes ? PLAIN : undefined
}

/** What happens to a tool's calls where nobody can be asked; undefined for a tool that never needs approval. */
export const unaskedOf = (
  { name, effect, loss }: Pick<Operation, 'name' | 'effect' | 'loss'>,
  settings: ConfirmSettings,
): Unasked | undefined => {
  const own = loss?.unasked ?? (effect === 'write' && settings.writes ? PLAIN.unasked : undefined)
  return own && (settings.unaskedOf.get(name) ?? settings.unasked ?? own)
}
