import { setTimeout } from 'node:timers/promises'
import { AccessTokens } from './callers/access-tokens.ts'
import type { Caller, Callers } from './callers/caller.ts'
import { CallerPool } from './callers/caller-pool.ts'
import { createOpenCallers } from './callers/open-caller.ts'
import { PosthogCallers } from './callers/posthog-callers.ts'
import { createTokenCallers } from './callers/token-callers.ts'
import type { HttpSettings } from './config-http.ts'
import type { Host, Upstream } from './host.ts'
import type { Logger } from './log.ts'
import { isLoopback } from './loopback.ts'
import type { Metrics } from './metrics.ts'
import type { Observers } from './observers.ts'
import { createPageRoutes } from './pages/page-routes.ts'
import type { Pages } from './pages/pages.ts'
import { Readiness } from './readiness.ts'
import { joinReplicas, type Replicas } from './replicas/replicas.ts'
import { createApp, MCP_PATH } from './transports/http/app.ts'
import { FairQueue } from './transports/http/fair-queue.ts'
import { type Listener, listen } from './transports/http/listener.ts'
import { createOperatorApp } from './transports/http/operator-routes.ts'
import { createRateLimit } from './transports/http/rate-limit.ts'
import { answerHere, createSessionRoute } from './transports/http/session-route.ts'
import { Sessions } from './transports/http/sessions.ts'

/** How long calls in flight may take to end once the process was asked to; orchestrators wait 30 s. */
const GRACE_MS = 20_000

/** A running HTTP server. */
export interface HttpServing {
  /** Where clients connect. */
  readonly url: string
  /** Where a person's browser reaches it; undefined where it could not do so safely. */
  readonly pageOrigin: string | undefined
  close(): Promise<void>
}

/** Who may call, as the operator chose. @throws ConfigError */
const createCallers = (
  { http, host, only, knows, secretNames }: Host,
  settings: HttpSettings,
  log: Logger,
  dropped: (caller: Caller) => void,
): Callers => {
  if (settings.auth === 'none') return createOpenCallers(host({ id: 'open', name: 'local' }), dropped)
  const pool = new CallerPool(dropped)
  if (settings.auth === 'token') {
    const sources = { token: settings.token, path: settings.tokensFile, only, knows, secretNames }
    const tokens = new AccessTokens(sources, (error) =>
      log.error({ error: error.message }, 'tokens not read; those before stay in force'),
    )
    return createTokenCallers(tokens, pool, (id, name, ceiling) => host({ id, name, ceiling }))
  }
  return new PosthogCallers({ http, pool, passOAuth: settings.passOAuth, make: host })
}

/** The same host, whose guests tell the other replicas of their changes and hear of theirs. */
const among = (host: Host, replicas: Replicas | undefined): Host =>
  replicas === undefined
    ? host
    : { ...host, host: (guest) => replicas.relay.join({ ...guest, uses: replicas.uses }, host.host) }

/** What RFC 9728 has about this server; only where PostHog gives out what callers bring. */
const toMetadata = (settings: HttpSettings, { origin }: Upstream, scopes: readonly string[]) => {
  if (settings.auth !== 'posthog' || settings.publicUrl === undefined) return undefined
  return {
    url: `${settings.publicUrl}/.well-known/oauth-protected-resource${MCP_PATH}`,
    document: {
      resource: `${settings.publicUrl}${MCP_PATH}`,
      authorization_servers: [origin],
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
      resource_name: 'PostHog data warehouse',
    },
  }
}

/** Opens the operators' port, if there is one. @throws ConfigError */
const listenForOperators = async (
  { metrics: at }: HttpSettings,
  metrics: Metrics | undefined,
  readiness: Readiness,
  log: Logger,
): Promise<Listener | undefined> => {
  if (at === undefined || metrics === undefined) return undefined
  const listener = await listen(createOperatorApp(readiness, metrics, at.bind), at.port, at.bind)
  log.info({ url: `${listener.url}/metrics` }, 'metrics')
  return listener
}

