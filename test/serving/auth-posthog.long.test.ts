import { describe, expect, test } from 'vitest'
import { initialize, legacy, modern, send, useHttp } from '../fake/http.ts'
import { type Era, useConnection } from '../fake/mcp.ts'
import { keyOf, posthog } from '../fake/posthog.ts'
import { type Recorded, type Recorder, useRecorder } from '../fake/recorder.ts'

const ALL = 'phx_all-scopes-0123456789'
const READER = 'phx_reader-of-tables-012345'
const WRONG = 'phx_wrong-key-0123456789ab'
const OAUTH = 'pha_token-of-an-app-0123456'
const SERVER_KEY = 'phx_key-of-the-server-01234'
const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']

const CREDENTIALS = {
  [ALL]: { scopes: ['*'] },
  [READER]: { scopes: ['warehouse_table:read', 'warehouse_view:write'] },
  [OAUTH]: { scopes: ['openid', 'warehouse_table:read'] },
}
const CURRENT = '/api/personal_api_keys/@current'
const PUBLIC = 'https://mcp.example.com'
const asked = ({ requests }: Recorder, path = CURRENT): readonly Recorded[] =>
  requests.filter((request) => request.path === path)

const start = async (flags: readonly string[] = [], script = posthog(CREDENTIALS)) => {
  const upstream = await useRecorder(script)
  const server = await useHttp({
    origin: upstream.origin,
    flags: ['--auth', 'posthog', ...flags],
    env: { POSTHOG_PERSONAL_API_KEY: SERVER_KEY },
  })
  return { upstream, server }
}

describe('callers with keys of their own', () => {
  test.each(ERAS)('%s: PostHog is called with the key of the caller, and asked about it once', async (era) => {
    const { upstream, server } = await start()
    const mcp = await useConnection(server.url, era, ALL)
    expect(await mcp.list()).toHaveLength(58)
    expect((await mcp.call('warehouse_tables_list')).isError).toBeFalsy()
    expect(asked(upstream)).toHaveLength(1)
    expect(upstream.requests.map(keyOf)).toEqual([ALL, ALL])
    expect(server.text()).not.toMatch(new RegExp(`${ALL}|${SERVER_KEY}`))
  })

  test('requests that come together ask once', async () => {
    const { upstream, server } = await start()
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => send(server.url, { ...modern('tools/list'), token: ALL })),
    )
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(asked(upstream)).toHaveLength(1)
  })

  test('a wrong key is 401, and not asked about again at once; the key of the server opens nothing by itself', async () => {
    const { upstream, server } = await start()
    for (let round = 0; round < 3; round += 1) {
      const { status, headers } = await send(server.url, { ...modern('tools/list'), token: WRONG })
      expect([status, headers['www-authenticate']]).toEqual([
        401,
        expect.stringMatching(/^Bearer error="invalid_token"/),
      ])
    }
    expect(asked(upstream)).toHaveLength(1)
    expect((await send(server.url, modern('tools/list'))).status).toBe(401)
    expect((await send(server.url, { ...modern('tools/list'), path: `/mcp?personal_api_key=${ALL}` })).status).toBe(401)
    expect(asked(upstream)).toHaveLength(1)
    expect(server.text()).not.toMatch(new RegExp(`${ALL}|${WRONG}`))
  })

  test.each([
    ['fails', { status: 500, json: {} }, /^\d+$/],
    ['is busy', { status: 429, headers: { 'retry-after': '36' }, json: {} }, /^36$/],
    [
      'is a proxy that has a page of its own',
      { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } },
      /^\d+$/,
    ],
    ['answers something else', { status: 200, json: { detail: 'hello' } }, /^\d+$/],
    ['does not know the question', { status: 404, json: {} }, /^\d+$/],
  ])('503 with Retry-After where PostHog %s, and asked again the next time', async (_what, answer, seconds) => {
    const { upstream, server } = await start([], () => answer)
    const { status, headers, json } = await send(server.url, { ...modern('tools/list'), token: ALL })
    expect([status, headers['retry-after']]).toEqual([503, expect.stringMatching(seconds)])
    expect(headers['www-authenticate']).toBeUndefined()
    expect(json.error?.message).toBe('PostHog could not be asked about the credential')
    upstream.script(posthog(CREDENTIALS))
    expect((await send(server.url, { ...modern('tools/list'), token: ALL })).status).toBe(200)
  })

  test('503 where nobody answers at all', async () => {
    const { upstream, server } = await start()
    await upstream.close()
    const { status, headers } = await send(server.url, { ...modern('tools/list'), token: ALL })
    expect([status, headers['retry-after']]).toEqual([503, '5'])
    expect(server.lines().filter(({ msg }) => msg === 'fault')).toEqual([])
  }, 40_000)
})

