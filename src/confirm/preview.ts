import { createHash } from 'node:crypto'
import { readBody } from '../body.ts'
import type { Ask } from '../carry-out.ts'
import { type FailedCall, toReplyError } from '../failure.ts'
import type { Found, Loss, LossLook, Lost } from '../loss.ts'
import type { Json } from '../operation.ts'
import { type Target, toPath, toRoute } from '../request.ts'
import { countHidden } from '../text/hidden.ts'
import { cut, toLine, toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'
import type { InSchema, SchemaLook } from './in-schema.ts'

/** Names in one list that a person is shown. */
const MOST_NAMES = 20
/** Characters of one name or text. */
const LONGEST = 400

/** What a call will take away, as it was just seen. */
export interface Preview {
  /** As it has to be typed: on one line, without what nobody sees. */
  readonly name: string
  /** Characters nobody sees that its name has. */
  readonly hidden: number
  readonly id: string | undefined
  readonly says: string
  readonly undo: string
  readonly facts: Readonly<Record<string, string>>
  /** Changes when anything of this does. */
  readonly digest: string
}

/**
 * Looks up what a call will take away.
 * @throws ToolError where the object cannot be seen: what nobody could be shown is not destroyed
 */
export const preview = async (
  loss: Loss,
  call: FailedCall,
  target: Target,
  { ask, schema }: { readonly ask: Ask; readonly schema: SchemaLook },
): Promise<Preview> => {
  const looks = Object.entries(loss.looks ?? {})
  const found: Found = Object.fromEntries(
    await Promise.all(looks.map(async ([name, look]) => [name, await see(look, call, target, ask)] as const)),
  )
  const { name, id, facts = {}, inSchema } = loss.of(found, call.input)
  const known = inSchema === undefined ? {} : toFacts(await schema(target.project, inSchema))
  const all: NonNullable<Lost['facts']> = { ...facts, ...known }
  const told = Object.entries(all).flatMap(([word, fact]) =>
    fact === undefined ? [] : [[word, toWords(fact, call)] as const],
  )
  const shown = {
    name: toTyped(name, call),
    hidden: countHidden(name),
    id,
    says: loss.says,
    undo: loss.undo,
    facts: Object.fromEntries(told),
  }
  return { ...shown, digest: createHash('sha256').update(JSON.stringify(shown)).digest('base64url') }
}

const toTyped = (name: string, { redactor }: FailedCall): string => {
  const line = toLine(redactor.text(name))
  return line.length <= LONGEST ? line : `${cut(line, LONGEST)}… (cut)`
}

const toWords = (fact: string | number | readonly string[], call: FailedCall): string => {
  const named = (text: string): string => toName(call.redactor.text(text), LONGEST, countHidden(text))
  if (typeof fact === 'number') return fact.toLocaleString('en-US')
  if (typeof fact === 'string') return named(fact)
  if (fact.length === 0) return 'none'
  const more = fact.length > MOST_NAMES ? ` and ${fact.length - MOST_NAMES} more` : ''
  return `${fact.slice(0, MOST_NAMES).map(named).join(', ')}${more}`
}

const toFacts = (known: InSchema | undefined) =>
  known === undefined
    ? { 'views that read it': 'not known: the schema could not be read' }
    : {
        tables: known.tables.length > 1 ? known.tables : undefined,
        rows: known.rows,
        'last sync': known.lastSync,
        'views that read it': known.views ?? 'not known: it is not in the schema',
      }

const see = async (look: LossLook, call: FailedCall, target: Target, ask: Ask): Promise<Json | undefined> => {
  const path = toPath(target, look.path, call.input)
  const query = Object.entries(look.query?.(call.input) ?? {})
  const reply = await ask({ method: look.method ?? 'GET', path, route: toRoute(target, look.path), query })
  const body = readBody(reply.body, reply.contentType)
  const value = reply.status === 200 && body.kind === 'json' ? body.value : undefined
  // Any non-null object read from JSON has string keys.
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  if (look.optional) return undefined
  if (reply.status !== 200) {
    const error = toReplyError(call, reply, body)
    throw new ToolError(`${error.message} (while looking at what would be lost)`, { next: error.next })
  }
  throw new ToolError(`${call.operation.name}: not sent. The look at what would be lost got no readable answer`, {
    next: 'Call again in a moment',
  })
}
