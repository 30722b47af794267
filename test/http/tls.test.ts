import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCertificate } from './certificate.ts'
import { serveProxy } from './connect-proxy.ts'
import { KEY, listen } from './support.ts'

// Node reads NODE_EXTRA_CA_CERTS once, when it starts, so each of these runs the built client in a process of its own.
const built = new URL('../../dist/src/http/client.js', import.meta.url).href
const program = `
  const { createHttpClient } = await import(${JSON.stringify(built)})
  const { config, request } = JSON.parse(process.argv[1])
  const client = createHttpClient({ ...config, resolve: async () => ['52.216.1.1'] })
  const outcome = await client.send({ ...request, signal: new AbortController().signal }).then(
    ({ status, fromStorage, body }) => ({ status, fromStorage, text: Buffer.from(body).toString() }),
    ({ kind, executed, message }) => ({ kind, executed, message }),
  )
  await client.close()
  console.log(JSON.stringify(outcome))
`

let folder = ''
let authority = ''
let server: Server
let port = 0
let seen: { readonly host: string | undefined; readonly name: unknown; readonly authorization: string | undefined }[] =
  []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'http-tls-'))
  authority = join(folder, 'authority.pem')
  const certificate = createCertificate(['localhost', 'posthog.test', 'storage.test'])
  await writeFile(authority, certificate.cert)
  server = createServer(certificate, (incoming, reply) => {
    const { host, authorization } = incoming.headers
    // The socket of an https server is a TLS socket, which the types of the request do not say.
    seen.push({ host, name: 'servername' in incoming.socket && incoming.socket.servername, authorization })
    if (incoming.url === '/redirect') reply.writeHead(302, { location: 'https://storage.test/file?secret=1' }).end()
    else reply.end(incoming.url)
  })
  port = await listen(server)
})

afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true })
})

const run = async (config: object, request: object, extra: Record<string, string>): Promise<unknown> => {
  seen = []
  const whole = { apiKey: KEY, userAgent: 'test', maxInFlight: 1, env: {}, ...config }
  const argument = JSON.stringify({
    config: whole,
    request: { method: 'GET', deadlineMs: 10_000, maxReplyBytes: 1_000, ...request },
  })
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, argument], {
    env: { PATH: process.env.PATH, ...extra },
  })
  return JSON.parse(stdout)
}

test('a certificate nobody vouches for is refused before the key is sent', async () => {
  const outcome = await run({ origin: `https://localhost:${port}` }, { method: 'POST', path: '/x' }, {})
  expect(outcome).toEqual({
    kind: 'tls',
    executed: 'no',
    message:
      'The certificate of the server was not accepted (DEPTH_ZERO_SELF_SIGNED_CERT). Behind a proxy or with a private authority, set NODE_EXTRA_CA_CERTS.',
  })
  expect(seen).toEqual([])
})

test('with NODE_EXTRA_CA_CERTS it is accepted', async () => {
  const outcome = await run({ origin: `https://localhost:${port}` }, { path: '/x' }, { NODE_EXTRA_CA_CERTS: authority })
  expect(outcome).toEqual({ status: 200, fromStorage: false, text: '/x' })
})

test('an accepted authority does not excuse a wrong name', async () => {
  const outcome = await run({ origin: `https://127.0.0.1:${port}` }, { path: '/x' }, { NODE_EXTRA_CA_CERTS: authority })
  expect(outcome).toMatchObject({ kind: 'tls', executed: 'no' })
  expect(seen).toEqual([])
})

test('through a proxy the API gets the key, the storage does not, and the proxy sees neither', async () => {
  const proxy = await serveProxy(port)
  const outcome = await run(
    { origin: 'https://posthog.test', env: { HTTPS_PROXY: proxy.url } },
    { path: '/redirect', storageRedirect: true },
    { NODE_EXTRA_CA_CERTS: authority },
  )
  expect(outcome).toEqual({ status: 200, fromStorage: true, text: '/file?secret=1' })
  expect(seen).toEqual([
    { host: 'posthog.test', name: 'posthog.test', authorization: `Bearer ${KEY}` },
    { host: 'storage.test', name: 'storage.test', authorization: undefined },
  ])
  expect(proxy.asked.map(({ target }) => target)).toEqual(['posthog.test:443', 'storage.test:443'])
  expect(Buffer.concat(proxy.upward).includes(KEY)).toBe(false)
  expect(JSON.stringify(proxy.asked)).not.toContain(KEY)
})
