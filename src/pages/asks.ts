import type { Described, Json } from '../operation.ts'
import { toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'

/** What a call left to a person. */
export interface Asked {
  /** The arguments without it. */
  readonly args: Json
  /** The input that a person fills in. */
  readonly head: string
  /** What was typed before, instead of a page; undefined for a new one. */
  readonly kept: string | undefined
}

/** Stands in secret inputs until a person has filled them in; such a call is never sent. */
const PENDING = 'to be typed by a person'

/**
 * Takes what a person is to type out of a call: `{"$ask": true}` in the place of settings, among them, or of a secret;
 * `{"$ask": "ID"}` for what they typed a moment ago.
 * @returns undefined for a call that asks for nothing
 * @throws ToolError where a record declares no secret
 */
export const takeAsks = (record: Pick<Described, 'secrets' | 'secretsGo'>, args: Json): Asked | undefined => {
  if (!JSON.stringify(args).includes('$ask')) return undefined
  const head = headOf(record)
  const found: unknown[] = []
  const left = Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, take(readText(value), [name], head, found)]),
  )
  if (found.length === 0) return undefined
  const [first] = found
  if (found.some((value) => value !== first)) throw malformed()
  return { args: head === undefined ? left : pending(record, left, head), head: head ?? '', kept: toKept(first) }
}

/** The input that holds the secrets of a record, where it is one. */
const headOf = ({ secrets = [], secretsGo }: Pick<Described, 'secrets' | 'secretsGo'>): string | undefined =>
  secretsGo === undefined ? undefined : secrets[0]?.split('.')[0]

/** @param at where the value is; `found` collects what it asked for */
const take = (value: unknown, at: readonly string[], head: string | undefined, found: unknown[]): unknown => {
  if (Array.isArray(value)) return value.map((item) => take(item, at, head, found))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).flatMap(([key, item]) => {
    if (key !== '$ask') {
      const rest = take(item, [...at, key], head, found)
      // What only asked is gone; the form has its field.
      return isOnlyAsking(item) ? [] : [[key, rest]]
    }
    if (at[0] !== head) throw misplaced(at, head)
    found.push(item)
    return []
  })
  return Object.fromEntries(kept)
}

const isOnlyAsking = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === '$ask'

/** A model may write an object as text. */
const readText = (value: unknown): unknown => {
  if (typeof value !== 'string' || !/^\s*\{[\s\S]*"\$ask"/.test(value)) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}

/** Arguments that pass the checks of a record which needs every secret it names. */
const pending = ({ secrets = [] }: Pick<Described, 'secrets'>, args: Json, head: string): Json => {
  const names = secrets.flatMap((path) =>
    path.startsWith(`${head}.`) && !path.endsWith('.*') ? [path.slice(head.length + 1)] : [],
  )
  if (names.length === 0) return args
  return { ...args, [head]: Object.fromEntries(names.map((name) => [name, PENDING])) }
}

const toKept = (value: unknown): string | undefined => {
  if (value === true || value === 'true') return undefined
  if (typeof value === 'string' && /^[\w-]{8,40}$/.test(value)) return value
  throw malformed()
}

const misplaced = (at: readonly string[], head: string | undefined): ToolError =>
  new ToolError(`{"$ask": true} was given in ${toName(at.join('.'))}, where nothing is typed by a person`, {
    kind: 'input',
    next: head === undefined ? 'This tool has no secret inputs: call again without it' : `It goes into ${head}`,
  })

const malformed = (): ToolError =>
  new ToolError('What a person is to type is {"$ask": true}, or {"$ask": "ID"} with an id from an earlier result', {
    kind: 'input',
    next: 'Call again with one of the two',
  })
