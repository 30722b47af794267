import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { modern, runHttp, send, useHttp } from '../fake/http.ts'
import { type Era, useConnection } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { allowedBy, every, holds, TIERS, type Tier } from './allowed.ts'

const secretOf = (name: string): string => `a-token-for-${name}-0123456789`

type Ceilings = Readonly<Record<string, object>>

const writeTokens = (path: string, ceilings: Ceilings): void => {
  const tokens = Object.entries(ceilings).map(([name, ceiling]) => ({ name, token: secretOf(name), ...ceiling }))
  writeFileSync(`${path}.new`, JSON.stringify({ tokens }))
  renameSync(`${path}.new`, path)
}

const useTokens = (ceilings: Ceilings) => {
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tokens.json')
  writeTokens(path, ceilings)
  return { MCP_AUTH_TOKENS_FILE: path }
}

const ERAS: Readonly<Record<Tier, Era>> = { read: 'legacy', write: 'modern', destructive: 'v1' }
const lower = (one: Tier, other: Tier): Tier => (TIERS.indexOf(one) < TIERS.indexOf(other) ? one : other)

describe('a token only narrows', () => {
  test.each(TIERS)('a server of tier %s, with tokens of every tier', async (tier) => {
    const posthog = await useRecorder()
    const server = await useHttp({
      origin: posthog.origin,
      flags: ['--auth', 'token', '--tier', tier],
      env: useTokens({ read: { tier: 'read' }, write: { tier: 'write' }, destructive: { tier: 'destructive' } }),
    })
    let calls = 0
    for (const own of TIERS) {
      const mcp = await useConnection(server.url, ERAS[own], secretOf(own))
      const allowed = allowedBy(() => lower(own, tier))
      const counted = await holds(mcp, allowed, new RegExp(`--tier ${tier}|tier ${own} of this token`))
      expect(counted.offered).toBe(allowed.length)
      calls += counted.offered + counted.refused
    }
    expect(calls).toBe(3 * 58)
    expect(posthog.requests).toHaveLength(0)
  })

  test('for single toolsets, and by name', async () => {
    const server = await useHttp({
      origin: 'http://127.0.0.1:9',
      flags: ['--auth', 'token', '--exclude-tools', 'query_run'],
      env: useTokens({
        mixed: { tier: { all: 'read', warehouse_saved_queries: 'write' } },
        single: { tier: { external_data_sources: 'read' } },
        without: { exclude_tools: ['query_cancel', 'data_warehouse_deprovision'] },
      }),
    })
    const here = every.filter((name) => name !== 'query_run')
    const views = allowedBy((name) => (name.startsWith('warehouse_saved_queries_') ? 'write' : 'read'))
    const sources = allowedBy((name) => (name.startsWith('external_data_sources_') ? 'read' : 'destructive'))
    const CASES: readonly (readonly [string, readonly string[], RegExp, number])[] = [
      ['mixed', views, /tier (read|warehouse_saved_queries=write) of this token|--exclude-tools/, 28 + 6],
      ['single', sources, /tier external_data_sources=read of this token|--exclude-tools/, 57 - 7],
      [
        'without',
        every.filter((name) => !['query_cancel', 'data_warehouse_deprovision'].includes(name)),
        /exclude_tools of this token|--exclude-tools/,
        55,
      ],
    ]
    for (const [name, allowed, reason, count] of CASES) {
      const mcp = await useConnection(server.url, 'modern', secretOf(name))
      const left = allowed.filter((tool) => here.includes(tool))
      expect(left, name).toHaveLength(count)
      expect(await holds(mcp, left, reason), name).toEqual({ offered: count, refused: 58 - count })
    }
  })

  test.each<[string, object, object, number]>([
    ['another tier', { tier: 'write' }, { tier: 'read' }, 29],
    ['another tier of a toolset', { tier: { exports: 'write' } }, { tier: { file_system: 'read' } }, 55],
    ['another tool left out', { exclude_tools: ['query_run'] }, { exclude_tools: ['query_run', 'query_cancel'] }, 56],
  ])('%s in the file counts while the server runs', async (_what, before, after, count) => {
    const env = useTokens({ ci: before })
    const server = await useHttp({ origin: 'http://127.0.0.1:9', flags: ['--auth', 'token'], env })
    const listed = async () => {
      const { json } = await send(server.url, { ...modern('tools/list'), token: secretOf('ci') })
      return (json.result as { readonly tools: readonly unknown[] }).tools.length
    }
    expect(await listed()).not.toBe(count)
    writeTokens(env.MCP_AUTH_TOKENS_FILE, { ci: after })
    await expect.poll(listed, { timeout: 10_000 }).toBe(count)
    // A name that is none takes nothing away: the file is not taken.
    writeTokens(env.MCP_AUTH_TOKENS_FILE, { ci: { exclude_tools: ['query'] } })
    await server.logged(({ msg }) => String(msg).startsWith('tokens not read'))
    expect(await listed()).toBe(count)
  })

  test('prompts and resources go with the tools of the token', async () => {
    const server = await useHttp({
      origin: 'http://127.0.0.1:9',
      flags: ['--auth', 'token'],
      env: useTokens({ reader: { tier: 'read' }, blind: { exclude_tools: ['schema_describe'] } }),
    })
    for (const era of ['legacy', 'modern', 'v1'] as const) {
      const reader = await useConnection(server.url, era, secretOf('reader'))
      expect((await reader.prompts()).map(({ name }) => name)).toEqual(['explore_table', 'audit_warehouse'])
      await expect(reader.prompt('model_view', {})).rejects.toThrow(
        /not offered here \(it needs warehouse_saved_queries_create: tier read of this token\)/,
      )
      const blind = await useConnection(server.url, era, secretOf('blind'))
      await expect(blind.read('posthog://projects/7/index')).rejects.toThrow(
        /Resources and prompts are not offered here \(exclude_tools of this token\)/,
      )
    }
  })
})

test.each<[string, object, RegExp]>([
  ['a tier that is none', { tier: 'admin' }, /tokens\.0\.tier: it is read, write, destructive, or an object such as/],
  ['a toolset that is none', { tier: { tables: 'read' } }, /tokens\.0\.tier: Unrecognized key: "tables"/],
  ['a tier that is none of a toolset', { tier: { exports: 'all' } }, /tokens\.0\.tier: it is read/],
  ['read_only and more', { read_only: true, tier: 'write' }, /read_only is tier read: leave one out/],
  ['a tool left out that is none', { exclude_tools: ['query'] }, /ci: there is no tool query; the README lists them/],
  ['a tool that is none', { tools: ['query_run', 'query_walk'] }, /ci: there is no tool query_walk/],
])('%s ends the start, and no token is shown', async (_case, ceiling, reason) => {
  const { code, stderr } = await runHttp({ flags: ['--auth', 'token'], env: useTokens({ ci: ceiling }) })
  expect([code, stderr]).toEqual([2, expect.stringMatching(reason)])
  expect(stderr).not.toContain(secretOf('ci'))
})
