import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { ConfigError } from '../../command-line.ts'

/** Slow clients are let go: one that takes this long for its headers, its body, or between requests. */
const HEADERS_MS = 10_000
const REQUEST_MS = 60_000
const KEEP_ALIVE_MS = 65_000

/** A listening server. */
export interface Listener {
  readonly url: string
  /** Stops accepting, lets calls that run end within `graceMs`, and closes what is left. */
  close(graceMs: number): Promise<void>
}

/** @throws ConfigError when the address cannot be had */
export const listen = async (app: Pick<Hono, 'fetch'>, port: number, bind: string): Promise<Listener> => {
  // Without TLS or HTTP/2 options the adaptor makes a plain HTTP server.
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.headersTimeout = HEADERS_MS
  server.requestTimeout = REQUEST_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  server.maxHeadersCount = 100
  await started(server, port, bind)
  // A TCP server that listens has an address object; only pipes have strings.
  const address = server.address() as AddressInfo
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { url: `http://${host}:${address.port}`, close: (graceMs) => stop(server, graceMs) }
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

const stop = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(force)
      resolve()
    })
    // Those that wait for their next request need not be waited for.
    server.closeIdleConnections()
  })