/** What is served besides the callers' own. */
export interface HttpParts extends Observers {
  readonly upstream: Upstream
  /** All that any tool needs. */
  readonly scopes: readonly string[]
  readonly pages: Pages
}

/** What the endpoint is made of. */
const assemble = async (host: Host, settings: HttpSettings, log: Logger, parts: HttpParts) => {
  const { metrics, tracing, upstream, scopes, pages } = parts
  const idleMs = settings.sessionIdleSeconds * 1000
  const replicas = settings.replicas && (await joinReplicas(settings.replicas, idleMs, log))
  const sessions = new Sessions({ most: settings.maxSessions, idleMs }, replicas?.places)
  replicas?.onConnected(() => sessions.announce())
  const queue = new FairQueue({ running: settings.maxCalls, waiting: settings.maxWaiting })
  const readiness = new Readiness(host.http)
  metrics?.watch({ sessions: () => sessions.size, running: () => queue.running, waiting: () => queue.waiting })
  let forget = (_caller: Caller): void => undefined
  const callers = createCallers(among(host, replicas), settings, log, (caller) => forget(caller))
  const made = createApp({
    edges: { hosts: settings.allowedHosts, origins: settings.allowedOrigins, bind: settings.bind },
    callers,
    sessions,
    queue,
    rate: createRateLimit(settings.ratePerMinute, replicas?.redis),
    readiness,
    tracing,
    route: replicas ? createSessionRoute(sessions, replicas.places, replicas.forwarder) : answerHere,
    pages: createPageRoutes(pages),
    metadata: toMetadata(settings, upstream, scopes),
    report: (report) => {
      log.info(report, 'request')
      metrics?.answered(report.method, report.status)
    },
    onError: (error) => log.debug({ error: error.name }, 'protocol error'),
    onFault: (error) => log.error({ error: error.name }, 'fault'),
  })
  forget = made.forget
  return { made, callers, sessions, queue, readiness, replicas }
}

/**
 * Passwords are typed there: over TLS, or on this machine. With several replicas the next request could reach another
 * one, which has no such page.
 */
const toPageOrigin = ({ publicUrl, replicas, bind }: HttpSettings, own: string): string | undefined => {
  if (replicas !== undefined) return undefined
  const origin = publicUrl ?? (isLoopback(bind) ? own : undefined)
  if (origin === undefined) return undefined
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' || isLoopback(hostname) ? origin : undefined
}

/** Serves Streamable HTTP until it is closed. @throws ConfigError */
export const serveHttp = async (
  host: Host,
  settings: HttpSettings,
  log: Logger,
  parts: HttpParts,
): Promise<HttpServing> => {
  const { made, callers, sessions, queue, readiness, replicas } = await assemble(host, settings, log, parts)
  const operators = await listenForOperators(settings, parts.metrics, readiness, log)
  const listener = await listen(made.app, settings.port, settings.bind)
  const url = `${listener.url}${MCP_PATH}`
  log.info({ url, auth: settings.auth }, 'listening')
  const close = async (): Promise<void> => {
    const until = performance.now() + GRACE_MS
    const left = (): number => Math.max(0, until - performance.now())
    readiness.drain()
    await listener.stopAccepting()
    made.refuse()
    log.info({ running: queue.running, waiting: queue.waiting }, 'ending')
    // A request that is still being looked at has no turn yet that could be waited for.
    await Promise.race([Promise.all([made.answered(), host.endQuestions()]), setTimeout(GRACE_MS)])
    await Promise.all([queue.drained(left()), replicas?.forwarder.close(left())])
    sessions.close()
    await callers.close()
    await listener.close()
    // Late, so that it can be watched how the rest ends.
    await operators?.stopAccepting()
    await operators?.close()
    await replicas?.close()
    await host.http.close()
    await parts.tracing?.close()
  }
  return { url, pageOrigin: toPageOrigin(settings, listener.url), close }
}
