import { readBody } from './body.ts'
import type { Ask } from './carry-out.ts'
import { type FailedCall, said, toReplyError, toStorageError } from './failure.ts'
import type { HttpReply } from './http/client.ts'
import type { Json } from './operation.ts'
import { type Target, toPath, toRoute } from './request.ts'
import { ToolError } from './tool-error.ts'

/** The body as an object, if it is one. */
export const jsonOf = (reply: HttpReply): Json | undefined => {
  const body = readBody(reply.body, reply.contentType)
  if (body.kind !== 'json' || typeof body.value !== 'object' || body.value === null) return undefined
  // Any non-null object read from JSON has string keys.
  return body.value as Json
}

/** Why PostHog refused a call; of a missing object, what a second read tells. */
export const whyNot = async (call: FailedCall, reply: HttpReply, target: Target, ask: Ask): Promise<ToolError> => {
  if (reply.fromStorage) return toStorageError(call, reply.status)
  const error = toReplyError(call, reply, readBody(reply.body, reply.contentType))
  const { onMissing, name } = call.operation
  if (onMissing === undefined || reply.status !== 404) return error
  const second = await ask({
    method: 'GET',
    path: toPath(target, onMissing.path, call.input),
    route: toRoute(target, onMissing.path),
    query: [],
  }).catch(() => undefined)
  const body = second?.status === 200 ? jsonOf(second) : undefined
  if (body !== undefined)
    return new ToolError(`${name}: ${onMissing.explain(body, (text) => said(text, call))}`, { next: NOTHING_MORE })
  return second?.status === 404 ? new ToolError(`${name}: ${onMissing.absent}`, { next: NOTHING_MORE }) : error
}

/** What is left to do once the reason is told with its remedy. */
const NOTHING_MORE = 'Repeating the same call as it is does not help'
