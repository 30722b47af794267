import { readBody } from './body.ts'
import { HttpFailure, type HttpSender } from './http/client.ts'
import type { Json } from './operation.ts'
import type { Look } from './project.ts'
import { ToolError } from './tool-error.ts'

/** Well above one page of projects. */
const LARGEST_REPLY = 8 * 1024 * 1024
const DEADLINE_MS = 45_000

/**
 * The read with which a process learns what its own key may do. Only a 403 or 404 means "not for this key"; anything
 * else that is no answer throws, because half an answer would choose a wrong project.
 */
export const createLook =
  (http: HttpSender): Look =>
  async (path, query) => {
    // Shared by every call that waits for it, so no single caller's cancellation ends it; the deadline does.
    const { signal } = new AbortController()
    // Only these two have an id in their path.
    const route = path.replace(/\/(organizations|projects)\/[^/]+/, '/$1/{id}')
    const reply = await http
      .send({ method: 'GET', path, route, query, deadlineMs: DEADLINE_MS, maxReplyBytes: LARGEST_REPLY, signal })
      .catch((error: unknown) => {
        throw error instanceof HttpFailure ? failed(error.message) : error
      })
    if (reply.status === 403 || reply.status === 404) return undefined
    if (reply.status === 401)
      throw new ToolError('PostHog does not accept the key (401)', {
        next: 'Check POSTHOG_PERSONAL_API_KEY and POSTHOG_HOST; a key of the EU cloud works only on https://eu.posthog.com, one of the US cloud only on https://us.posthog.com',
      })
    const body = readBody(reply.body, reply.contentType)
    if (reply.status !== 200 || body.kind !== 'json' || typeof body.value !== 'object' || body.value === null)
      throw failed(`PostHog answered ${reply.status}${reply.status === 200 ? ' without data' : ''}`)
    // An object read from JSON has string keys.
    return body.value as Json
  }

const failed = (why: string): ToolError =>
  new ToolError(`The projects of the key could not be looked up: ${why}`, {
    next: 'Call again in a moment, or name the project with project_id',
  })
