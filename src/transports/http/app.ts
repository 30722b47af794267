import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { Caller, Callers } from '../../callers/caller.ts'
import { PAGE_PATH } from '../../pages/pages.ts'
import type { Readiness } from '../../readiness.ts'
import { withTurn } from '../../request-scope.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import { authenticate, toRefusal } from './authenticate.ts'
import { readMessage } from './body.ts'
import { checkEdges, type Edges } from './edges.ts'
import { Endpoint, toRpcError } from './endpoint.ts'
import type { FairQueue } from './fair-queue.ts'
import { InFlight } from './in-flight.ts'
import { holding, interestOf } from './listen-stream.ts'
import { asksForWork, toolCallsOf, whyNoBatch } from './messages.ts'
import { createProbes } from './operator-routes.ts'
import type { RateLimit } from './rate-limit.ts'
import { identifyRequest } from './request-id.ts'
import type { SessionRoute } from './session-route.ts'
import type { Sessions } from './sessions.ts'
import { traced } from './traced.ts'
import { Turn } from './turn.ts'

/** One request, for the log: never a header that could hold a secret, never a body. */
export interface RequestReport {
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
  readonly readiness: Pick<Readiness, 'whyNot'>
  readonly tracing: Tracing | undefined
  readonly route: SessionRoute
  /** The pages that people fill in; anything below their path. */
  readonly pages: Pick<Hono, 'fetch'>
  /** What RFC 9728 has about this server; undefined where no authorization server gives out its tokens. */
  readonly metadata: { readonly url: string; readonly document: unknown } | undefined
  report(report: RequestReport): void
  /** What was wrong with a message; the request is reported beside. */
  onError(error: Error): void
  /** A fault of this server. */
  onFault(error: Error): void
}

/** The routes, and what ends them. */
export interface App {
  readonly app: Hono
  /** Ends what only this caller had. */
  forget(caller: Caller): void
  /** Refuses whatever comes from now on; what was taken goes on. */
  refuse(): void
  /** Resolves when every request that was taken has a response, which may be a stream that goes on. */
  answered(): Promise<void>
}

/** Where the protocol is spoken. */
export const MCP_PATH = '/mcp'

/** Routes of the protocol. */
export const createApp = (means: AppMeans): App => {
  const working = new InFlight()
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
  let isClosing = false
  app.use(identifyRequest)
  // Before the rest: who asks for them is not reported, and sends any Host.
  app.route('/', createProbes(means.readiness))
  app.use(reported(means))
  app.use(async (_context, next) => (isClosing ? closing() : next()))
  if (edges.origins.length > 0) app.use('/.well-known/*', allowPages(edges.origins))
  if (metadata !== undefined) {
    const answer = (context: Context) => context.json(metadata.document, 200, { 'Cache-Control': 'max-age=3600' })
    app.get('/.well-known/oauth-protected-resource', answer)
    app.get(`/.well-known/oauth-protected-resource${MCP_PATH}`, answer)
  }
  app.use(MCP_PATH, checkEdges(edges))
  if (edges.origins.length > 0) app.use(MCP_PATH, allowPages(edges.origins))
  app.all(MCP_PATH, (context) => working.watch(serve(means, endpointOf, context)))
  app.all(`${PAGE_PATH}/*`, (context) => working.watch(Promise.resolve(means.pages.fetch(context.req.raw))))
  app.notFound(() => toRpcError(404, -32000, `Nothing is here; the protocol is spoken at ${MCP_PATH}`))
  app.onError((error) => {
    means.onFault(error)
    return toRpcError(500, -32603, 'This server failed on that request (a fault of its own)')
  })
  return {
    app,
    answered: working.over,
    // One that has no endpoint yet may have a request that is about to make it.
    forget: (caller) => void endpointOf(caller).close().catch(means.onFault),
    refuse: () => {
      isClosing = true
    },
  }
}

const closing = (): Response =>
  toRpcError(503, -32000, 'This server is about to end; try again', { 'Retry-After': '1', Connection: 'close' })

/** Web pages of these origins may read answers; every other page's browser keeps them from it. */
const allowPages = (origins: readonly string[]) =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    exposeHeaders: ['Mcp-Session-Id', 'WWW-Authenticate', 'Retry-After', 'X-Request-Id'],
  })

/** Where a request says who it was, once that is known. */
const CALLER = 'caller'

/** One line for every request, whatever becomes of it. */
const reported =
  (means: AppMeans): MiddlewareHandler =>
  async (context, next) => {
    const started = performance.now()
    await next()
    means.report({
      method: context.req.method,
      status: context.res.status,
      caller: context.get(CALLER),
      milliseconds: Math.round(performance.now() - started),
    })
  }

const serve = async (
  means: AppMeans,
  endpointOf: (caller: Caller) => Endpoint,
  context: Context,
): Promise<Response> => {
  const request = context.req.raw
  // Its answer's body is never read, and whatever waits for the end of that would wait for ever.
  if (request.method === 'HEAD')
    return toRpcError(405, -32000, 'The protocol has no HEAD', { Allow: 'GET, POST, DELETE' })
  const held = await authenticate(means.callers, request, means.metadata?.url)
  if (held instanceof Response) return held
  const { caller, release } = held
  context.set(CALLER, caller.name)
  return holding(release, () => serveCaller(means, endpointOf, request, caller))
}

/** @param caller who stays until the answer has ended */
const serveCaller = async (
  means: AppMeans,
  endpointOf: (caller: Caller) => Endpoint,
  request: Request,
  caller: Caller,
): Promise<Response> => {
  // Unread and uncounted: that is for the replica that answers.
  const elsewhere = await means.route(request, caller)
  if (elsewhere !== undefined) return elsewhere
  const wait = await means.rate.refuse(caller.id)
  if (wait !== undefined)
    return toRpcError(429, -32000, `Too many requests; try again in ${wait} s`, { 'Retry-After': String(wait) })
  const read = await readMessage(request)
  if ('refused' in read) return read.refused
  const { message } = read
  const answer = async (): Promise<Response> =>
    refuseMessage(message, request, caller, means.metadata?.url) ??
    inTurn(means.queue, caller, request, message, endpointOf(caller))
  return traced(means.tracing, { headers: request.headers, message, knows: caller.knows }, answer)
}

/** What a message may not be, or may not ask for. */
const refuseMessage = (
  message: unknown,
  request: Request,
  { lacking }: Caller,
  metadataUrl: string | undefined,
): Response | undefined => {
  const why = whyNoBatch(message, request.headers.get('mcp-protocol-version'))
  if (why !== undefined) return toRpcError(400, -32600, why)
  for (const { name, id } of toolCallsOf(message)) {
    const scopes = lacking(name)
    if (scopes === undefined) continue
    const description = `The tool ${name} needs the scopes ${scopes.join(' ')}; the credential lacks one`
    return toRefusal({ status: 403, error: 'insufficient_scope', description, scopes }, metadataUrl, id)
  }
  return undefined
}

const inTurn = async (
  queue: FairQueue,
  caller: Caller,
  request: Request,
  message: unknown,
  endpoint: Endpoint,
): Promise<Response> => {
  // Streams that wait for changes hold no turn: they work only when there is something to tell.
  if (!asksForWork(message) || interestOf(message) !== undefined) return endpoint.handle(request, message)
  const release = await queue.take(caller.id, request.signal)
  if (release === undefined)
    return toRpcError(503, -32000, 'Too many calls are waiting; try again later', { 'Retry-After': '2' })
  const turn = new Turn(queue, caller.id, request.signal, release)
  return holding(turn.end, () => withTurn(turn.without, () => endpoint.handle(request, message)))
}
