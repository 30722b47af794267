import {
  createMcpHandler,
  isInitializeRequest,
  isLegacyRequest,
  legacyStatelessFallback,
  type McpHttpHandler,
} from '@modelcontextprotocol/server'
import type { Caller } from '../../callers/caller.ts'
import type { Watcher } from '../../schema/resource-watch.ts'
import { interestOf, onEnd } from './listen-stream.ts'
import { LARGEST_BODY, type Sessions } from './sessions.ts'

/** An error in the protocol's words. @param id of the message it answers, where one is known */
export const toRpcError = (
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
  id: unknown = null,
): Response => Response.json({ jsonrpc: '2.0', error: { code, message }, id }, { status, headers })

/** The protocol's word for "begin again". */
export const sessionNotFound = (): Response => toRpcError(404, -32001, 'Session not found')

/**
 * The endpoint as one caller sees it: the 2026 revision per request, older ones in a session or without. Nothing here is
 * shared with another caller but the table of sessions, which knows whose each is.
 */
export class Endpoint {
  readonly #caller: Caller
  readonly #sessions: Sessions
  readonly #modern: McpHttpHandler
  readonly #stateless: ReturnType<typeof legacyStatelessFallback>
  readonly #watcher: Watcher | undefined
  #streams = 0
  #isClosed = false

  constructor(caller: Caller, sessions: Sessions, onError: (error: Error) => void) {
    const { makeServer, watch } = caller
    this.#caller = caller
    this.#sessions = sessions
    this.#modern = createMcpHandler(() => makeServer('modern', 'stream').server, {
      legacy: 'reject',
      onerror: onError,
      maxRequestBodySize: LARGEST_BODY,
    })
    this.#stateless = legacyStatelessFallback(() => makeServer('legacy', 'none').server, onError)
    const { notify } = this.#modern
    this.#watcher = watch?.connect(
      { listChanged: () => notify.resourcesChanged(), updated: (uri) => notify.resourceUpdated(uri) },
      false,
    )
  }

  /** @param body the message, parsed; undefined for a request that has none */
  async handle(request: Request, body: unknown): Promise<Response> {
    // It waited for its turn, or its body was read, while the caller was dropped: what it began now, nobody would end.
    if (this.#isClosed)
      return toRpcError(503, -32000, 'What this caller had here has ended; try again', { 'Retry-After': '1' })
    const id = request.headers.get('mcp-session-id')
    if (id !== null) return this.#inSession(id, request, body)
    if (!(await isLegacyRequest(request, body))) return this.#perRequest(request, body)
    if (!isInitializeRequest(body)) return this.#stateless(request, { parsedBody: body })
    if (!this.#sessions.makeRoom())
      return toRpcError(503, -32000, 'No room for another session; try again later', { 'Retry-After': '10' })
    return this.#sessions.begin(this.#caller.id, request, body, () => this.#caller.makeServer('legacy').server)
  }

  /** Ends what only this caller had. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#watcher?.close()
    this.#sessions.close(this.#caller.id)
    await this.#modern.close()
  }

  async #perRequest(request: Request, body: unknown): Promise<Response> {
    const response = await this.#modern.fetch(request, { parsedBody: body })
    const interest = interestOf(body)
    if (interest === undefined || this.#watcher === undefined || response.status !== 200) return response
    this.#streams += 1
    const key = this.#streams
    this.#watcher.subscribe(key, interest)
    return onEnd(response, () => this.#watcher?.unsubscribe(key))
  }

  async #inSession(id: string, request: Request, body: unknown): Promise<Response> {
    const session = this.#sessions.find(id, this.#caller.id)
    if (session === undefined) return sessionNotFound()
    return this.#sessions.handle(session, request, body, onEnd)
  }
}
