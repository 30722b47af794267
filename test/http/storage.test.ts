import type { LookupOptions } from 'node:dns'
import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { isPublicAddress } from '../../src/http/address.ts'
import type { HttpConfig } from '../../src/http/client.ts'
import { createCheckedLookup } from '../../src/http/storage.ts'
import { connect, failureOf, request, serve, serveRaw, signalled, textOf } from './support.ts'

const SECRET = 'X-Amz-Signature=5ec7e7'
const download = (fields = {}) => request({ path: '/api/exports/1/content/', storageRedirect: true, ...fields })

/** An API that answers everything with a redirect. */
const redirecting = (location: string | undefined, status = 302) =>
  serve((_, reply) => {
    reply.writeHead(status, { 'set-cookie': 'session=1', ...(location === undefined ? {} : { location }) }).end('moved')
  })

const follow = async (location: string | undefined, config: Partial<HttpConfig> = {}) =>
  connect(await redirecting(location), config).send(download())

test('the one redirect is followed, without the key, without cookies', async () => {
  let seen: IncomingHttpHeaders = {}
  let url: string | undefined
  const storage = await serve((incoming, reply) => {
    seen = incoming.headers
    url = incoming.url
    reply.setHeader('content-type', 'image/png').end('PNG')
  })
  const reply = await follow(`${storage}/bucket/a%20b.png?${SECRET}&x=1`, { storageOrigins: [storage] })
  expect(reply).toMatchObject({ status: 200, contentType: 'image/png', fromStorage: true, attempts: 1 })
  expect(textOf(reply)).toBe('PNG')
  expect(url).toBe(`/bucket/a%20b.png?${SECRET}&x=1`)
  expect(Object.keys(seen).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
  expect(JSON.stringify(reply)).not.toContain(SECRET)
})

test("a reply without redirect is the API's own", async () => {
  const origin = await serve((_, reply) => reply.end('inline'))
  expect(await connect(origin).send(download())).toMatchObject({ status: 200, fromStorage: false })
})

test.each([301, 303, 307, 308])('a %i is not followed even where a 302 would be', async (status) => {
  let followed = 0
  const storage = await serve((_, reply) => {
    followed += 1
    reply.end()
  })
  const origin = await redirecting(`${storage}/x`, status)
  const reply = await connect(origin, { storageOrigins: [storage] }).send(download())
  expect(reply).toMatchObject({ status, fromStorage: false })
  expect(followed).toBe(0)
})

test('a storage that redirects again is refused', async () => {
  let second = 0
  const next = await serve((_, reply) => {
    second += 1
    reply.end()
  })
  const storage = await serve((_, reply) => reply.writeHead(302, { location: `${next}/?${SECRET}` }).end())
  const failure = await failureOf(follow(`${storage}/?${SECRET}`, { storageOrigins: [storage, next] }))
  expect(failure).toMatchObject({
    kind: 'redirect_refused',
    message: 'The redirect was not followed: the storage redirects again.',
  })
  expect(second).toBe(0)
})

test.each([
  ['no Location', undefined, 'it names no single address'],
  ['a relative Location', `/elsewhere?${SECRET}`, 'its address is not absolute'],
  ['plain http', `http://bucket.s3.amazonaws.com/?${SECRET}`, 'its address is not https'],
  ['another scheme', `file:///etc/passwd?${SECRET}`, 'its address is not https'],
  ['a login', `https://user:${SECRET}@bucket.s3.amazonaws.com/`, 'its address holds a login'],
  ['loopback', `https://127.0.0.1/?${SECRET}`, 'its host is not on the public internet'],
  ['loopback in hexadecimal', `https://0x7f000001/?${SECRET}`, 'its host is not on the public internet'],
  ['loopback v6', `https://[::1]/?${SECRET}`, 'its host is not on the public internet'],
  ['mapped v4', `https://[::ffff:10.0.0.1]/?${SECRET}`, 'its host is not on the public internet'],
  ['the metadata service', `https://169.254.169.254/?${SECRET}`, 'its host is not on the public internet'],
  ['localhost', `https://localhost/?${SECRET}`, 'its host is not on the public internet'],
])('a redirect with %s is refused without telling the URL', async (_, location, why) => {
  const failure = await failureOf(follow(location))
  expect(failure).toMatchObject({ kind: 'redirect_refused', message: `The redirect was not followed: ${why}.` })
  expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain(SECRET)
})

test('trust in one origin is not trust in its host', async () => {
  const storage = await serve((_, reply) => reply.end())
  const failure = await failureOf(
    follow(`${storage}/x`, { storageOrigins: ['http://127.0.0.1:1', 'http://localhost'] }),
  )
  expect(failure.kind).toBe('redirect_refused')
})

test('the API itself is no storage', async () => {
  let seen = 0
  const origin = await serve((incoming, reply) => {
    seen += 1
    reply.writeHead(302, { location: `http://${incoming.headers.host}/x` }).end()
  })
  expect((await failureOf(connect(origin).send(download()))).kind).toBe('redirect_refused')
  expect(seen).toBe(1)
})

test.each([
  ['only private addresses', ['10.0.0.7']],
  ['one private among public addresses', ['52.216.1.1', '192.168.1.1']],
  ['no address', []],
])('a name with %s is refused', async (_, addresses) => {
  const names: string[] = []
  const resolve = async (name: string) => {
    names.push(name)
    return addresses
  }
  const failure = await failureOf(follow(`https://storage.example/?${SECRET}`, { resolve }))
  expect(failure.kind).toBe('redirect_refused')
  expect(names).toEqual(['storage.example'])
})

test('a name that turns private after the check is refused at the connection', async () => {
  let connections = 0
  const listener = await serveRaw(() => {
    connections += 1
  })
  let asked = 0
  const resolve = async () => {
    asked += 1
    return asked === 1 ? ['52.216.1.1'] : ['127.0.0.1']
  }
  const failure = await failureOf(follow(`https://storage.example:${new URL(listener).port}/?${SECRET}`, { resolve }))
  expect(failure).toMatchObject({
    kind: 'redirect_refused',
    message: 'The redirect was not followed: its host is not on the public internet.',
  })
  expect(asked).toBe(2)
  expect(connections).toBe(0)
})

test('a storage name that does not exist is unreachable, without telling it', async () => {
  const resolve = async () => {
    throw new Error('getaddrinfo ENOTFOUND storage.example')
  }
  const failure = await failureOf(follow(`https://storage.example/?${SECRET}`, { resolve }))
  expect(failure).toMatchObject({ kind: 'unreachable', message: 'The host of the storage has no address.' })
})

test('a resolver that does not answer ends with the deadline', async () => {
  const origin = await redirecting('https://storage.example/')
  const client = connect(origin, { resolve: () => new Promise(() => {}) })
  expect(await failureOf(client.send(download({ deadlineMs: 200 })))).toMatchObject({ kind: 'timeout' })
})

test('the deadline, the cancel and the cap hold for the storage too', async () => {
  const closed = signalled()
  const silent = await serve((incoming) => {
    incoming.socket.on('close', () => closed.tell())
  })
  const slow = connect(await redirecting(`${silent}/?${SECRET}`), { storageOrigins: [silent] })
  expect(await failureOf(slow.send(download({ deadlineMs: 300 })))).toMatchObject({ kind: 'timeout' })
  await closed.done
  const large = await serve((_, reply) => reply.end(Buffer.alloc(2_000)))
  const capped = connect(await redirecting(`${large}/?${SECRET}`), { storageOrigins: [large] })
  expect(await failureOf(capped.send(download({ maxReplyBytes: 1_999 })))).toMatchObject({
    kind: 'too_large',
    message: 'The reply of the storage has more than 1999 bytes.',
  })
})

test('a storage that says no is heard, one that is busy is asked again by a new redirect', async () => {
  let arrived = 0
  const storage = await serve((_, reply) => {
    arrived += 1
    reply.writeHead(arrived === 1 ? 503 : 403).end('<Error/>')
  })
  let redirects = 0
  const origin = await serve((_, reply) => {
    redirects += 1
    reply.writeHead(302, { location: `${storage}/${redirects}` }).end()
  })
  const reply = await connect(origin, { storageOrigins: [storage] }).send(download())
  expect(reply).toMatchObject({ status: 403, fromStorage: true, attempts: 2 })
  expect(redirects).toBe(2)
})

test.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::8.8.8.8',
  '64:ff9b::808:808',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:0:4136:e378::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::1',
  '3fff::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%eth0',
  '2600:1f18::1%eth0',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'example.com',
  '',
  '1',
  '[::1]',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

test.each([
  '8.8.8.8',
  '52.216.1.1',
  '100.63.255.255',
  '100.128.0.0',
  '172.32.0.1',
  '192.0.1.1',
  '223.255.255.255',
  '2600:1f18::1',
  '2a05:d018::1',
  '2001:4860:4860::8888',
  '2620:149::1',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true)
})

test('the look-up of the connection hands over what it checked, in either form Node asks for', async () => {
  const lookup = createCheckedLookup(async () => ['52.216.1.1', '2600:1f18::1'])
  const answer = (options: LookupOptions) =>
    new Promise((resolve) => lookup('storage.example', options, (...result) => resolve(result)))
  expect(await answer({ all: true })).toEqual([
    null,
    [
      { address: '52.216.1.1', family: 4 },
      { address: '2600:1f18::1', family: 6 },
    ],
  ])
  expect(await answer({})).toEqual([null, '52.216.1.1', 4])
})