describe('a key that is revoked', () => {
  const OTHER = 'phx_all-scopes-of-another-01'
  const before = posthog({ [ALL]: { scopes: ['*'] }, [OTHER]: { scopes: ['*'] } })
  const after = posthog({ [OTHER]: { scopes: ['*'] } })
  const listen = modern('subscriptions/listen', { notifications: { resourcesListChanged: true } })

  test('after a call that PostHog refused, it is 401, and its streams end; those of others go on', async () => {
    const { upstream, server } = await start([], before)
    const begun = await send(server.url, { ...initialize, token: ALL })
    const session = { 'Mcp-Session-Id': String(begun.headers['mcp-session-id']), 'MCP-Protocol-Version': '2025-06-18' }
    const streams = [
      send(server.url, { ...listen, token: ALL }),
      send(server.url, { method: 'GET', headers: session, token: ALL }),
    ]
    let isOpen = true
    const other = send(server.url, { ...listen, token: OTHER }).finally(() => {
      isOpen = false
    })
    await server.logged(({ msg, status }) => msg === 'request' && status === 200, 4)
    upstream.script(after)
    const call = () => send(server.url, { ...modern('tools/call', { name: 'warehouse_tables_list' }), token: ALL })
    expect((await call()).json).toMatchObject({ result: { isError: true } })
    expect(asked(upstream)).toHaveLength(0)
    expect((await call()).status).toBe(401)
    expect((await Promise.all(streams)).map(({ status }) => status)).toEqual([200, 200])
    expect((await send(server.url, { ...modern('tools/list'), token: OTHER })).status).toBe(200)
    expect(isOpen).toBe(true)
    server.signal('SIGTERM')
    expect((await other).status).toBe(200)
  })
})

describe('scopes', () => {
  test.each(ERAS)('%s: only tools that the credential may use are listed; write includes read', async (era) => {
    const { server } = await start()
    const names = (await (await useConnection(server.url, era, READER)).list()).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['warehouse_tables_list', 'warehouse_saved_queries_list']))
    expect(names.filter((name) => /query_run|warehouse_tables_delete|external_data/.test(name))).toEqual([])
    expect(names.length).toBeLessThan(40)
  })

  test.each([
    ['2026', modern('tools/call', { name: 'warehouse_tables_delete', arguments: { id: 'x' } }, 'call-1')],
    ['2025', legacy('tools/call', { name: 'warehouse_tables_delete', arguments: { id: 'x' } }, 'call-1')],
    [
      'a batch of 2025-03-26',
      { body: [legacy('ping').body, legacy('tools/call', { name: 'warehouse_tables_delete' }, 'call-1').body] },
    ],
  ])('%s: calling another one is 403 insufficient_scope, which names what it needs', async (_era, sent) => {
    const { upstream, server } = await start(['--public-url', PUBLIC])
    const { status, headers, json } = await send(server.url, { ...sent, token: READER })
    expect([status, json.id, json.error?.message]).toEqual([
      403,
      'call-1',
      expect.stringMatching(/warehouse_tables_delete needs the scopes warehouse_table:write/),
    ])
    const challenge = headers['www-authenticate']
    expect(challenge).toMatch(
      /^Bearer error="insufficient_scope", error_description="[^"]+", scope="warehouse_table:write", /,
    )
    expect(challenge).toContain(`resource_metadata="${PUBLIC}/.well-known/oauth-protected-resource/mcp"`)
    expect(asked(upstream)).toHaveLength(upstream.requests.length)
  })

  test('a tool that nobody has, and one the operator left out, are no matter of scopes', async () => {
    const { server } = await start(['--read-only'])
    for (const name of ['no_such_tool', 'warehouse_tables_delete']) {
      const { status, json } = await send(server.url, { ...modern('tools/call', { name }), token: READER })
      expect([status, json.error?.code]).toEqual([200, -32602])
    }
  })
})

describe('OAuth', () => {
  test('tokens made for PostHog are refused, without asking', async () => {
    const { upstream, server } = await start()
    const { status, headers } = await send(server.url, { ...modern('tools/list'), token: OAUTH })
    expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/phx_/)])
    expect(upstream.requests).toEqual([])
  })

  test('with --pass-oauth they are looked into, once, and have the scopes they have', async () => {
    const { upstream, server } = await start(['--pass-oauth'])
    const mcp = await useConnection(server.url, 'modern', OAUTH)
    const names = (await mcp.list()).map(({ name }) => name)
    expect(names).toContain('warehouse_tables_list')
    expect(names).not.toContain('warehouse_saved_queries_list')
    await mcp.call('warehouse_tables_list')
    expect(asked(upstream, '/oauth/introspect').map(({ json }) => json)).toEqual([{ token: OAUTH }])
    expect(upstream.requests.map(keyOf)).toEqual([OAUTH, OAUTH])
    expect((await send(server.url, { ...modern('tools/list'), token: 'pha_expired-0123456789' })).status).toBe(401)
    expect(server.text()).not.toContain(OAUTH)
  })

  test('with --public-url, RFC 9728 metadata names PostHog, at both places, and the challenge names it', async () => {
    const { upstream, server } = await start(['--public-url', `${PUBLIC}/`])
    const url = `${PUBLIC}/.well-known/oauth-protected-resource/mcp`
    for (const path of ['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp']) {
      const { status, json } = await send(server.url, { method: 'GET', path })
      expect([status, json]).toEqual([
        200,
        expect.objectContaining({
          resource: `${PUBLIC}/mcp`,
          authorization_servers: [upstream.origin],
          bearer_methods_supported: ['header'],
          scopes_supported: expect.arrayContaining(['warehouse_table:read', 'query:read']),
        }),
      ])
    }
    const none = await send(server.url, modern('tools/list'))
    expect(none.headers['www-authenticate']).toBe(`Bearer resource_metadata="${url}"`)
    const wrong = await send(server.url, { ...modern('tools/list'), token: WRONG })
    expect(wrong.headers['www-authenticate']).toContain(`resource_metadata="${url}"`)
    // The name of the public address may stand in Host.
    const named = await send(server.url, { ...modern('tools/list'), token: ALL, headers: { Host: 'mcp.example.com' } })
    expect(named.status).toBe(400)
  })

  test('without it there is none', async () => {
    const { server } = await start()
    expect((await send(server.url, { method: 'GET', path: '/.well-known/oauth-protected-resource' })).status).toBe(404)
  })
})
