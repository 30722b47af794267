import type { Dispatcher } from 'undici'
import { encodeBody } from './body.ts'
import { type Deadline, startDeadline, toEndFailure } from './deadline.ts'
import { exchange, type RawReply } from './exchange.ts'
import { HttpFailure } from './failure.ts'
import type { HttpClient, HttpConfig, HttpReply, HttpRequest, Observe } from './message.ts'
import { createAgent } from './proxy.ts'
import { MAX_ATTEMPTS, mayRepeat, pause, toPauseMs, toRetryAfterSeconds } from './retry.ts'
import { createSlots, type Slots } from './slots.ts'
import { createStorage, type Storage } from './storage.ts'

export { type Executed, type FailureKind, HttpFailure } from './failure.ts'
export type * from './message.ts'

interface Means {
  readonly config: HttpConfig
  readonly dispatcher: Dispatcher
  readonly storage: Storage
  readonly slots: Slots
}

const checkKey = (apiKey: string | undefined): void => {
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError('The API key has characters no key has (a space, a line break, a letter with an accent).')
  }
}

const checkConfig = ({ origin, apiKey, userAgent, maxInFlight }: HttpConfig): void => {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin) {
    throw new TypeError('The origin is a scheme, a host and a port, such as https://us.posthog.com.')
  }
  checkKey(apiKey)
  if (!/^[\x20-\x7e]+$/.test(userAgent)) throw new TypeError('The user agent has characters that cannot be sent.')
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1) throw new TypeError('maxInFlight is at least 1.')
}

const toTarget = (origin: string, { path, query = [] }: HttpRequest): string => {
  const whole = origin + path
  // What a URL parser would change (`//host`, `\`, dot segments also as %2e, control characters) is not a path
  // that means what its builder meant; `?` and `#` would end it early.
  if (!path.startsWith('/') || !URL.canParse(whole) || new URL(whole).href !== whole || /[?#]|^\/\//.test(path)) {
    throw new TypeError('The path is not an encoded absolute path.')
  }
  return query.length === 0
    ? path
    : `${path}?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]))}`
}

const toReply = (raw: RawReply, fromStorage: boolean, attempts: number): HttpReply => {
  const seconds = toRetryAfterSeconds(raw.headers['retry-after'], Date.now())
  const requestId = raw.headers['x-request-id']
  const isId = typeof requestId === 'string' && /^[\w.:+/=-]{1,128}$/.test(requestId)
  return {
    status: raw.status,
    contentType: raw.headers['content-type'] ?? '',
    ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
    ...(isId && !fromStorage ? { requestId } : {}),
    body: raw.body,
    fromStorage,
    attempts,
  }
}

/** One attempt, the redirect included. @param added headers of whoever observes it */
const attempt = async (
  means: Means,
  request: HttpRequest,
  deadline: Deadline,
  count: number,
  added: Readonly<Record<string, string>>,
): Promise<HttpReply> => {
  const { config, dispatcher, storage } = means
  const path = toTarget(config.origin, request)
  const encoded = request.body === undefined ? undefined : encodeBody(request.body)
  const { maxReplyBytes } = request
  const raw = await exchange({
    dispatcher,
    peer: 'the server',
    origin: config.origin,
    path,
    method: request.method,
    headers: {
      ...added,
      ...(config.apiKey === undefined ? {} : { Authorization: `Bearer ${config.apiKey}` }),
      'User-Agent': config.userAgent,
      Accept: 'application/json',
      ...encoded?.headers,
    },
    ...(encoded === undefined ? {} : { content: encoded.content }),
    maxReplyBytes,
    deadline,
  })
  if (raw.status !== 302 || request.storageRedirect !== true) return toReply(raw, false, count)
  return toReply(await storage.fetch(raw.headers.location, { maxReplyBytes, deadline }), true, count)
}

const unobserved: Observe = () => ({ headers: {}, ended: () => undefined })

/** What an observer is told of an error that is none of the network's. */
const FAULT = new HttpFailure({ kind: 'unreadable', executed: 'unknown', message: 'The request could not be made.' })

const attemptInTurn = async (means: Means, request: HttpRequest, deadline: Deadline, count: number) => {
  // A turn is held for one attempt, not for the pauses between: those must not keep other calls waiting.
  const release = await means.slots.take(deadline)
  const { observe = unobserved, origin } = means.config
  const { method, route } = request
  const observed = observe({ method, origin, route, count })
  try {
    const reply = await attempt(means, request, deadline, count, observed.headers)
    observed.ended(reply.status)
    return reply
  } catch (error) {
    const failure = error instanceof HttpFailure ? error : undefined
    observed.ended(failure ?? FAULT)
    if (failure !== undefined) return failure
    throw error
  } finally {
    release()
  }
}

const settle = (outcome: HttpReply | HttpFailure): HttpReply => {
  if (outcome instanceof HttpFailure) throw outcome
  return outcome
}

const sendWithin = async (means: Means, request: HttpRequest, deadline: Deadline): Promise<HttpReply> => {
  for (let count = 1; ; count += 1) {
    const outcome = await attemptInTurn(means, request, deadline, count)
    if (count === MAX_ATTEMPTS || !mayRepeat(request.method, outcome)) return settle(outcome)
    const seconds = outcome instanceof HttpFailure ? undefined : outcome.retryAfterSeconds
    const pauseMs = toPauseMs(count, seconds, Math.random())
    // Better the answer at hand, with its Retry-After, than a timeout that hides it.
    if (pauseMs >= deadline.remainingMs()) return settle(outcome)
    await pause(pauseMs, deadline)
    if (deadline.signal.aborted) {
      throw deadline.failure(outcome instanceof HttpFailure ? outcome.executed : 'no')
    }
  }
}

/**
 * Makes the one client of a process: one keep-alive pool to the origin (and one, checked, to storage).
 * @throws TypeError for a key, an origin or a proxy address that cannot be used; none of them is repeated in it
 */
export const createHttpClient = (config: HttpConfig): HttpClient => {
  checkConfig(config)
  const dispatcher = createAgent({ env: config.env })
  const storage = createStorage(config, dispatcher)
  const slots = createSlots(config.maxInFlight)
  const active = new Set<Deadline>()
  let closed = false
  const sendAs = (apiKey: string | undefined): HttpClient['send'] => {
    const means: Means = { config: { ...config, apiKey }, dispatcher, storage, slots }
    return (request) => send(means, request)
  }
  const send = async (means: Means, request: HttpRequest): Promise<HttpReply> => {
    toTarget(config.origin, request)
    if (closed) throw toEndFailure('closed', 'no', request.deadlineMs)
    const deadline = startDeadline(request.deadlineMs, request.signal)
    active.add(deadline)
    try {
      return await sendWithin(means, request, deadline)
    } finally {
      deadline.stop()
      active.delete(deadline)
    }
  }
  const close: HttpClient['close'] = async () => {
    closed = true
    for (const deadline of active) deadline.end('closed')
    await Promise.all([dispatcher.destroy(), storage.close()])
  }
  return {
    send: sendAs(config.apiKey),
    as: (apiKey) => {
      checkKey(apiKey)
      return { send: sendAs(apiKey) }
    },
    close,
  }
}
