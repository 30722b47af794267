import type { Described, Json, SecretTarget } from '../operation.ts'
import type { ApiRequest } from '../request.ts'
import { ToolError } from '../tool-error.ts'
import { fillRequest, type Marked, markReferences } from './marks.ts'
import { placeInSecret } from './places.ts'
import { literalSecrets } from './secret-inputs.ts'
import type { Secret, SecretStore } from './secret-store.ts'
import { checkBinding, type Finding, findDestination, sayPlace } from './target.ts'

/** Whether secrets may be typed into arguments. */
export type LiteralSecrets = 'allow' | 'refuse'

/** A secret that the operator has bound to nothing, and where a call would send it. */
export interface Unbound {
  readonly name: string
  readonly type: string
  readonly host: string
}

/** The secrets of one call. */
export interface CallSecrets {
  /** The values, to mask. */
  readonly values: readonly string[]
  /** The inputs in which a secret was typed. */
  readonly literal: readonly string[]
  /**
   * Finds out where the call goes, and whether its secrets may.
   * @returns those that only a person can let go there
   * @throws ToolError for one that is bound elsewhere, and nothing was changed
   */
  check(finding: Omit<Finding, 'isMark'>): Promise<readonly Unbound[]>
  /** The same arguments with the names of secrets, whichever call they are of: marks are made up for each. */
  named(text: string): string
  /** The request with the values in it, for the wire and nothing else. */
  fill(request: ApiRequest): ApiRequest
}

/** What one caller may do with secrets. */
export interface CallerSecrets {
  /** Those they may refer to. */
  readonly names: readonly string[]
  /** Takes references out of arguments. @throws ToolError */
  mark(record: Described, args: Json): Marked
  /**
   * Reads what was referred to, once the arguments are known to be right.
   * @param input the checked arguments, with the marks in them
   * @param byPerson whether a person typed what is in them, on a page of this server
   * @throws ToolError
   */
  open(record: Described, marked: Marked, input: Json, byPerson: boolean): Promise<CallSecrets>
}

/** @param names those of the store that the caller may use */
export const createCallerSecrets = (
  store: SecretStore,
  names: readonly string[],
  literals: LiteralSecrets,
): CallerSecrets => ({
  names,
  mark: (record, args) => markReferences(record, args, names),
  async open({ secrets = [], secretsGo }, { references }, input, byPerson) {
    const marks = new Set(references.map(({ mark }) => mark))
    const isMark = (value: unknown): boolean => typeof value === 'string' && marks.has(value)
    const literal = byPerson ? [] : literalSecrets(input, secrets, isMark)
    if (literals === 'refuse' && literal.length > 0) throw typed(literal, names)
    const read = new Map<string, Secret>()
    for (const { name } of references) if (!read.has(name)) read.set(name, await store.read(name))
    const values = new Map(references.map(({ mark, name }) => [mark, read.get(name)?.value ?? '']))
    return {
      values: [...new Set(values.values())],
      literal,
      fill: (request) => (values.size === 0 ? request : fillRequest(request, values)),
      check: async (finding) => {
        if (secretsGo === undefined || references.length === 0) return []
        return checkAll(secretsGo, { ...finding, isMark }, { references, read })
      },
      named: (text) => {
        const reference = references.find(({ mark }) => mark === text)
        return reference === undefined ? text : `$secret ${reference.name}`
      },
    }
  },
})

interface Checked extends Pick<Marked, 'references'> {
  readonly read: ReadonlyMap<string, Secret>
}

const checkAll = async (
  goes: SecretTarget,
  finding: Finding,
  { references, read }: Checked,
): Promise<readonly Unbound[]> => {
  const found = await findDestination(goes, finding)
  // A connection string has its host in itself.
  const inside = references.flatMap(({ name, path }) => placeInSecret(path, read.get(name)?.value ?? '') ?? [])
  const destination = { ...found, places: [...found.places, ...inside] }
  for (const [name, { bindings }] of read) if (bindings.length > 0) checkBinding(name, bindings, destination)
  const where = destination.places.map(sayPlace).join(', ') || 'the address of that type'
  const unbound = [...read].filter(([, { bindings }]) => bindings.length === 0)
  return unbound.map(([name]) => ({ name, type: destination.type, host: where }))
}

/** The ways that do work, for a model. */
const waysFor = (names: readonly string[]): string =>
  `{"$ask": true} in its place, and the person types it in a browser; or ${referenceFor(names)}`

const referenceFor = (names: readonly string[]): string =>
  names.length > 0
    ? `a reference, {"$secret": "NAME"}, to one of: ${names.join(', ')}`
    : 'a reference, {"$secret": "NAME"}, once the operator has defined a secret (docs/secrets.md)'

/** Names of inputs are the caller's words, and these may be many. */
const MOST_NAMED = 12
const say = (paths: readonly string[]): string =>
  [...paths.slice(0, MOST_NAMED), ...(paths.length > MOST_NAMED ? [`and ${paths.length - MOST_NAMED} more`] : [])].join(
    ', ',
  )

const typed = (paths: readonly string[], names: readonly string[]): ToolError =>
  new ToolError(`Secrets are not taken as text here: ${say(paths)}`, {
    kind: 'input',
    next: `Nothing was sent. Ways that work: ${waysFor(names)}; or a person connects it in the PostHog app. The operator allows text with --literal-secrets allow`,
  })

/** What a successful call with typed secrets is told; undefined where there were none. */
export const noteOf = ({ literal }: CallSecrets, names: readonly string[]): string | undefined =>
  literal.length === 0
    ? undefined
    : `Given as text, and so in this chat: ${say(literal)}. Safer next time: ${waysFor(names)}.`
