import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { HttpFailure, HttpRequest } from '../../src/http/client.ts'
import { closedPort, connect, failureOf, KEY, request, serve, serveRaw, signalled } from './support.ts'

const ONCE = { method: 'POST' } as const // a write is tried once, so each failure is seen as it is

/** A server that says `text` to every request and then does `after`. */
const saying = (text: string, after: (socket: Socket) => void) =>
  serveRaw((socket) => {
    socket.once('data', () => socket.write(text, () => after(socket)))
  })
const finish = (socket: Socket) => socket.end()
const stay = () => {}

test.each([
  [
    'another protocol',
    '+OK POP3 ready\r\n',
    finish,
    'bad_reply',
    undefined,
    'What the server answered is not HTTP (PARSE_ERROR).',
  ],
  [
    'a malformed header',
    'HTTP/1.1 200 OK\r\nContent Length: 3\r\n\r\nabc',
    stay,
    'bad_reply',
    undefined,
    'What the server answered is not HTTP (PARSE_ERROR).',
  ],
  [
    'a header without end',
    `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}`,
    stay,
    'bad_reply',
    undefined,
    'What the server answered is not HTTP (UND_ERR_HEADERS_OVERFLOW).',
  ],
  [
    'no word at all',
    '',
    finish,
    'reset',
    undefined,
    'The connection to the server was lost before it answered (UND_ERR_SOCKET).',
  ],
  [
    'a reset',
    '',
    (socket: Socket) => socket.resetAndDestroy(),
    'reset',
    undefined,
    'The connection to the server was lost before it answered (ECONNRESET).',
  ],
  [
    'fewer bytes than announced',
    'HTTP/1.1 201 Created\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc',
    finish,
    'reset',
    201,
    'The reply of the server broke off after its status 201 (UND_ERR_RES_CONTENT_LENGTH_MISMATCH).',
  ],
  [
    'a chunked body without end',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n',
    finish,
    'reset',
    200,
    'The reply of the server broke off after its status 200 (PARSE_ERROR).',
  ],
  [
    'a hint that an answer is coming, and then none',
    'HTTP/1.1 103 Early Hints\r\n\r\n',
    finish,
    'reset',
    undefined,
    'The connection to the server was lost before it answered (UND_ERR_SOCKET).',
  ],
] as const)('%s', async (_, text, after, kind, status, message) => {
  const failure = await failureOf(connect(await saying(text, after)).send(request(ONCE)))
  expect({ ...failure, message: failure.message }).toEqual({
    name: 'HttpFailure',
    kind,
    executed: 'unknown',
    status,
    message,
  })
})

test('nobody listening', async () => {
  const failure = await failureOf(connect(`http://127.0.0.1:${await closedPort()}`).send(request()))
  expect(failure).toMatchObject({
    kind: 'unreachable',
    executed: 'no',
    message: 'No connection to the server could be made (ECONNREFUSED).',
  })
})

test('no such host', async () => {
  const failure = await failureOf(connect('http://no-such-host.invalid').send(request()))
  expect(failure).toMatchObject({ kind: 'unreachable', executed: 'no' })
})

test('plain HTTP where TLS was expected is a failed handshake, before anything was sent', async () => {
  let bytes = ''
  const origin = await serveRaw((socket) => {
    socket.once('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1')
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
  })
  const failure = await failureOf(connect(origin.replace('http:', 'https:')).send(request(ONCE)))
  expect(failure).toMatchObject({ kind: 'tls', executed: 'no' })
  expect(bytes).not.toContain(KEY)
})

test('silence ends at the deadline, and the server sees the connection close', async () => {
  const closed = signalled()
  const origin = await serve((incoming) => {
    incoming.socket.on('close', () => closed.tell())
  })
  const failure = await failureOf(connect(origin).send(request({ deadlineMs: 200 })))
  await closed.done
  expect(failure).toMatchObject({
    kind: 'timeout',
    executed: 'unknown',
    message: 'There was no complete reply within 0.2 s.',
  })
})

test('a body that trickles does not outlive the deadline', async () => {
  const closed = signalled()
  const origin = await serve((_, reply) => {
    const drip = setInterval(() => reply.write('x'), 20)
    reply.on('close', () => {
      clearInterval(drip)
      closed.tell()
    })
  })
  const failure = await failureOf(connect(origin).send(request({ deadlineMs: 300 })))
  await closed.done
  expect(failure).toMatchObject({ kind: 'timeout', status: undefined })
})

