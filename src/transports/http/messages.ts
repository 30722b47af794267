import { toObject } from '../../schema/reply-parts.ts'

/** The messages of a body: those of a batch, or the one it is. */
export const messagesOf = (body: unknown): readonly Readonly<Record<string, unknown>>[] =>
  (Array.isArray(body) ? body : [body]).map(toObject)

/** Whether a body asks for work. What only tells something, or answers, must not wait behind work: it may be what ends it. */
export const asksForWork = (body: unknown): boolean =>
  messagesOf(body).some(({ method, id }) => method !== undefined && id !== undefined)

/** The tools that a body calls, with the ids of the calls. */
export const toolCallsOf = (body: unknown): readonly { readonly name: string; readonly id: unknown }[] =>
  messagesOf(body).flatMap(({ method, params, id }) => {
    const { name } = toObject(params)
    return method === 'tools/call' && typeof name === 'string' ? [{ name, id }] : []
  })

/** The requests that a body calls off, as clients of 2025 do. */
export const cancelledBy = (body: unknown): readonly (string | number)[] =>
  messagesOf(body).flatMap(({ method, params }) => {
    const { requestId } = toObject(params)
    const isId = typeof requestId === 'string' || typeof requestId === 'number'
    return method === 'notifications/cancelled' && isId ? [requestId] : []
  })

/** The one revision with batches; also the one of clients that name none. */
const WITH_BATCHES = '2025-03-26'
/** A batch has one turn, and counts as one request. */
const MOST_IN_BATCH = 20

/** Why a batch is not taken; undefined for one that is, and for what is none. @param revision as the header names it */
export const whyNoBatch = (body: unknown, revision: string | null): string | undefined => {
  if (!Array.isArray(body)) return undefined
  if (revision !== null && revision !== WITH_BATCHES) return `Revision ${revision} has no batches: send one message`
  return body.length > MOST_IN_BATCH ? `A batch has at most ${MOST_IN_BATCH} messages` : undefined
}
