import { createHash } from 'node:crypto'
import { readBody } from '../body.ts'
import type { Ask } from '../carry-out.ts'
import { type FailedCall, toReplyError } from '../failure.ts'
import type { Facts, Found, Loss, LossLook } from '../loss.ts'
import type { Json } from '../operation.ts'
import { type Target, toPath, toRoute } from '../request.ts'
import { countHidden } from '../text/hidden.ts'
import { cut, toLine } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'
import { type Told, tellFacts } from './facts.ts'
import type { InSchema, SchemaLook } from './in-schema.ts'

/** Characters of a name. */
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
  readonly facts: readonly Told[]
  /** Changes when what would be lost does. */
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
  const { name, id, facts, passing, inSchema } = loss.of(found, call.input)
  const known: ReturnType<typeof toSchemaFacts> =
    inSchema === undefined ? {} : toSchemaFacts(await schema(target.project, inSchema))
  const { says, undo } = loss
  return {
    name: toTyped(name, call),
    hidden: countHidden(name),
    id,
    says,
    undo,
    facts: tellFacts({ ...facts, ...passing, ...known.shown }, call.redactor),
    digest: toDigest({ name, id, says, undo, facts, inSchema: known.binding }),
  }
}

const toTyped = (name: string, { redactor }: FailedCall): string => {
  const line = toLine(redactor.text(name))
  return line.length <= LONGEST ? line : `${cut(line, LONGEST)}… (cut)`
}

/** The schema counts rows while they come in: how many there are binds nobody, but whether there are any. */
const toSchemaFacts = (known: InSchema | undefined): { readonly shown?: Facts; readonly binding?: unknown } => {
  if (known === undefined)
    return { shown: { 'views that read it': { ours: 'not known (the schema could not be read)' } }, binding: 'nothing' }
  const { tables, rows, lastSync, views } = known
  return {
    shown: {
      tables: tables.length > 1 ? tables : undefined,
      rows,
      'last sync': lastSync,
      'views that read it': views ?? { ours: 'not known (it is not in the schema)' },
    },
    binding: { tables, views, isEmpty: rows === 0 },
  }
}

/** As it was read, not as it is shown: what does not fit on the line counts too, and its order does not. */
const toDigest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value, (_key, item) => (Array.isArray(item) ? [...item].sort() : item)))
    .digest('base64url')

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
