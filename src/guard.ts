import { readBody } from './body.ts'
import type { Ask } from './carry-out.ts'
import { type FailedCall, toReplyError } from './failure.ts'
import type { Guard, Json } from './operation.ts'
import { type ApiRequest, type Target, toPath, toRoute } from './request.ts'
import { ToolError } from './tool-error.ts'

/** Pages of a look-up that are read at most; beyond, the write is refused rather than sent on half a look. */
const MOST_PAGES = 10

/**
 * Makes the read that has to come back clean before a write is sent.
 * @throws ToolError when it does not, or when it cannot be made
 */
export const checkGuard = async (guard: Guard, call: FailedCall, target: Target, ask: Ask): Promise<void> => {
  if (guard.when?.(call.input) === false) return
  const path = toPath(target, guard.path, call.input)
  const route = toRoute(target, guard.path)
  const first = Object.entries(guard.query?.(call.input) ?? {})
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const query = page === 1 ? first : [...first, ...nextOf(first, page)]
    const body = await look(call, { path, route, query }, ask)
    if (guard.of === 'list' ? !Array.isArray(body.results) : typeof body.id !== 'string') throw unreadable(call)
    const refusal = guard.refuse(body, call.input)
    if (refusal !== undefined) throw new ToolError(`${call.operation.name}: not sent. ${refusal}`, { next: '' })
    if (typeof body.next !== 'string') return
  }
  throw new ToolError(
    `${call.operation.name}: not sent. Too many objects have a name like this one to be sure it is free`,
    { next: 'Choose another name' },
  )
}

/** A look-up that pages by offset says its limit; the other goes by page number. */
const nextOf = (first: readonly (readonly [string, string])[], page: number): (readonly [string, string])[] => {
  const limit = first.find(([name]) => name === 'limit')?.[1]
  return [limit === undefined ? ['page', String(page)] : ['offset', String(Number(limit) * (page - 1))]]
}

const look = async (call: FailedCall, at: Pick<ApiRequest, 'path' | 'route' | 'query'>, ask: Ask): Promise<Json> => {
  const reply = await ask({ method: 'GET', ...at })
  const body = readBody(reply.body, reply.contentType)
  if (reply.status !== 200) {
    const error = toReplyError(call, reply, body)
    throw new ToolError(`${error.message} (while looking before the change)`, { next: error.next })
  }
  if (body.kind === 'json' && typeof body.value === 'object' && body.value !== null) return body.value as Json
  throw unreadable(call)
}

/** A look that shows something else than what was looked for must not pass for a clean one. */
const unreadable = ({ operation }: FailedCall): ToolError =>
  new ToolError(`${operation.name}: not sent. The look before the change got no readable answer`, {
    next: 'Call again in a moment',
  })
