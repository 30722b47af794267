import { readBody } from './body.ts'
import { type HttpClient, HttpFailure } from './http/client.ts'
import type { Json } from './operation.ts'
import type { Look } from './project.ts'
import { ToolError } from './tool-error.ts'

/** Well above one page of projects. */
const LARGEST_REPLY = 8 * 1024 * 1024

/** The read with which a process learns what its own key may do. */
export const createLook =
  (http: HttpClient): Look =>
  async (path, signal) => {
    const [bare = path, search = ''] = path.split('?')
    const query = [...new URLSearchParams(search)]
    const reply = await http
      .send({ method: 'GET', path: bare, query, deadlineMs: 45_000, maxReplyBytes: LARGEST_REPLY, signal })
      .catch((error: unknown) => {
        if (!(error instanceof HttpFailure)) throw error
        throw new ToolError(`Looking up the projects of the key: ${error.message}`, {
          next: 'Call again with project_id, or check POSTHOG_HOST and the network',
        })
      })
    if (reply.status === 401)
      throw new ToolError('PostHog does not accept the key (401)', {
        next: 'Check POSTHOG_PERSONAL_API_KEY and POSTHOG_HOST; a key of the EU cloud works only on https://eu.posthog.com, one of the US cloud only on https://us.posthog.com',
      })
    const body = readBody(reply.body, reply.contentType)
    if (reply.status >= 500)
      throw new ToolError(`Looking up the projects of the key: PostHog answered ${reply.status}`, {
        next: 'Call again in a moment, or with project_id',
      })
    // An object read from JSON has string keys.
    return reply.status === 200 && body.kind === 'json' && typeof body.value === 'object' && body.value !== null
      ? (body.value as Json)
      : undefined
  }