test('a cancel aborts the socket and is not called a timeout', async () => {
  const arrived = signalled()
  const closed = signalled()
  const origin = await serve((incoming) => {
    arrived.tell()
    incoming.socket.on('close', () => closed.tell())
  })
  const caller = new AbortController()
  const call = failureOf(connect(origin).send(request({ ...ONCE, signal: caller.signal })))
  await arrived.done
  caller.abort()
  await closed.done
  expect(await call).toMatchObject({ kind: 'cancelled', executed: 'unknown', message: 'The call was cancelled.' })
})

test('a call cancelled beforehand sends nothing', async () => {
  let arrived = 0
  const origin = await serve((_, reply) => {
    arrived += 1
    reply.end()
  })
  const failure = await failureOf(connect(origin).send(request({ ...ONCE, signal: AbortSignal.abort() })))
  expect(failure).toMatchObject({ kind: 'cancelled', executed: 'no' })
  expect(arrived).toBe(0)
})

test('a deadline that passes before the handshake is done says that nothing was executed', async () => {
  const origin = await serveRaw(stay)
  const failure = await failureOf(
    connect(origin.replace('http:', 'https:')).send(request({ ...ONCE, deadlineMs: 200 })),
  )
  expect(failure).toMatchObject({ kind: 'timeout', executed: 'no' })
})

test.each([
  ['announced', { 'content-length': String(50 * 1024 * 1024) }],
  ['unannounced', {}],
])('an %s reply of 50 MB is cut at the cap and its connection closed', async (_, headers) => {
  const written = signalled<number>()
  const origin = await serve((__, reply) => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x')
    let sent = 0
    const go = () => {
      while (sent < 50 && !reply.destroyed) {
        sent += 1
        if (!reply.write(mebibyte)) return
      }
    }
    reply.writeHead(200, headers)
    reply.on('drain', go)
    reply.on('close', () => written.tell(sent))
    go()
  })
  const failure = await failureOf(connect(origin).send(request({ maxReplyBytes: 1_000_000 })))
  expect(failure).toMatchObject({
    kind: 'too_large',
    status: 200,
    message: 'The reply of the server has more than 1000000 bytes.',
  })
  expect(await written.done).toBeLessThan(50)
})

test('a reply of exactly the cap is whole', async () => {
  const origin = await serve((_, reply) => {
    reply.write(Buffer.alloc(60_000, 'x'))
    reply.end(Buffer.alloc(40_000, 'y'))
  })
  const reply = await connect(origin).send(request({ maxReplyBytes: 100_000 }))
  expect(reply.body.byteLength).toBe(100_000)
  expect([reply.body[59_999], reply.body[60_000]]).toEqual([0x78, 0x79])
})

test('a reply compressed unasked is refused, not unfolded', async () => {
  const origin = await serve((_, reply) => {
    reply.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from([0x1f, 0x8b, 8, 0]))
  })
  const failure = await failureOf(connect(origin).send(request()))
  expect(failure).toMatchObject({
    kind: 'bad_reply',
    status: 200,
    message: 'The server compressed its reply although it was asked not to.',
  })
})

test('no failure holds the key or the library error', async () => {
  const echo = await serveRaw((socket) => {
    // A server that throws our own headers back as a malformed reply.
    socket.once('data', (chunk: Buffer) => socket.end(chunk))
  })
  const failures: HttpFailure[] = []
  const calls: readonly (readonly [string, Partial<HttpRequest>])[] = [
    [echo, ONCE],
    [`http://127.0.0.1:${await closedPort()}`, ONCE],
    [await saying('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx', finish), ONCE],
  ]
  for (const [origin, fields] of calls) failures.push(await failureOf(connect(origin).send(request(fields))))
  expect(failures.map(({ kind }) => kind)).toEqual(['bad_reply', 'unreachable', 'reset'])
  for (const failure of failures) {
    expect(failure.cause).toBeUndefined()
    expect(`${failure.stack} ${JSON.stringify(failure)}`).not.toContain(KEY)
  }
})
