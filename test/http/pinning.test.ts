import { createServer } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createCertificate } from './certificate.ts'
import { connect, failureOf, listen, request, serve } from './support.ts'

// No test server can have a public address, so here, and only here, loopback counts as one.
vi.mock('../../src/http/address.ts', () => ({ isPublicAddress: (address: string) => address === '127.0.0.1' }))

test('the connection to storage goes to the checked address, under the name of the URL', async () => {
  const names: string[] = []
  const storage = createServer({
    ...createCertificate(['storage.test']),
    SNICallback: (name, done) => {
      names.push(name)
      done(null)
    },
  })
  storage.on('tlsClientError', () => {})
  const port = await listen(storage)
  onTestFinished(() => {
    storage.close()
  })
  const origin = await serve((_, reply) => reply.writeHead(302, { location: `https://storage.test:${port}/x` }).end())
  const client = connect(origin, { resolve: async () => ['127.0.0.1'] })
  // storage.test exists in no DNS; the handshake reached the server and ended at its certificate.
  expect(await failureOf(client.send(request({ storageRedirect: true })))).toMatchObject({
    kind: 'tls',
    message:
      'The certificate of the storage was not accepted (DEPTH_ZERO_SELF_SIGNED_CERT). Behind a proxy or with a private authority, set NODE_EXTRA_CA_CERTS.',
  })
  expect(names).toEqual(['storage.test'])
})
