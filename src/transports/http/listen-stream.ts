import { toObject } from '../../schema/reply-parts.ts'
import type { Interest } from '../../schema/resource-watch.ts'

/** What a `subscriptions/listen` request asks for; undefined for any other message. */
export const interestOf = (message: unknown): Interest | undefined => {
  const { method, params } = toObject(message)
  if (method !== 'subscriptions/listen') return undefined
  const { resourceSubscriptions, resourcesListChanged } = toObject(toObject(params).notifications)
  const uris = Array.isArray(resourceSubscriptions)
    ? resourceSubscriptions.filter((uri) => typeof uri === 'string')
    : []
  return { uris, lists: resourcesListChanged === true }
}

/** What `answer` says; what that needed is released once the body has ended, or at once where nothing was said. */
export const holding = async (release: () => void, answer: () => Promise<Response>): Promise<Response> => {
  try {
    return onEnd(await answer(), release)
  } catch (error) {
    release()
    throw error
  }
}

/** The same response, and a word when its body has ended, whoever ended it. */
export const onEnd = (response: Response, ended: () => void): Response => {
  const { body, status, headers } = response
  if (body === null) {
    ended()
    return response
  }
  const reader = body.getReader()
  let isOver = false
  const over = (): void => {
    if (!isOver) ended()
    isOver = true
  }
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          over()
          controller.close()
        } else controller.enqueue(value)
      } catch (error) {
        over()
        controller.error(error)
      }
    },
    async cancel(reason) {
      over()
      await reader.cancel(reason)
    },
  })
  return new Response(stream, { status, headers })
}
