import type { LookupFunction } from 'node:net'
import { type buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { HttpFailure } from './failure.ts'
import type { ProxyEnv } from './message.ts'

const LOOPBACK = 'localhost,127.0.0.1,[::1]'
const CONNECT_TIMEOUT_MS = 10_000

const checkProxy = (name: string, value: string | undefined): string => {
  // Empty and not undefined: for undefined undici would read process.env itself.
  if (value === undefined || value === '') return ''
  // The value is not repeated: it may hold a password.
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) {
    throw new TypeError(`${name} is not a proxy address such as http://proxy.example.com:3128.`)
  }
  return value
}

// A local origin is never reached through a proxy, whatever NO_PROXY says (as Go does, unlike curl): a
// company-wide HTTPS_PROXY must not break a server on this machine.
const toNoProxy = (value: string): string => {
  const entries = value.split(/[,\s]+/)
  return entries.includes('*') ? '*' : [...entries, LOOPBACK].filter((entry) => entry !== '').join(',')
}

const toTunnelError = (error: Error): Error => {
  const code = 'code' in error ? String(error.code) : ''
  if (!code.startsWith('UND_ERR_') || code === 'UND_ERR_PRX_TLS') return error
  const message = `The proxy did not let a connection through (${code}).`
  return new HttpFailure({ kind: 'unreachable', executed: 'no', message })
}

/**
 * Renames the errors of a tunnel. undici takes a SocketError from `connect` for a lost connection of its own and
 * connects again at once, without end, so a proxy that hangs up would keep it busy for the whole deadline.
 */
const renaming =
  (tunnel: buildConnector.connector): buildConnector.connector =>
  (options, callback) =>
    tunnel(options, (...[error, socket]) =>
      error === null ? callback(null, socket) : callback(toTunnelError(error), null),
    )

const createPool = (origin: string | URL, options: Pool.Options): Pool => {
  const { connect } = options
  // Only tunnels come as a function; direct connections come as options for undici's own connector.
  return new Pool(origin, typeof connect === 'function' ? { ...options, connect: renaming(connect) } : options)
}

/** How to make the one pool of connections. */
export interface AgentOptions {
  readonly env: ProxyEnv
  /** Replaces name look-up of direct connections; behind a proxy the proxy looks names up. */
  readonly lookup?: LookupFunction
}

/**
 * Makes a keep-alive pool that honours HTTPS_PROXY, HTTP_PROXY (also for https where the former is not set) and
 * NO_PROXY. A proxy is always asked for a tunnel (CONNECT), so it never sees the key of an https origin.
 * @throws TypeError that names the variable when a proxy address cannot be read
 */
export const createAgent = ({ env, lookup }: AgentOptions): Dispatcher =>
  new EnvHttpProxyAgent({
    httpProxy: checkProxy('HTTP_PROXY', env.http_proxy ?? env.HTTP_PROXY),
    httpsProxy: checkProxy('HTTPS_PROXY', env.https_proxy ?? env.HTTPS_PROXY),
    noProxy: toNoProxy(env.no_proxy ?? env.NO_PROXY ?? ''),
    factory: createPool,
    pipelining: 1,
    // The deadline of each call is the only clock; undici's own would end long calls with another error.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(lookup === undefined ? {} : { lookup }) },
  })
