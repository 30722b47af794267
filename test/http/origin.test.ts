import { expect, test } from 'vitest'
import { connect, request, serve, textOf } from './support.ts'

const HOSTILE = [
  '//evil.example/api/',
  '/\\evil.example/',
  'https://evil.example/',
  'evil',
  '',
  '/api/../../admin/',
  '/api/%2e%2e/admin/',
  '/api/.%2E/admin/',
  '/api/./x/',
  '/api/x\r\nHost: evil.example',
  '/api/x\n',
  '/api/x\u0000/',
  '/api/x y/',
  '/api/x\t/',
  '/api/é/',
  '/api/x?personal_api_key=1',
  '/api/x#fragment',
  '@evil.example/',
  ':80@evil.example/',
]

test.each(HOSTILE)('the path %j is refused and nothing is sent', async (path) => {
  let arrived = 0
  const origin = await serve((_, reply) => {
    arrived += 1
    reply.end()
  })
  await expect(connect(origin).send(request({ path }))).rejects.toThrow('The path is not an encoded absolute path.')
  expect(arrived).toBe(0)
})

test('an encoded slash, percent or unicode name reaches the server as it was encoded', async () => {
  let url: string | undefined
  const origin = await serve((incoming, reply) => {
    url = incoming.url
    reply.end()
  })
  await connect(origin).send(request({ path: '/api/projects/7/warehouse_tables/a%2Fb%25%C3%A9%5C/' }))
  expect(url).toBe('/api/projects/7/warehouse_tables/a%2Fb%25%C3%A9%5C/')
})

test.each([301, 302, 303, 307, 308])('a %i is a reply, its Location is neither followed nor shown', async (status) => {
  let followed = 0
  const elsewhere = await serve((_, reply) => {
    followed += 1
    reply.end('stolen')
  })
  const origin = await serve((_, reply) => {
    reply.writeHead(status, { location: `${elsewhere}/secret-place` }).end('moved')
  })
  const reply = await connect(origin, { storageOrigins: [elsewhere] }).send(request())
  expect(reply.status).toBe(status)
  expect(textOf(reply)).toBe('moved')
  expect(JSON.stringify(reply)).not.toContain('secret-place')
  expect(followed).toBe(0)
})
