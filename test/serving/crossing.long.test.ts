import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { initialize, legacy, modern, send, useHttp } from '../fake/http.ts'
import { type Era, useConnection } from '../fake/mcp.ts'
import { keyOf, posthog } from '../fake/posthog.ts'
import { useRecorder } from '../fake/recorder.ts'

const ALICE = 'phx_alice-key-0123456789ab'
const BOB = 'phx_bobs-key-0123456789abc'
const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']
const ID = '0198bb00-0000-0000-0000-000000000001'
const INDEX = 'posthog://projects/7/index'

const start = async (flags: readonly string[] = []) => {
  const upstream = await useRecorder(
    posthog({
      [ALICE]: { scopes: ['*'], tables: ['alice_orders'] },
      [BOB]: { scopes: ['*'], tables: ['bobs_invoices'] },
    }),
  )
  const server = await useHttp({ origin: upstream.origin, flags: ['--auth', 'posthog', ...flags] })
  return { upstream, server }
}

describe('two callers', () => {
  test.each(ERAS)('%s: each reads what their own key sees, and nothing from the cache of the other', async (era) => {
    const { upstream, server } = await start()
    const alice = await useConnection(server.url, era, ALICE)
    const bob = await useConnection(server.url, era, BOB)
    const text = async (mcp: typeof alice) => (await mcp.read(INDEX)).contents.map((each) => each.text).join()
    for (let round = 0; round < 2; round += 1) {
      expect(await text(alice)).toContain('alice_orders')
      expect(await text(bob)).toContain('bobs_invoices')
      expect(await text(bob)).not.toContain('alice')
      expect((await bob.resources()).resources.map(({ uri }) => uri).join()).not.toContain('alice')
    }
    const template = { type: 'ref/resource', uri: 'posthog://projects/{project_id}/tables/{name}' } as const
    const typed = { ref: template, argument: { name: 'name', value: 'alice' } }
    expect((await alice.complete(typed)).values).toEqual(['alice_orders'])
    expect((await bob.complete(typed)).values).not.toContain('alice_orders')
    const keys = upstream.requests.filter(({ path }) => path.endsWith('/query/')).map(keyOf)
    expect(keys.sort()).toEqual([ALICE, BOB])
  })

  test('a session of one is unknown to the other, whatever is done with it', async () => {
    const { server } = await start()
    const begun = await send(server.url, { ...initialize, token: ALICE })
    const headers = { 'Mcp-Session-Id': String(begun.headers['mcp-session-id']) }
    for (const sent of [legacy('tools/list'), { method: 'GET' }, { method: 'DELETE' }, initialize]) {
      const { status, json } = await send(server.url, { ...sent, headers, token: BOB })
      expect([status, json.error?.message]).toEqual([404, 'Session not found'])
    }
    expect((await send(server.url, { ...legacy('tools/list'), headers })).status).toBe(401)
    // It is still there for whose it is.
    expect((await send(server.url, { ...legacy('tools/list'), headers, token: ALICE })).status).toBe(200)
    expect((await send(server.url, { method: 'DELETE', headers, token: ALICE })).status).toBe(200)
    expect((await send(server.url, { ...legacy('tools/list'), headers, token: ALICE })).status).toBe(404)
  })

  test.each(ERAS)('%s: what one changes is told to that one, and never to the other', async (era) => {
    const { server } = await start(['--poll-seconds', '0'])
    const alice = await useConnection(server.url, era, ALICE)
    const bob = await useConnection(server.url, era, BOB)
    await alice.subscribe([INDEX])
    await bob.subscribe([INDEX])
    // Clients of 2025 hear of changes on a stream that they open beside.
    if (era !== 'modern') await server.logged(({ method, status }) => method === 'GET' && status === 200, 2)
    await alice.call('warehouse_tables_refresh_schema', { id: ID })
    await alice.noted(({ method }) => method === 'notifications/resources/list_changed')
    // A change of Bob's own comes through the same way: had Alice's been sent to him, it would be here before.
    await bob.call('warehouse_tables_refresh_schema', { id: ID })
    await bob.noted(({ method }) => method === 'notifications/resources/list_changed')
    expect(bob.notes.filter(({ method }) => method.endsWith('list_changed'))).toHaveLength(1)
    expect(alice.notes.filter(({ method }) => method.endsWith('list_changed'))).toHaveLength(1)
  })

  test('one who has used up the rate keeps nobody else from asking', async () => {
    const { server } = await start(['--rate-per-minute', '3'])
    const status = async (token: string) => (await send(server.url, { ...modern('tools/list'), token })).status
    const mine: number[] = []
    for (let round = 0; round < 5; round += 1) mine.push(await status(ALICE))
    expect(mine).toEqual([200, 200, 200, 429, 429])
    expect(await status(BOB)).toBe(200)
  })

  test('one who opens session after session ends none of the other', async () => {
    const { server } = await start(['--max-sessions', '5'])
    const bob = await send(server.url, { ...initialize, token: BOB })
    for (let round = 0; round < 20; round += 1)
      expect((await send(server.url, { ...initialize, token: ALICE })).status).toBe(200)
    const headers = { 'Mcp-Session-Id': String(bob.headers['mcp-session-id']) }
    expect((await send(server.url, { ...legacy('tools/list'), headers, token: BOB })).status).toBe(200)
  })
})

