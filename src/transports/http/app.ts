import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import type { Caller, Callers } from '../../callers/caller.ts'
import { authenticate } from './authenticate.ts'
import { readMessage } from './body.ts'
import { checkEdges, type Edges } from './edges.ts'
import { Endpoint, toRpcError } from './endpoint.ts'
import type { FairQueue } from './fair-queue.ts'
import { interestOf, onEnd } from './listen-stream.ts'
import type { RateLimit } from './rate-limit.ts'
import type { SessionRoute } from './session-route.ts'
import type { Sessions } from './sessions.ts'

/** One request, for the log: never a header that could hold a secret, never a body. */
export interface RequestReport {
  readonly request: string
  readonly method: string
  readonly status: number
  readonly caller: string | undefined
  readonly milliseconds: number
}

/** What the endpoint is served with. */
export interface AppMeans {
  readonly edges: Edges
  readonly callers: Callers
  readonly sessions: Sessions
  readonly queue: FairQueue
  readonly rate: RateLimit
  readonly route: SessionRoute
  /** What RFC 9728 has about this server; undefined where no authorization server gives out its tokens. */
  readonly metadata: { readonly url: string; readonly document: unknown } | undefined
  report(report: RequestReport): void
  onError(error: Error): void
}

/** Where the protocol is spoken. */
export const MCP_PATH = '/mcp'

/** The routes, and what ends with a caller or with the process. */
export interface App {
  readonly app: Hono
  forget(caller: Caller): void
  /** Resolves when every request that arrived has a response, which may be a stream that goes on. */
  answered(): Promise<void>
}

/** Routes of the protocol; those that operators need are the listener's. */
export const createApp = (means: AppMeans): App => {
  const working = new Set<Promise<Response>>()
  const endpoints = new WeakMap<Caller, Endpoint>()
  const endpointOf = (caller: Caller): Endpoint => {
    const known = endpoints.get(caller)
    if (known !== undefined) return known
    const endpoint = new Endpoint(caller, means.sessions, means.onError)
    endpoints.set(caller, endpoint)
    return endpoint
  }
  const app = new Hono()
  const { metadata, edges } = means
  if (metadata !== undefined) {
    const answer = (context: Context) => context.json(metadata.document, 200, { 'Cache-Control': 'max-age=3600' })
    app.get('/.well-known/oauth-protected-resource', answer)
    app.get(`/.well-known/oauth-protected-resource${MCP_PATH}`, answer)
  }
  app.use(MCP_PATH, checkEdges(edges))
  if (edges.origins.length > 0) app.use(MCP_PATH, allowPages(edges.origins))
  app.all(MCP_PATH, async ({ req }) => {
    const work = reported(means, req.raw, (who) => serve(means, endpointOf, req.raw, who))
    working.add(work)
    try {
      return await work
    } finally {
      working.delete(work)
    }
  })
  app.onError((error) => {
    means.onError(error)
    return toRpcError(500, -32603, 'This server failed on that request (a fault of its own)')
  })
  return {
    app,
    forget: (caller) => void endpoints.get(caller)?.close().catch(means.onError),
    answered: async () => {
      while (working.size > 0) await Promise.allSettled(working)
    },
  }
}

/** Web pages of these origins may read answers; every other page's browser keeps them from it. */
const allowPages = (origins: readonly string[]) =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: ['Mcp-Session-Id', 'WWW-Authenticate', 'Retry-After', 'X-Request-Id'],
  })

/** Says who it was, once that is known. */
type Who = (caller: Caller) => void

const reported = async (
  means: AppMeans,
  request: Request,
  work: (who: Who) => Promise<Response>,
): Promise<Response> => {
  const started = performance.now()
  const id = randomUUID()
  let caller: string | undefined
  const response = await work(({ name }) => {
    caller = name
  })
  const { status } = response
  const { method } = request
  means.report({ request: id, method, status, caller, milliseconds: Math.round(performance.now() - started) })
  const headers = new Headers(response.headers)
  headers.set('X-Request-Id', id)
  return new Response(response.body, { status, headers })
}

const serve = async (
  means: AppMeans,
  endpointOf: (caller: Caller) => Endpoint,
  request: Request,
  who: Who,
): Promise<Response> => {
  const caller = await authenticate(means.callers, request, means.metadata?.url)
  if (caller instanceof Response) return caller
  who(caller)
  // Unread and uncounted: that is for the replica that answers.
  const elsewhere = await means.route(request, caller)
  if (elsewhere !== undefined) return elsewhere
  const wait = await means.rate.refuse(caller.id)
  if (wait !== undefined)
    return toRpcError(429, -32000, `Too many requests; try again in ${wait} s`, { 'Retry-After': String(wait) })
  const read = await readMessage(request)
  if ('refused' in read) return read.refused
  const endpoint = endpointOf(caller)
  const { message } = read
  // Streams that wait for changes hold no turn: they work only when there is something to tell.
  if (message === undefined || interestOf(message) !== undefined) return endpoint.handle(request, message)
  const release = await means.queue.take(caller.id, request.signal)
  if (release === undefined)
    return toRpcError(503, -32000, 'Too many calls are waiting; try again later', { 'Retry-After': '2' })
  try {
    return onEnd(await endpoint.handle(request, message), release)
  } catch (error) {
    release()
    throw error
  }
}
