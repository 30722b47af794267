import type { LookupFunction } from 'node:net'
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
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
    pipelining: 1,
    // The deadline of each call is the only clock; undici's own would end long calls with another error.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(lookup === undefined ? {} : { lookup }) },
  })
