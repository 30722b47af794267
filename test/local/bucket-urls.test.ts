/**
 * The address that is checked and the address the engine asks are one: whatever a text looks like, the engine is at
 * this machine only when the check said so. Everything here is a loopback server or a name that never resolves.
 */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toBucketUrl } from '../../src/local/engine/bucket-url.ts'
import { isInternal } from '../../src/local/url-rules.ts'
import { type Bench, failureOf, openBench } from './engine-setup.ts'

let bench: Bench
let server: Server
let port = 0
const seen: string[] = []

beforeAll(async () => {
  bench = await openBench()
  server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(200, { 'content-type': 'text/csv', 'content-length': 8 })
    response.end(request.method === 'HEAD' ? undefined : 'a,b\n1,2\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address ? address.port : 0
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await bench.close()
})

/** Whether a host, as the check reads it, is this machine. */
const isHere = (host: string | undefined): boolean =>
  host === 'localhost' || (host !== undefined && isInternal(host.replace(/^\[|\]$/g, '')))

/** Asks the engine for the columns, with keys (S3) and without (plain web); the paths that reached this machine. */
const reach = async (text: string): Promise<readonly string[]> => {
  const before = seen.length
  for (const keys of [{ accessKey: 'AK', secretKey: 'SK' }, {}]) {
    await bench.engine.describe({ format: 'CSVWithNames', at: { kind: 'url', url: text, ...keys } }).catch(() => [])
  }
  return [...new Set(seen.slice(before))]
}

/** `%P` stands for the server's port. Names in .invalid are somewhere else. */
const texts: readonly (readonly [why: string, text: string, outcome: 'read' | 'refused' | 'elsewhere'])[] = [
  ['a plain address', 'http://127.0.0.1:%P/bucket/x.csv', 'read'],
  ['a name', 'http://localhost:%P/bucket/x.csv', 'read'],
  ['capital letters', 'HTTP://LOCALHOST:%P/bucket/x.csv', 'read'],
  ['a dot at the end', 'http://127.0.0.1.:%P/bucket/x.csv', 'read'],
  ['a name with a dot at the end', 'http://localhost.:%P/bucket/x.csv', 'read'],
  ['a short address', 'http://127.1:%P/bucket/x.csv', 'read'],
  ['a number', 'http://2130706433:%P/bucket/x.csv', 'read'],
  ['a hexadecimal number', 'http://0x7f000001:%P/bucket/x.csv', 'read'],
  ['an octal part', 'http://0177.0.0.1:%P/bucket/x.csv', 'read'],
  ['percent signs in the host', 'http://%31%32%37.0.0.1:%P/bucket/x.csv', 'read'],
  ['wide digits', 'http://１２７.0.0.1:%P/bucket/x.csv', 'read'],
  ['another kind of dot', 'http://127。0。0。1:%P/bucket/x.csv', 'read'],
  ['a mapped address', 'http://[::ffff:127.0.0.1]:%P/bucket/x.csv', 'read'],
  ['a port with a zero in front', 'http://127.0.0.1:0%P/bucket/x.csv', 'read'],
  ['a blank in the path', 'http://127.0.0.1:%P/bucket/a b.csv', 'read'],
  ['letters outside of ASCII in the path', 'http://127.0.0.1:%P/bucket/ä.csv', 'read'],
  ['dots in the path', 'http://127.0.0.1:%P/bucket/no/../x.csv', 'read'],
  ['encoded dots in the path', 'http://127.0.0.1:%P/bucket/no/%2e%2e/x.csv', 'read'],
  ['userinfo', 'http://example.invalid@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['userinfo with a password', 'http://user:pw@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['userinfo that looks like a port', 'http://example.invalid:80@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['empty userinfo', 'http://@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a backslash before @', 'http://example.invalid\\@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['two backslashes before @', 'http://example.invalid\\\\@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a backslash after the port', 'http://127.0.0.1:%P\\@example.invalid/bucket/x.csv', 'refused'],
  ['backslashes for slashes', 'http:\\\\127.0.0.1:%P\\bucket\\x.csv', 'refused'],
  ['one slash', 'http:/127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['three slashes', 'http:///127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a tab in the host', 'http://127.0.\t0.1:%P/bucket/x.csv', 'refused'],
  ['a line break in the host', 'http://example.invalid\n@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a carriage return', 'http://127.0.0.1:%P/bucket/x.csv\r\nX: y', 'refused'],
  ['a zero', 'http://127.0.0.1:%P/bucket/x.csv\0', 'refused'],
  ['a zone', 'http://[::1%25lo]:%P/bucket/x.csv', 'refused'],
  ['a list of hosts', 'http://{127.0.0.1,example.invalid}:%P/bucket/x.csv', 'refused'],
  ['alternatives of hosts', 'http://example.invalid|127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a star in the host', 'http://*:%P/bucket/x.csv', 'refused'],
  ['a list of paths', 'http://127.0.0.1:%P/bucket/{x,y}.csv', 'refused'],
  ['an encoded list of paths', 'http://127.0.0.1:%P/bucket/%7Bx,y%7D.csv', 'refused'],
  ['an encoded star', 'http://127.0.0.1:%P/bucket/x%2A.csv', 'refused'],
  ['an encoded question mark', 'http://127.0.0.1:%P/bucket/x%3Fy.csv', 'refused'],
  ['a member of an archive', 'http://127.0.0.1:%P/bucket/a.zip :: x.csv', 'refused'],
  ['half a percent sign', 'http://127.0.0.1:%P/bucket/100%.csv', 'refused'],
  ['a query', 'http://127.0.0.1:%P/bucket/x.csv?y=1', 'refused'],
  ['a query before @', 'http://example.invalid?@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a fragment', 'http://127.0.0.1:%P/bucket/x.csv#y', 'refused'],
  ['a fragment before @', 'http://example.invalid#@127.0.0.1:%P/bucket/x.csv', 'refused'],
  ['a fragment before a host', 'http://127.0.0.1:%P#@example.invalid/bucket/x.csv', 'refused'],
  ['no port after the colon', 'http://example.invalid:/bucket/x.csv', 'elsewhere'],
  ['@ in the path', 'http://example.invalid/@127.0.0.1:%P/bucket/x.csv', 'elsewhere'],
  ['an address in the path', 'http://example.invalid//127.0.0.1:%P/bucket/x.csv', 'elsewhere'],
  ['our address below another name', 'http://127.0.0.1.example.invalid:%P/bucket/x.csv', 'elsewhere'],
  ['an international name', 'http://bücher.invalid:%P/bucket/x.csv', 'elsewhere'],
]

describe('an address is one address to the check and to the engine', () => {
  it.each(texts)('%s: %j', async (_why, template, outcome) => {
    const text = template.replaceAll('%P', String(port))
    const reached = await reach(text)
    const host = toBucketUrl(text)?.hostname
    if (outcome === 'refused') expect(reached).toEqual([])
    else expect([isHere(host), reached.length > 0]).toEqual(outcome === 'read' ? [true, true] : [false, false])
    // The rule itself, whatever the row says.
    if (reached.length > 0) expect(isHere(host)).toBe(true)
  })

  it('sends what was normalised', async () => {
    const paths = await reach(`http://127.0.0.1:${port}/bucket/no/../a b/ä.csv`)
    expect(paths).toEqual(['/bucket/a%20b/%C3%A4.csv'])
  })

  it('tells what it does not read', async () => {
    const at = { kind: 'url', url: `http://127.0.0.1:${port}/bucket/x.csv#y` } as const
    const error = await failureOf(bench.engine.describe({ format: 'CSV', at }))
    expect(error.message).toContain('cannot read a path with')
  })
})