describe('the project of a token', () => {
  const TOKEN = 'token-of-project-seven-only'
  const startCeiling = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ceiling-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'tokens.json')
    writeFileSync(path, JSON.stringify({ tokens: [{ name: 'seven', token: TOKEN, project: 7 }] }))
    const upstream = await useRecorder(posthog({ [ALICE]: { scopes: ['*'], tables: ['orders'] } }))
    const server = await useHttp({
      origin: upstream.origin,
      flags: ['--auth', 'token'],
      env: { MCP_AUTH_TOKENS_FILE: path, POSTHOG_PERSONAL_API_KEY: ALICE, POSTHOG_PROJECT_ID: '8' },
    })
    return { upstream, server }
  }

  test.each(ERAS)('%s: no address, cursor, argument, prompt or subscription leads out of it', async (era) => {
    const { upstream, server } = await startCeiling()
    const mcp = await useConnection(server.url, era, TOKEN)
    const outside = 'posthog://projects/8/tables/orders'
    await expect(mcp.read(outside)).rejects.toThrow(/Only project 7/)
    await expect(mcp.read('posthog://projects/8/index')).rejects.toThrow(/Only project 7/)
    await expect(mcp.resources(Buffer.from(outside).toString('base64url'))).rejects.toThrow(/cursor/)
    for (const name of ['schema_list', 'query_run', 'warehouse_tables_list'])
      expect((await mcp.call(name, { project_id: 8, sql: 'select 1' })).isError, name).toBe(true)
    const ref = { type: 'ref/resource', uri: 'posthog://projects/{project_id}/tables/{name}' } as const
    expect((await mcp.complete({ ref, argument: { name: 'project_id', value: '' } })).values).toEqual(['7'])
    await mcp
      .complete({ ref, argument: { name: 'name', value: 'o' }, context: { arguments: { project_id: '8' } } })
      .catch(() => undefined)
    for (const prompt of await mcp.prompts())
      expect(prompt.arguments?.map(({ name }) => name) ?? [], prompt.name).not.toContain('project_id')
    if (era === 'modern') await mcp.subscribe([outside, 'posthog://projects/8/index'])
    else await expect(mcp.subscribe([outside])).rejects.toThrow(/Only project 7/)
    await mcp.subscribe([INDEX])
    expect((await mcp.read(INDEX)).contents[0]?.text).toContain('orders')
    expect(upstream.requests.length).toBeGreaterThan(0)
    expect(upstream.requests.filter(({ path }) => !path.startsWith('/api/projects/7/'))).toEqual([])
  })
})
