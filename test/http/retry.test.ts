import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import type { HttpRequest } from '../../src/http/client.ts'
import { mayRepeat, toPauseMs, toRetryAfterSeconds } from '../../src/http/retry.ts'
import { closedPort, connect, failureOf, request, serve, serveRaw, signalled, textOf } from './support.ts'

type Answer = (reply: ServerResponse) => void

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (reply) =>
    reply.writeHead(code, headers).end(String(code))
const reset: Answer = (reply) => reply.socket?.resetAndDestroy()
const breakOff: Answer = (reply) => {
  reply.writeHead(200, { 'content-length': '100' })
  reply.write('{"half":')
  setImmediate(() => reply.socket?.destroy())
}

/** Answers in turn, the last one again and again. */
const script = async (answers: readonly Answer[]) => {
  let arrived = 0
  const origin = await serve((incoming, reply) => {
    incoming.resume()
    const answer = answers[Math.min(arrived, answers.length - 1)]
    arrived += 1
    answer?.(reply)
  })
  return { origin, arrived: () => arrived }
}

const write = (fields: Partial<HttpRequest> = {}) =>
  request({ method: 'POST', body: { kind: 'json', value: {} }, ...fields })

test.each([
  ['429', status(429)],
  ['502', status(502)],
  ['503', status(503)],
  ['504', status(504)],
  ['a reset', reset],
  ['a reply that breaks off', breakOff],
])('a GET is repeated after %s', async (_, first) => {
  const { origin, arrived } = await script([first, first, status(200)])
  const reply = await connect(origin).send(request())
  expect(reply).toMatchObject({ status: 200, attempts: 3 })
  expect(arrived()).toBe(3)
})

test.each([200, 201, 400, 401, 403, 404, 500, 501, 512])('a GET is not repeated after %i', async (code) => {
  const { origin, arrived } = await script([status(code)])
  expect(await connect(origin).send(request())).toMatchObject({ status: code, attempts: 1 })
  expect(arrived()).toBe(1)
})

test('after four attempts the last reply is given back', async () => {
  const { origin, arrived } = await script([status(502), status(502), status(502), status(503)])
  expect(await connect(origin).send(request())).toMatchObject({ status: 503, attempts: 4 })
  expect(arrived()).toBe(4)
})

test('after four attempts the last failure is thrown', async () => {
  const { origin, arrived } = await script([reset])
  expect(await failureOf(connect(origin).send(request()))).toMatchObject({ kind: 'reset' })
  expect(arrived()).toBe(4)
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
  'a %s is never repeated once it may have been executed',
  async (method) => {
    for (const answer of [status(500), status(502), status(503, { 'retry-after': '0' }), status(504)]) {
      const { origin, arrived } = await script([answer, status(200)])
      await connect(origin).send(request({ method }))
      expect(arrived()).toBe(1)
    }
    for (const answer of [reset, breakOff]) {
      const { origin, arrived } = await script([answer, status(200)])
      const failure = await failureOf(connect(origin).send(request({ method })))
      expect(failure).toMatchObject({ kind: 'reset', executed: 'unknown' })
      expect(arrived()).toBe(1)
    }
  },
)

test('a write is repeated after 429, body and all', async () => {
  const bodies: string[] = []
  const origin = await serve((incoming, reply) => {
    let body = ''
    incoming.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    incoming.on('end', () => {
      bodies.push(body)
      reply.writeHead(bodies.length === 1 ? 429 : 201).end()
    })
  })
  const reply = await connect(origin).send(write({ body: { kind: 'json', value: { name: 'v' } } }))
  expect(reply).toMatchObject({ status: 201, attempts: 2 })
  expect(bodies).toEqual(['{"name":"v"}', '{"name":"v"}'])
})

test('a write nobody accepted is tried again and says that nothing was executed', async () => {
  const failure = await failureOf(connect(`http://127.0.0.1:${await closedPort()}`).send(write()))
  expect(failure).toMatchObject({
    kind: 'unreachable',
    executed: 'no',
    message: 'No connection to the server could be made (ECONNREFUSED).',
  })
})

test('a write that was reset on a kept-alive connection is not sent again', async () => {
  let posts = 0
  const origin = await serve((incoming, reply) => {
    if (incoming.method === 'GET') reply.end('{}')
    else {
      posts += 1
      reset(reply)
    }
  })
  const client = connect(origin)
  await client.send(request())
  expect(await failureOf(client.send(write()))).toMatchObject({ kind: 'reset', executed: 'unknown' })
  expect(posts).toBe(1)
})

test.each(['GET', 'POST'] as const)(
  'a Retry-After beyond the deadline of a %s is handed to the caller at once',
  async (method) => {
    const { origin, arrived } = await script([status(429, { 'retry-after': '36' })])
    const reply = await connect(origin).send(request({ method, deadlineMs: 15_000 }))
    expect(reply).toMatchObject({ status: 429, retryAfterSeconds: 36, attempts: 1 })
    expect(textOf(reply)).toBe('429')
    expect(arrived()).toBe(1)
  },
)

test('a Retry-After within the deadline is waited for', async () => {
  const { origin, arrived } = await script([status(503, { 'retry-after': '1' }), status(200)])
  expect(await connect(origin).send(request())).toMatchObject({ status: 200, attempts: 2 })
  expect(arrived()).toBe(2)
})

test('a cancel during the pause ends the call at once', async () => {
  const answered = signalled()
  const { origin, arrived } = await script([
    (reply) => {
      reply.on('finish', () => answered.tell())
      status(503, { 'retry-after': '1000' })(reply)
    },
  ])
  const caller = new AbortController()
  const call = failureOf(connect(origin).send(request({ signal: caller.signal, deadlineMs: 2_000_000 })))
  await answered.done
  caller.abort()
  expect(await call).toMatchObject({ kind: 'cancelled' })
  expect(arrived()).toBe(1)
})

test('garbage is not worth a second attempt', async () => {
  let connections = 0
  const origin = await serveRaw((socket) => {
    connections += 1
    socket.once('data', () => socket.end('+OK POP3 ready\r\n'))
  })
  expect(await failureOf(connect(origin).send(request()))).toMatchObject({ kind: 'bad_reply' })
  expect(connections).toBe(1)
})

test.each([
  [1, undefined, 0, 0],
  [1, undefined, 1, 300],
  [2, undefined, 1, 600],
  [3, undefined, 0.5, 600],
  [10, undefined, 1, 8_000],
  [1, 2, 0.5, 2_000],
  [3, 1, 1, 1_200],
])('after attempt %i with Retry-After %s and chance %d the pause is %i ms', (attempt, seconds, random, expected) => {
  expect(toPauseMs(attempt, seconds, random)).toBe(expected)
})

const NOW = Date.parse('2026-11-21T02:00:00Z')
test.each([
  ['36', 36],
  [' 0 ', 0],
  ['Sat, 21 Nov 2026 02:00:30 GMT', 30],
  ['Saturday, 21-Nov-26 02:00:30 GMT', 30],
  ['Sat, 21 Nov 2026 01:00:00 GMT', 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %j means %s seconds', (header, expected) => {
  expect(toRetryAfterSeconds(header, NOW)).toBe(expected)
})

test('no status but 429 lets a write be repeated', () => {
  const repeated = Array.from({ length: 500 }, (_, index) => index + 100).filter((code) =>
    mayRepeat('DELETE', { status: code, contentType: '', body: new Uint8Array(), fromStorage: false, attempts: 1 }),
  )
  expect(repeated).toEqual([429])
})
