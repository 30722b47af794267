import { Readable } from 'node:stream'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import { Agent, type Dispatcher } from 'undici'

/** Passes requests on to other replicas, as they are; streams flow both ways. */
export interface Forwarder {
  /**
   * Abandoning the request or the response ends the one passed on.
   * @param origin the other replica: scheme, host and port
   * @param extra headers that are added
   * @returns its response; 'gone' when it cannot be reached and nothing was sent; 'lost' when it went away after that
   */
  forward(
    request: Request,
    origin: string,
    extra: Readonly<Record<string, string>>,
  ): Promise<Response | 'gone' | 'lost'>
  /** Ends streams that wait for news, lets calls end within `graceMs`, and ends what is left. */
  close(graceMs: number): Promise<void>
}

/** They belong to one connection (RFC 9110, 7.6.1), or undici says them itself. */
const OF_CONNECTION = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A replica that is there takes a connection at once. */
const CONNECT_MS = 2_000
/** The longest call with all its waiting, and some more. */
const HEADERS_MS = 15 * 60_000

/** Whether a connection could not be made at all; every other failure may come after something was sent. */
const isNotSent = (error: unknown): boolean => {
  // Several addresses of one name, none of which could be reached.
  if (error instanceof AggregateError) return error.errors.every(isNotSent)
  if (!(error instanceof Error)) return false
  if ('syscall' in error) return error.syscall === 'connect' || error.syscall === 'getaddrinfo'
  return 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT'
}

const toHeaders = (request: Request, extra: Readonly<Record<string, string>>): Record<string, string> => ({
  ...Object.fromEntries([...request.headers].filter(([name]) => !OF_CONNECTION.has(name))),
  ...extra,
})

/**
 * A body as a web stream that ends where it breaks: there is nobody to tell but whoever reads it, and a stream that fails
 * would be reported as a fault of this server.
 */
const toStream = (body: Readable): ReadableStream<Uint8Array> => {
  const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next().catch(() => ({ done: true, value: undefined }))
      if (done || value === undefined) controller.close()
      else controller.enqueue(value)
    },
    cancel() {
      body.destroy()
    },
  })
}

const toResponse = ({ statusCode, headers, body }: Dispatcher.ResponseData): Response => {
  const kept = new Headers()
  // A body that breaks is shorter than was said, and the next response must not be taken for its rest.
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && name !== 'content-length' && !OF_CONNECTION.has(name))
      kept.set(name, [value].flat().join(', '))
  const hasNone = statusCode === 204 || statusCode === 304
  if (hasNone) body.resume()
  return new Response(hasNone ? null : toStream(body), { status: statusCode, headers: kept })
}

interface Passing {
  readonly isStream: boolean
  readonly ended: Promise<void>
  end(): void
}

/** Makes the one forwarder of a process. */
export const createForwarder = (): Forwarder => {
  const agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: HEADERS_MS, bodyTimeout: 0 })
  const passing = new Set<Passing>()
  const begin = (isStream: boolean) => {
    const control = new AbortController()
    let over = (): void => undefined
    const ended = new Promise<void>((resolve) => {
      over = () => {
        passing.delete(one)
        resolve()
      }
    })
    const one: Passing = { isStream, ended, end: () => control.abort() }
    passing.add(one)
    return { signal: control.signal, over }
  }
  return {
    forward: async (request, origin, extra) => {
      const { pathname, search } = new URL(request.url)
      const { signal, over } = begin(request.method === 'GET')
      // The same web stream, typed by Node on the one side and by the DOM on the other.
      const content = request.body === null ? null : Readable.fromWeb(request.body as unknown as NodeStream)
      try {
        const reply = await agent.request({
          origin,
          path: pathname + search,
          // Node hands on no method that undici could not send.
          method: request.method as Dispatcher.HttpMethod,
          headers: toHeaders(request, extra),
          body: content,
          signal: AbortSignal.any([request.signal, signal]),
        })
        reply.body.once('close', over)
        return toResponse(reply)
      } catch (error) {
        over()
        return isNotSent(error) ? 'gone' : 'lost'
      }
    },
    close: async (graceMs) => {
      for (const { isStream, end } of passing) if (isStream) end()
      const timer = setTimeout(() => {
        for (const { end } of passing) end()
      }, graceMs)
      await Promise.all([...passing].map(({ ended }) => ended))
      clearTimeout(timer)
      await agent.destroy()
    },
  }
}
