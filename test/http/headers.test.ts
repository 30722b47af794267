import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createHttpClient } from '../../src/http/client.ts'
import { connect, KEY, request, serve, textOf } from './support.ts'

test('a GET carries the key as Bearer, our user agent, and nothing that was not meant', async () => {
  let raw: string[] = []
  let line = ''
  const origin = await serve((incoming, reply) => {
    raw = incoming.rawHeaders
    line = `${incoming.method} ${incoming.url}`
    reply.setHeader('content-type', 'application/json; charset=utf-8').end('{"a":1}')
  })
  const reply = await connect(origin).send(
    request({
      query: [
        ['search', 'a b&c'],
        ['limit', '5'],
      ],
    }),
  )
  expect(line).toBe('GET /api/x/?search=a+b%26c&limit=5')
  expect(raw.filter((_, index) => index > 1)).toEqual([
    'connection',
    'keep-alive',
    'Authorization',
    'Bearer phx_test-key-0123456789',
    'User-Agent',
    'posthog-warehouse-mcp/0.1.0',
    'Accept',
    'application/json',
    'accept-encoding',
    'identity',
  ])
  expect(raw.slice(0, 2)).toEqual(['host', origin.slice('http://'.length)])
  expect(reply).toMatchObject({
    status: 200,
    contentType: 'application/json; charset=utf-8',
    fromStorage: false,
    attempts: 1,
  })
  expect(textOf(reply)).toBe('{"a":1}')
})

test('a JSON body arrives as it was given, with its length', async () => {
  const seen: unknown[] = []
  const origin = await serve((incoming, reply) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      seen.push(
        incoming.method,
        incoming.headers['content-type'],
        incoming.headers['content-length'],
        Buffer.concat(chunks).toString(),
      )
      reply.writeHead(204).end()
    })
  })
  const reply = await connect(origin).send(request({ method: 'PATCH', body: { kind: 'json', value: { name: 'Zoë' } } }))
  expect(seen).toEqual(['PATCH', 'application/json', '15', '{"name":"Zoë"}'])
  expect(reply.status).toBe(204)
  expect(reply.body.byteLength).toBe(0)
})

test('without a key there is no Authorization at all', async () => {
  let authorization: string | undefined = 'unset'
  const origin = await serve((incoming, reply) => {
    authorization = incoming.headers.authorization
    reply.end()
  })
  await connect(origin, { apiKey: undefined }).send(request())
  expect(authorization).toBeUndefined()
})

test('one connection serves calls that follow each other', async () => {
  const ports = new Set<number | undefined>()
  const origin = await serve((incoming, reply) => {
    ports.add(incoming.socket.remotePort)
    reply.end('{}')
  })
  const client = connect(origin)
  for (let call = 0; call < 5; call += 1) {
    await client.send(request())
    // undici gives a connection back one turn of the event loop after its reply.
    await setImmediate()
  }
  expect(ports.size).toBe(1)
})

const config = { origin: 'http://127.0.0.1:1', apiKey: KEY, userAgent: 'x', maxInFlight: 1, env: {} }

test.each(['phx_secret\n', 'phx_secret 1', 'phx_secret-é', 'phx_secret\r\nX-Evil: 1', ''])(
  'the key %j is refused when the client is made, without being repeated',
  (apiKey) => {
    expect(() => createHttpClient({ ...config, apiKey })).toThrow(
      'The API key has characters no key has (a space, a line break, a letter with an accent).',
    )
  },
)

test.each([
  'us.posthog.com',
  'https://us.posthog.com/',
  'https://us.posthog.com/api',
  'ftp://x',
  'https://a:b@us.posthog.com',
  'https://',
])('the origin %j is refused when the client is made', (origin) => {
  expect(() => createHttpClient({ ...config, origin })).toThrow(
    'The origin is a scheme, a host and a port, such as https://us.posthog.com.',
  )
})
