import { randomBytes } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import type { World } from '../world.ts'
import type { FaultBook } from './fault-book.ts'
import type { FaultRule } from './fault-rules.ts'

const FLOOD_BYTES = 50 * 1024 * 1024
const FLOOD_CHUNK = 64 * 1024

type Standard = readonly [type: string, code: string, detail: string]

// Texts of fact sheet: cross-cutting 7, 9.4 and 10, rows 25 to 27; the rest has PostHog's form only.
const TEXTS: ReadonlyMap<number, Standard> = new Map<number, Standard>([
  [400, ['validation_error', 'invalid_input', 'Invalid input.']],
  [
    401,
    [
      'authentication_error',
      'authentication_failed',
      'Personal API key found in request Authorization header is invalid.',
    ],
  ],
  [403, ['authentication_error', 'permission_denied', 'You do not have permission to perform this action.']],
  [404, ['invalid_request', 'not_found', 'Not found.']],
  [500, ['server_error', 'error', 'A server error occurred.']],
  [
    503,
    ['server_error', 'database_unavailable', "We couldn't reach the database just now. Please try again in a moment."],
  ],
  [504, ['server_error', 'error', 'Query has hit the max execution time before completing. Try reducing its scope.']],
  [
    512,
    [
      'server_error',
      'error',
      'Estimated query execution time is too long. Try reducing its scope by changing the time range.',
    ],
  ],
  [513, ['server_error', 'clickhouse_memory_limit_exceeded', 'This query ran out of memory before completing.']],
])

const standardBody = (status: number, retryAfter: number): unknown => {
  const [type, code, detail] =
    status === 429
      ? ['throttled_error', 'throttled', `Request was throttled. Expected available in ${retryAfter} seconds.`]
      : (TEXTS.get(status) ?? [status < 500 ? 'invalid_request' : 'server_error', 'error', `Status ${status}.`])
  return { type, code, detail, attr: null }
}

const withStatus = (rule: FaultRule, status: number): Response => {
  const fallback = status === 503 ? 1 : status === 429 ? 12 : undefined
  const seconds = rule.retry_after ?? fallback
  const headers: Record<string, string> = seconds === undefined ? {} : { 'Retry-After': String(seconds) }
  // These statuses have no body, whatever the rule says.
  if (rule.body === 'empty' || [204, 205, 304].includes(status)) return new Response(null, { status, headers })
  if (rule.body === 'html') {
    headers['Content-Type'] = 'text/html; charset=utf-8'
    const page = `<!doctype html><html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`
    return new Response(page, { status, headers })
  }
  return Response.json(standardBody(status, seconds ?? 0), { status, headers })
}

/** JSON that goes on and on, made while it is read; a reader who leaves ends it. */
const flood = (): Response => {
  let left = FLOOD_BYTES
  const chunk = new TextEncoder().encode('x'.repeat(FLOOD_CHUNK))
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"results":["')),
    pull: (controller) => {
      controller.enqueue(chunk)
      left -= FLOOD_CHUNK
      if (left > 0) return
      controller.enqueue(new TextEncoder().encode('"]}'))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'Content-Type': 'application/json' } })
}

const truncated = async (response: Response): Promise<Response> => {
  const text = await response.text()
  return new Response(text.slice(0, Math.ceil(text.length / 2)), {
    status: response.status,
    headers: { 'Content-Type': 'application/json' },
  })
}

/** Ends the connection without an answer. Where there is no connection (in-process tests) it is a plain 500. */
const reset = (c: Context): Response => {
  // The adaptor puts Node's request into the environment; without it there is none.
  const { incoming } = c.env as Partial<HttpBindings>
  incoming?.socket.destroy()
  return new Response(null, { status: 500 })
}

const replace = (rule: FaultRule, c: Context): Response | Promise<Response> => {
  if (rule.status !== undefined) return withStatus(rule, rule.status)
  switch (rule.reply) {
    case 'reset':
      return reset(c)
    case 'garbage':
      return new Response(randomBytes(512), { headers: { 'Content-Type': 'application/json' } })
    case 'flood':
      return flood()
    case 'truncated':
      return truncated(c.res)
    default:
      return c.res
  }
}

const isDelayOnly = (rule: FaultRule): boolean => rule.status === undefined && rule.reply === undefined

/**
 * Answers calls that a rule hits. It comes before authentication, so that a fault needs no key; with `carried_out` the
 * call takes its whole course first and only its answer is lost.
 */
export const faulty =
  (world: World, book: FaultBook): MiddlewareHandler =>
  async (c, next) => {
    const rule = c.req.path.startsWith('/_') ? undefined : book.next(c.req.method, c.req.path)
    if (rule === undefined) return next()
    if (rule.delay_ms > 0)
      await new Promise<void>((resolve) => world.alarms.wake(world.clock() + rule.delay_ms, resolve))
    if (rule.carried_out || rule.reply === 'truncated' || isDelayOnly(rule)) await next()
    const response = await replace(rule, c)
    // Without this the headers of the answer that is replaced would be kept.
    c.res = undefined
    c.res = response
  }
