import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { ConfigError } from '../../command-line.ts'
import { QuietConnections } from './quiet-connections.ts'

/** How long a client may take: one that is slower is let go. */
export interface Patience {
  /** For the headers of a request. */
  readonly headersMs: number
  /** For all of a request. */
  readonly requestMs: number
}

const PATIENCE: Patience = { headersMs: 10_000, requestMs: 60_000 }
/** Between requests; longer than load balancers keep a connection (60 s), or they would send into one that closes. */
const KEEP_ALIVE_MS = 65_000
/** A peer that vanished without a word is noticed, and its session can expire. */
const PROBE_MS = 30_000
/** For the last bytes of what has ended. */
const FLUSH_MS = 1_000
/** For a request on a connection that was taken before the port closed. */
const ARRIVAL_MS = 500
/** A turn of the event loop that brings nothing takes a fraction of this. */
const CALM_TURN_MS = 0.1
/** How long such a turn is waited for. */
const CALM_MS = 1_000

/** A listening server. */
export interface Listener {
  readonly url: string
  /** Takes no more connections; resolves when those that are open have sent their last request, or had time for it. */
  stopAccepting(): Promise<void>
  /** Closes what is left. */
  close(): Promise<void>
}

/** @throws ConfigError when the address cannot be had */
export const listen = async (
  { fetch }: Pick<Hono, 'fetch'>,
  port: number,
  bind: string,
  { headersMs, requestMs }: Patience = PATIENCE,
): Promise<Listener> => {
  const serverOptions = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: headersMs / 4,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_MS,
  }
  // Without TLS or HTTP/2 options the adaptor makes a plain HTTP server.
  const server = createAdaptorServer({ fetch, serverOptions }) as Server
  server.maxHeadersCount = 100
  await started(server, port, bind)
  // A TCP server that listens has an address object; only pipes have strings.
  const address = server.address() as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const ended = once(server, 'close')
  const quiet = new QuietConnections(server)
  return {
    url: `http://${host}:${address.port}`,
    stopAccepting: () => stopAccepting(server, quiet),
    close: async () => {
      quiet.close()
      const force = setTimeout(() => server.closeAllConnections(), FLUSH_MS)
      await ended
      clearTimeout(force)
    },
  }
}

const started = (server: Server, port: number, bind: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.name
      const why = code === 'EADDRINUSE' ? 'is in use' : code === 'EACCES' ? 'is not allowed' : `cannot be had (${code})`
      reject(new ConfigError(`--port ${port}: the port ${why} on ${bind}`))
    })
    server.listen(port, bind.replace(/^\[|\]$/g, ''), () => resolve())
  })

const stopAccepting = async (server: Server, quiet: QuietConnections): Promise<void> => {
  quiet.last()
  await closePort(server)
  await quiet.gone(ARRIVAL_MS)
}

/**
 * Closes the port right after a turn of the event loop in which nothing happened. What the system has accepted and the
 * loop has not yet taken is reset with the port; such a turn has taken all of it, and what comes in the microseconds
 * after it is next to nothing.
 */
const closePort = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const started = performance.now()
    let before = 0
    const look = (): void => {
      const now = performance.now()
      if (now - before > CALM_TURN_MS && now - started < CALM_MS) {
        before = now
        setImmediate(look)
        return
      }
      // Not the HTTP server's own way to close: that lets go of idle connections at once, and a request that is just
      // arriving on one of them would be lost.
      NetServer.prototype.close.call(server)
      resolve()
    }
    look()
  })
