import { createHash } from 'node:crypto'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { initialize, legacy, modern, runHttp, send, useHttp } from '../fake/http.ts'
import { type Era, KEY, useConnection } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const TOKEN = 'one-long-enough-token-000001'
const OTHER = 'another-long-enough-token-02'
const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']

/** A file of tokens that can be replaced as editors and orchestrators do: whole. */
const useFile = (tokens: readonly unknown[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tokens.json')
  const replace = (text: string): void => {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  }
  replace(JSON.stringify({ tokens }))
  return { path, replace, tokens: (next: readonly unknown[]) => replace(JSON.stringify({ tokens: next })) }
}

describe('what the operator may not start', () => {
  const CASES: readonly (readonly [string, readonly string[], Record<string, string>, RegExp])[] = [
    ['anybody from anywhere', ['--bind', '0.0.0.0'], {}, /without a token anybody there could use your PostHog key/],
    ['anybody from anywhere, said twice', ['--bind', '::', '--auth', 'none'], {}, /choose --auth token/],
    ['no name to be called by', ['--bind', '0.0.0.0', '--auth', 'token'], { MCP_AUTH_TOKEN: TOKEN }, /--allow-host/],
    ['no token at all', ['--auth', 'token'], {}, /needs MCP_AUTH_TOKEN or MCP_AUTH_TOKENS_FILE/],
    ['a short token', ['--auth', 'token'], { MCP_AUTH_TOKEN: 'short' }, /shorter than 16/],
    ['a token nobody asks for', [], { MCP_AUTH_TOKEN: TOKEN }, /is set, but not used/],
    ['tokens that are not there', ['--auth', 'token'], { MCP_AUTH_TOKENS_FILE: '/no/such' }, /cannot be read as JSON/],
    ['passthrough without PostHog', ['--pass-oauth'], {}, /--pass-oauth goes with --auth posthog/],
    ['a page that is no origin', ['--allow-origin', 'example.com'], {}, /is no origin/],
    ['another way', ['--auth', 'basic'], {}, /It is none, token, posthog/],
  ]
  test.each(CASES)('%s: exit 2, with the reason', async (_what, flags, env, reason) => {
    const { code, stderr } = await runHttp({ flags, env })
    expect([code, stderr]).toEqual([2, expect.stringMatching(reason)])
    expect(stderr).not.toMatch(/ at .*:\d+:\d+|one-long-enough/)
  })

  test('a token for a project that --lock-project does not allow', async () => {
    const file = useFile([{ name: 'ci', token: TOKEN, project: 8 }])
    const { code, stderr } = await runHttp({
      flags: ['--auth', 'token', '--lock-project', '--project', '7'],
      env: { MCP_AUTH_TOKENS_FILE: file.path },
    })
    expect([code, stderr]).toEqual([2, expect.stringMatching(/ci is for project 8, but --lock-project allows 7/)])
  })

  test.each([
    [
      'two of one name',
      [
        { name: 'a', token: TOKEN },
        { name: 'a', token: OTHER },
      ],
      /two tokens are called a/,
    ],
    ['a toolset that is none', [{ name: 'a', token: TOKEN, toolsets: ['schemas'] }], /tokens\.0\.toolsets\.0/],
    ['neither token nor hash', [{ name: 'a' }], /token or sha256/],
    ['a word nobody knows', [{ name: 'a', token: TOKEN, readonly: true }], /readonly/],
  ])('a file with %s, and no token is shown', async (_what, tokens, reason) => {
    const file = useFile(tokens)
    const { code, stderr } = await runHttp({ flags: ['--auth', 'token'], env: { MCP_AUTH_TOKENS_FILE: file.path } })
    expect([code, stderr]).toEqual([2, expect.stringMatching(reason)])
    expect(stderr).not.toContain(TOKEN)
  })
})

describe('one token', () => {
  test.each(ERAS)('%s: who has it is served with the key of the server', async (era) => {
    const upstream = await useRecorder(() => ({ json: { results: [] } }))
    const server = await useHttp({
      origin: upstream.origin,
      flags: ['--auth', 'token'],
      env: { MCP_AUTH_TOKEN: TOKEN },
    })
    const mcp = await useConnection(server.url, era, TOKEN)
    expect(await mcp.list()).toHaveLength(58)
    expect((await mcp.call('warehouse_tables_list')).isError).toBeFalsy()
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  test('who has none, or a wrong one, is told as RFC 6750 has it, and nothing is asked of PostHog', async () => {
    const upstream = await useRecorder()
    const server = await useHttp({
      origin: upstream.origin,
      flags: ['--auth', 'token'],
      env: { MCP_AUTH_TOKEN: TOKEN },
    })
    const wrong = /^Bearer error="invalid_token", error_description="[^"]+"$/
    const CASES: readonly (readonly [string, Record<string, string>, RegExp])[] = [
      ['none', {}, /^Bearer$/],
      ['an empty one', { Authorization: 'Bearer ' }, /^Bearer$/],
      ['another scheme', { Authorization: `Basic ${btoa(`x:${TOKEN}`)}` }, /^Bearer$/],
      ['wrong', { Authorization: 'Bearer wrong-wrong-wrong-wrong' }, wrong],
      ['nearly right', { Authorization: `Bearer ${TOKEN}x` }, wrong],
      ['the key of the server', { Authorization: `Bearer ${KEY}` }, wrong],
    ]
    for (const [what, headers, challenge] of CASES) {
      const reply = await send(server.url, { ...legacy('tools/list'), headers })
      expect([reply.status, reply.headers['www-authenticate']], what).toEqual([401, expect.stringMatching(challenge)])
      expect(reply.json.error?.code, what).toBe(-32001)
    }
    for (const path of [`/mcp?access_token=${TOKEN}`, `/mcp?token=${TOKEN}`, `/mcp?personal_api_key=${KEY}`])
      expect((await send(server.url, { ...legacy('tools/list'), path })).status).toBe(401)
    const body = { ...(legacy('tools/list').body as object), access_token: TOKEN, personal_api_key: KEY }
    expect((await send(server.url, { body })).status).toBe(401)
    // `Bearer` is a word of HTTP, which has no case.
    const lower = await send(server.url, { ...legacy('tools/list'), headers: { Authorization: `bearer ${TOKEN}` } })
    expect(lower.status).toBe(200)
    await server.logged(({ msg }) => msg === 'request', CASES.length + 5)
    expect(server.text()).not.toMatch(new RegExp(`${TOKEN}|${KEY}|wrong-wrong`))
    expect(upstream.requests).toEqual([])
  })
})

describe('several tokens', () => {
  test('each has its name in the log, and no more than its ceiling', async () => {
    const upstream = await useRecorder(() => ({ json: { results: [] } }))
    const hash = createHash('sha256').update('a-token-known-by-its-hash').digest('hex')
    const file = useFile([
      { name: 'reader', token: TOKEN, read_only: true },
      { name: 'asker', token: OTHER, toolsets: ['schema', 'query'] },
      { name: 'narrow', sha256: hash, tools: ['warehouse_tables_list'], project: 9 },
    ])
    const server = await useHttp({
      origin: upstream.origin,
      flags: ['--auth', 'token'],
      env: { MCP_AUTH_TOKEN: 'the-one-of-the-environment', MCP_AUTH_TOKENS_FILE: file.path },
    })
    const names = async (token: string) =>
      (await (await useConnection(server.url, 'modern', token)).list()).map((t) => t.name)
    expect(await names('the-one-of-the-environment')).toHaveLength(58)
    const reads = await names(TOKEN)
    expect(reads).toContain('warehouse_tables_list')
    expect(reads).not.toContain('warehouse_tables_delete')
    expect((await names(OTHER)).every((name) => /^(schema|query)_/.test(name))).toBe(true)
    expect(await names('a-token-known-by-its-hash')).toEqual(['warehouse_tables_list'])
    const refused = await send(server.url, {
      ...modern('tools/call', { name: 'warehouse_tables_delete', arguments: { id: 'x' } }),
      token: TOKEN,
    })
    expect(refused.json.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('read_only of this token'),
    })
    expect(upstream.requests).toEqual([])
    const narrow = await useConnection(server.url, 'legacy', 'a-token-known-by-its-hash')
    await narrow.call('warehouse_tables_list')
    expect(upstream.requests[0]?.path).toBe('/api/projects/9/warehouse_tables/')
    // The parameter is gone, and naming another project all the same changes nothing.
    for (const args of [{ project_id: 7 }, { environment_id: 7 }])
      expect((await narrow.call('warehouse_tables_list', args)).isError).toBe(true)
    expect(upstream.requests).toHaveLength(1)
    const calls = await server.logged(({ msg }) => msg === 'call', 3)
    expect(calls.map(({ caller }) => caller)).toEqual(['narrow', 'narrow', 'narrow'])
  })

  test('the file is read again while the server runs; a wrong one changes nothing, and is said once', async () => {
    const file = useFile([{ name: 'a', token: TOKEN }])
    const server = await useHttp({ flags: ['--auth', 'token'], env: { MCP_AUTH_TOKENS_FILE: file.path } })
    const status = async (token: string) => (await send(server.url, { ...modern('tools/list'), token })).status
    expect([await status(TOKEN), await status(OTHER)]).toEqual([200, 401])
    file.tokens([{ name: 'a', token: OTHER }])
    await expect.poll(() => status(OTHER), { timeout: 10_000 }).toBe(200)
    expect(await status(TOKEN)).toBe(401)
    file.replace('{"tokens": [')
    await server.logged(({ msg }) => msg === 'tokens not read; those before stay in force')
    expect([await status(TOKEN), await status(OTHER)]).toEqual([401, 200])
    file.tokens([
      { name: 'a', token: OTHER },
      { name: 'b', token: TOKEN },
    ])
    await expect.poll(() => status(TOKEN), { timeout: 10_000 }).toBe(200)
    expect(server.lines().filter(({ msg }) => String(msg).startsWith('tokens not read'))).toHaveLength(1)
    expect(server.text()).not.toMatch(new RegExp(`${TOKEN}|${OTHER}`))
  })

  test('what a token had open ends with it: its session, and its streams', async () => {
    const upstream = await useRecorder(() => ({ json: { tables: {}, joins: [] } }))
    const file = useFile([
      { name: 'a', token: TOKEN },
      { name: 'b', token: OTHER },
    ])
    const server = await useHttp({
      origin: upstream.origin,
      flags: ['--auth', 'token'],
      env: { MCP_AUTH_TOKENS_FILE: file.path },
    })
    const listen = (token: string) =>
      send(server.url, { ...modern('subscriptions/listen', { notifications: { resourcesListChanged: true } }), token })
    let isOpen = true
    const other = listen(OTHER).finally(() => {
      isOpen = false
    })
    const mine = listen(TOKEN)
    await server.logged(({ msg, status }) => msg === 'request' && status === 200, 2)
    file.tokens([{ name: 'b', token: OTHER }])
    expect((await mine).body).toContain('notifications/subscriptions/acknowledged')
    expect(isOpen).toBe(true)
    server.signal('SIGTERM')
    await other
    expect(await server.exited).toEqual([0, null])
  })

  test('what still waits for its turn then begins nothing that nobody would end', async () => {
    let finish = (): void => undefined
    const upstream = await useRecorder(() => (response) => {
      finish = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"results":[]}')
    })
    const file = useFile([
      { name: 'a', token: TOKEN },
      { name: 'b', token: OTHER },
    ])
    const server = await useHttp({
      origin: upstream.origin,
      flags: ['--auth', 'token', '--max-calls', '1', '--metrics-port', '0'],
      env: { MCP_AUTH_TOKENS_FILE: file.path },
    })
    const [metrics] = await server.logged(({ msg }) => msg === 'metrics')
    const busy = send(server.url, { ...modern('tools/call', { name: 'warehouse_tables_list' }), token: OTHER })
    await upstream.arrived(0)
    const waiting = send(server.url, { ...initialize, token: TOKEN })
    await expect
      .poll(async () => (await send(String(metrics?.url), { method: 'GET' })).body)
      .toMatch(/^mcp_calls_waiting 1$/m)
    file.tokens([{ name: 'b', token: OTHER }])
    const look = () => send(server.url, { method: 'GET', token: TOKEN })
    await expect.poll(async () => (await look()).status, { timeout: 10_000 }).toBe(401)
    finish()
    expect([(await busy).status, (await waiting).status]).toEqual([200, 503])
  })
})
