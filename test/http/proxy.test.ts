import { expect, test } from 'vitest'
import type { ProxyEnv } from '../../src/http/client.ts'
import { serveProxy } from './connect-proxy.ts'
import { connect, failureOf, KEY, request, serve, serveRaw, textOf } from './support.ts'

/** A server, and the same under a name only a proxy knows. */
const named = async () => {
  const origin = await serve((incoming, reply) =>
    reply.end(`${incoming.headers.host} ${incoming.headers.authorization}`),
  )
  const { port } = new URL(origin)
  return { origin, port, name: `http://posthog.test:${port}` }
}

test.each<readonly [string, (url: string) => ProxyEnv]>([
  ['HTTP_PROXY', (url) => ({ HTTP_PROXY: url })],
  ['http_proxy', (url) => ({ http_proxy: url })],
  ['the lower-case name before the upper-case one', (url) => ({ http_proxy: url, HTTP_PROXY: 'http://127.0.0.1:1' })],
  ['HTTP_PROXY past a NO_PROXY for others', (url) => ({ HTTP_PROXY: url, NO_PROXY: 'other.test, posthog.test:1' })],
])('%s is honoured', async (_, env) => {
  const { name, port } = await named()
  const proxy = await serveProxy()
  const reply = await connect(name, { env: env(proxy.url) }).send(request())
  expect(textOf(reply)).toBe(`posthog.test:${port} Bearer ${KEY}`)
  expect(proxy.asked.map(({ target }) => target)).toEqual([`posthog.test:${port}`])
  expect(JSON.stringify(proxy.asked)).not.toContain(KEY)
})

test.each<ProxyEnv>([
  { NO_PROXY: 'posthog.test' },
  { no_proxy: '.test' },
  { NO_PROXY: 'a.example, *.test' },
  { NO_PROXY: '*' },
  { NO_PROXY: 'a.example,*' },
])('with %j the proxy is passed by', async (env) => {
  const { name } = await named()
  const proxy = await serveProxy()
  const client = connect(name, { env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, ...env } })
  // Directly the name does not exist.
  expect(await failureOf(client.send(request()))).toMatchObject({ kind: 'unreachable' })
  expect(proxy.asked).toEqual([])
})

test('a server on this machine is never reached through a proxy', async () => {
  const { origin, port } = await named()
  const proxy = await serveProxy()
  for (const host of ['127.0.0.1', 'localhost']) {
    const client = connect(`http://${host}:${port}`, { env: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url } })
    expect(await client.send(request())).toMatchObject({ status: 200 })
  }
  expect(origin).toBe(`http://127.0.0.1:${port}`)
  expect(proxy.asked).toEqual([])
})

test('the login of a proxy goes to the proxy and nowhere else', async () => {
  const { name } = await named()
  const proxy = await serveProxy()
  const url = proxy.url.replace('http://', 'http://user:p%40ss@')
  await connect(name, { env: { HTTP_PROXY: url } }).send(request())
  const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
  expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(basic)
  expect(Buffer.concat(proxy.upward).toString()).not.toContain('Basic ')
})

test('the environment of the process is not read behind the configuration', async () => {
  const { name } = await named()
  const proxy = await serveProxy()
  process.env.HTTP_PROXY = proxy.url
  try {
    expect(await failureOf(connect(name).send(request()))).toMatchObject({ kind: 'unreachable' })
  } finally {
    delete process.env.HTTP_PROXY
  }
  expect(proxy.asked).toEqual([])
})

test.each(['proxy.example:3128', 'socks5://proxy.example', 'http://', 'http://user:hunter2@:x'])(
  'the proxy address %j is refused when the client is made, without being repeated',
  (HTTPS_PROXY) => {
    expect(() => connect('https://us.posthog.com', { env: { HTTPS_PROXY } })).toThrow(
      'HTTPS_PROXY is not a proxy address such as http://proxy.example.com:3128.',
    )
  },
)

test.each([
  ['asks for a login', 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'],
  ['forbids the host', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'],
  ['hangs up', ''],
])('a proxy that %s makes the server unreachable, and nothing was executed', async (_, answer) => {
  let connections = 0
  const proxy = await serveRaw((socket) => {
    connections += 1
    socket.once('data', () => socket.end(answer))
  })
  const failure = await failureOf(
    connect('http://posthog.test', { env: { HTTP_PROXY: proxy } }).send(
      request({ method: 'POST', deadlineMs: 10_000 }),
    ),
  )
  expect(failure).toMatchObject({ kind: 'unreachable', executed: 'no' })
  expect(connections).toBe(4)
})

test('storage is reached through the proxy too, once its name was found to be public', async () => {
  const origin = await serve((_, reply) => reply.writeHead(302, { location: 'https://storage.test/x' }).end())
  const proxy = await serveProxy(Number(new URL(origin).port))
  const answers: Record<string, string[]> = { 'storage.test': ['52.216.1.1'] }
  const resolve = async (name: string) => answers[name] ?? []
  const client = connect(origin, { env: { HTTPS_PROXY: proxy.url }, resolve })
  const download = request({ storageRedirect: true, deadlineMs: 10_000 })
  // The test proxy leads to a server without TLS, so the handshake fails; that it was asked is the point here.
  await failureOf(client.send(download))
  expect(proxy.asked[0]?.target).toBe('storage.test:443')
  const before = proxy.asked.length
  answers['storage.test'] = ['10.0.0.1']
  expect(await failureOf(client.send(download))).toMatchObject({ kind: 'redirect_refused' })
  expect(proxy.asked.length).toBe(before)
})
