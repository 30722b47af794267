import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import {
  createHttpClient,
  type HttpClient,
  type HttpConfig,
  HttpFailure,
  type HttpRequest,
} from '../../src/http/client.ts'

export const KEY = 'phx_test-key-0123456789'

/** A port nobody listens on: it was free a moment ago. */
export const closedPort = async (): Promise<number> => {
  const server = createNetServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

export const listen = async (server: Server | NetServer): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A TCP server that listens has an AddressInfo, not a pipe's name.
  return (server.address() as AddressInfo).port
}

/** An HTTP server on loopback for one test; gives its origin. */
export const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener)
  const port = await listen(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}

/** A raw TCP server for replies no HTTP server would give. */
export const serveRaw = async (onSocket: (socket: Socket) => void): Promise<string> => {
  const sockets = new Set<Socket>()
  const server = createNetServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  const port = await listen(server)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${port}`
}

/** A client for one test. */
export const connect = (origin: string, config: Partial<HttpConfig> = {}): HttpClient => {
  const client = createHttpClient({
    origin,
    apiKey: KEY,
    userAgent: 'posthog-warehouse-mcp/0.1.0',
    maxInFlight: 4,
    env: {},
    ...config,
  })
  onTestFinished(() => client.close())
  return client
}

export const request = (fields: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  path: '/api/x/',
  deadlineMs: 20_000,
  maxReplyBytes: 1_000_000,
  signal: new AbortController().signal,
  ...fields,
})

/** The failure a call must end with. */
export const failureOf = async (call: Promise<unknown>): Promise<HttpFailure> => {
  const outcome = await call.then(
    (reply) => new Error(`it did not fail: ${JSON.stringify(reply)}`),
    (error: unknown) => error,
  )
  if (outcome instanceof HttpFailure) return outcome
  throw outcome
}

export const textOf = (reply: { readonly body: Uint8Array }): string => Buffer.from(reply.body).toString()

/** A promise and the function that fulfils it. */
export const signalled = <T = void>(): { readonly done: Promise<T>; readonly tell: (value: T) => void } => {
  let tell: (value: T) => void = () => {}
  const done = new Promise<T>((resolve) => {
    tell = resolve
  })
  return { done, tell }
}
