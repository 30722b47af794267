import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/transports/http/listener.ts'
import { initialize, type Line, legacy, modern, type Sent, send, useHttp } from '../fake/http.ts'
import { useRecorder } from '../fake/recorder.ts'

const CALL = { name: 'warehouse_tables_list', arguments: {} }
const good = modern('tools/call', CALL)
const start = async (flags: readonly string[] = [], env: Record<string, string> = {}) => {
  const upstream = await useRecorder(() => ({ json: { results: [] } }))
  return useHttp({ origin: upstream.origin, flags, env })
}
const without = (sent: Sent, name: string): Sent => ({
  ...sent,
  headers: Object.fromEntries(Object.entries(sent.headers ?? {}).filter(([each]) => each !== name)),
})
const withHeaders = (sent: Sent, headers: Record<string, string>): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...headers },
})
/** The same message with another envelope, or none. */
const withMeta = (meta: unknown): Sent => ({
  ...good,
  body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...CALL, _meta: meta } },
})

describe('what is not a good request', () => {
  const CASES: readonly (readonly [string, Sent, number, number | undefined])[] = [
    ['a Host of somebody else', withHeaders(good, { Host: 'evil.example' }), 403, -32000],
    ['a Host that begins like ours', withHeaders(good, { Host: '127.0.0.1.evil.example:80' }), 403, -32000],
    ['a Host that is none', withHeaders(good, { Host: 'a b' }), 400, undefined],
    ['an Origin of somebody else', withHeaders(good, { Origin: 'https://evil.example' }), 403, -32000],
    ['an Origin that begins like ours', withHeaders(good, { Origin: 'http://localhost.evil.example' }), 403, -32000],
    ['an Origin that hides itself', withHeaders(good, { Origin: 'null' }), 403, -32000],
    ['a body that is no JSON', { ...good, body: '{nope' }, 400, -32700],
    ['a body that is no text', { ...good, body: '\ud800{' }, 400, -32700],
    ['no body', { ...good, body: '' }, 400, -32700],
    ['a number', { ...legacy('x'), body: '5' }, 400, -32600],
    ['null', { ...legacy('x'), body: 'null' }, 400, -32600],
    ['an empty object', { ...legacy('x'), body: {} }, 400, -32600],
    ['another content type', withHeaders(good, { 'Content-Type': 'text/plain' }), 415, -32000],
    ['a content type that begins like JSON', withHeaders(good, { 'Content-Type': 'application/jsonp' }), 415, -32000],
    [
      'a client of 2025 that reads no streams',
      withHeaders(legacy('ping'), { Accept: 'application/json' }),
      406,
      -32000,
    ],
    [
      'a revision nobody knows, of 2025',
      withHeaders(legacy('ping'), { 'MCP-Protocol-Version': '1999-01-01' }),
      400,
      -32000,
    ],
    ['2026 without its envelope', { ...good, body: legacy('tools/call', CALL).body }, 400, -32602],
    ['2026 without its revision in a header', without(good, 'MCP-Protocol-Version'), 400, -32020],
    ['2026 without its method in a header', without(good, 'Mcp-Method'), 400, -32020],
    ['2026 without its name in a header', without(good, 'Mcp-Name'), 400, -32020],
    ['2026 with another method in a header', withHeaders(good, { 'Mcp-Method': 'tools/list' }), 400, -32020],
    ['2026 with another name in a header', withHeaders(good, { 'Mcp-Name': 'query_run' }), 400, -32020],
    [
      '2026 with another revision in a header',
      withHeaders(good, { 'MCP-Protocol-Version': '2025-06-18' }),
      400,
      -32020,
    ],
    [
      'a revision nobody knows, of 2026',
      withHeaders(
        withMeta({
          'io.modelcontextprotocol/protocolVersion': '2030-01-01',
          'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        }),
        { 'MCP-Protocol-Version': '2030-01-01' },
      ),
      400,
      -32022,
    ],
    ['a method nobody knows, of 2026', modern('no/such'), 404, -32601],
    ['a batch of 2026', { ...good, body: [good.body] }, 400, -32600],
    [
      'a batch of 2025-06-18',
      withHeaders({ body: [legacy('ping').body] }, { 'MCP-Protocol-Version': '2025-06-18' }),
      400,
      -32600,
    ],
    ['a batch of nothing', { body: [] }, 400, -32600],
    ['a batch of 21', { body: Array(21).fill(legacy('ping').body) }, 400, -32600],
    ['10 MB', { ...good, body: `"${'x'.repeat(10_000_000)}"` }, 413, -32600],
    ['a session nobody has', withHeaders(legacy('ping'), { 'Mcp-Session-Id': 'nobodys' }), 404, -32001],
    ['the stream of a session nobody has', { method: 'GET', headers: { 'Mcp-Session-Id': 'nobodys' } }, 404, -32001],
    ['the end of a session nobody has', { method: 'DELETE', headers: { 'Mcp-Session-Id': 'nobodys' } }, 404, -32001],
    ['a stream of no session', { method: 'GET' }, 405, -32000],
    ['the end of no session', { method: 'DELETE' }, 405, -32000],
    ['HEAD', { method: 'HEAD' }, 405, undefined],
    ['PUT', { ...good, method: 'PUT' }, 405, -32000],
    ['PATCH', { ...good, method: 'PATCH' }, 405, -32000],
    ['OPTIONS', { method: 'OPTIONS', headers: { Origin: 'http://localhost:3000' } }, 405, -32000],
    ['another path', { ...good, path: '/' }, 404, -32000],
    ['a path further down', { ...good, path: '/mcp/x' }, 404, -32000],
    ['a path that climbs', { ...good, path: '/mcp/..%2f..%2fetc/passwd' }, 404, -32000],
  ]

  test('has the status and error of the spec, one line in the log, and harms nobody', async () => {
    const server = await start(['--auth', 'none'])
    let count = 0
    const isOther = ({ msg }: Line) => msg !== 'listening' && msg !== 'call'
    const requests = () => server.lines().filter(isOther)
    for (const [what, sent, status, code] of CASES) {
      const before = requests().length
      const reply = await send(server.url, sent)
      expect([reply.status, reply.json.error?.code], what).toEqual([status, code])
      expect(reply.body, what).not.toMatch(/ at .*:\d+:\d+|node_modules|Error:/)
      const after = await send(server.url, good)
      expect(after.json, `after ${what}`).toMatchObject({ result: { structuredContent: { returned: 0 } } })
      // What is no HTTP at all is not a request.
      const expected = what === 'a Host that is none' ? 1 : 2
      await server.logged(isOther, before + expected)
      expect(requests().length - before, what).toBe(expected)
      count += 1
    }
    expect(count).toBe(42)
    for (const line of requests())
      expect(line).toMatchObject({ msg: 'request', level: 30, request: expect.any(String) })
    expect(server.text()).not.toMatch(/ at .*:\d+:\d+|evil|nope|xxxx/)
  }, 60_000)

  test('a batch of 2025-03-26 is answered', async () => {
    const server = await start()
    const body = [legacy('ping', {}, 1).body, legacy('tools/call', CALL, 2).body]
    const { status, body: text } = await send(server.url, { body })
    expect(status).toBe(200)
    expect([...text.matchAll(/"id":(\d)/g)].map(([, id]) => id).sort()).toEqual(['1', '2'])
  })

  test.each(['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]', '[::1]:9'])('Host %s is this machine', async (Host) => {
    const server = await start()
    expect((await send(server.url, withHeaders(good, { Host }))).status).toBe(200)
  })

  test('a request without Host is none of HTTP/1.1', async () => {
    const server = await start()
    const socket = connect(server.port, '127.0.0.1')
    socket.write('POST /mcp HTTP/1.1\r\nContent-Length: 0\r\n\r\n')
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 400 /)
    socket.destroy()
  })
})

describe('web pages', () => {
  const PAGE = 'https://app.example.com'
  const preflight = (Origin: string): Sent => ({
    method: 'OPTIONS',
    headers: {
      Origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,mcp-protocol-version',
    },
  })

  test('are told nothing by default', async () => {
    const server = await start()
    for (const sent of [withHeaders(good, { Origin: 'http://localhost:3000' }), preflight('http://localhost:3000')])
      expect(Object.keys((await send(server.url, sent)).headers).join()).not.toContain('access-control')
  })

  test('that are allowed may ask without a token whether they may call, and read what they are told', async () => {
    const token = 'a-token-of-the-right-length'
    const server = await start(['--allow-origin', PAGE, '--auth', 'token'], { MCP_AUTH_TOKEN: token })
    const asked = await send(server.url, preflight(PAGE))
    expect([asked.status, asked.headers]).toEqual([
      204,
      expect.objectContaining({
        'access-control-allow-origin': PAGE,
        'access-control-allow-methods': expect.stringContaining('DELETE'),
        'access-control-allow-headers': expect.stringContaining('authorization'),
      }),
    ])
    for (const each of [{ token }, {}]) {
      const { status, headers } = await send(server.url, { ...withHeaders(good, { Origin: PAGE }), ...each })
      expect([status, headers['access-control-allow-origin']]).toEqual(['token' in each ? 200 : 401, PAGE])
      expect(headers['access-control-expose-headers']).toMatch(/Mcp-Session-Id.*WWW-Authenticate/)
    }
    // The whole origin counts: neither another scheme nor another port is it.
    for (const other of ['http://app.example.com', `${PAGE}:8443`, 'https://x.app.example.com']) {
      const { status, headers } = await send(server.url, preflight(other))
      expect([status, headers['access-control-allow-origin']], other).toEqual([403, undefined])
    }
  })
})

describe('slow clients', () => {
  // The same listener with less patience; what it answers does not depend on how long that is.
  const patient = { headersMs: 200, requestMs: 400 }
  let served = 0
  let listener: Awaited<ReturnType<typeof listen>>
  beforeAll(async () => {
    const fetch = async (request: Request) => {
      await request.text()
      served += 1
      return new Response('read')
    }
    listener = await listen({ fetch }, 0, '127.0.0.1', patient)
  })
  afterAll(async () => {
    await listener.stopAccepting()
    await listener.close()
  })

  test.each([
    ['half of its headers', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-A: '],
    ['half of its body', 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"a"'],
  ])('one that sends %s is let go', async (_what, text) => {
    const socket = connect(Number(new URL(listener.url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    let read = ''
    socket.on('data', (chunk) => {
      read += String(chunk)
    })
    socket.write(text)
    await once(socket, 'close')
    expect([read.split('\r\n')[0], served]).toEqual(['HTTP/1.1 408 Request Timeout', 0])
  })

  test('the program itself lets one go that says nothing more', async () => {
    const server = await start()
    const socket = connect(server.port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.resume()
    socket.write('POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-A: ')
    await once(socket, 'close')
    expect((await send(server.url, good)).status).toBe(200)
  })
})

describe('sessions', () => {
  const begin = async (url: string, origin = initialize) => {
    const { status, headers } = await send(url, origin)
    return { status, id: String(headers['mcp-session-id']), retry: headers['retry-after'] }
  }
  const ping = async (url: string, id: string) =>
    (await send(url, withHeaders(legacy('ping'), { 'Mcp-Session-Id': id }))).status

  test('the longest idle one makes room; one whose stream is open does not', async () => {
    const server = await start(['--max-sessions', '2'])
    const first = await begin(server.url)
    const stream = send(server.url, { method: 'GET', headers: { 'Mcp-Session-Id': first.id } })
    await server.logged(({ method, status }) => method === 'GET' && status === 200)
    const second = await begin(server.url)
    const third = await begin(server.url)
    expect([await ping(server.url, first.id), await ping(server.url, second.id)]).toEqual([200, 404])
    const other = send(server.url, { method: 'GET', headers: { 'Mcp-Session-Id': third.id } })
    await server.logged(({ method, status }) => method === 'GET' && status === 200, 2)
    const refused = await begin(server.url)
    expect([refused.status, refused.retry]).toEqual([503, '10'])
    // The end of a session ends its stream, and makes room again.
    expect((await send(server.url, { method: 'DELETE', headers: { 'Mcp-Session-Id': third.id } })).status).toBe(200)
    expect((await other).status).toBe(200)
    expect((await begin(server.url)).status).toBe(200)
    server.signal('SIGTERM')
    await stream
    expect(await server.exited).toEqual([0, null])
  })

  test('one that nobody uses any more is forgotten', async () => {
    const server = await start(['--session-idle-seconds', '1'])
    const { id } = await begin(server.url)
    expect(await ping(server.url, id)).toBe(200)
    // Asking is using: the next look has to come after more than the second it may be idle.
    await expect.poll(() => ping(server.url, id), { interval: 2_500, timeout: 15_000 }).toBe(404)
  })
})
