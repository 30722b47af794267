import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { BINARY, type Era, KEY, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { allowedBy, every, holds, type Tier } from './allowed.ts'

const COUNTS = { read: 29, write: 48, destructive: 58 } as const

const CASES: readonly (readonly [Tier, Era])[] = [
  ['read', 'legacy'],
  ['read', 'modern'],
  ['write', 'modern'],
  ['write', 'v1'],
  ['destructive', 'v1'],
  ['destructive', 'legacy'],
]

describe('a tier', () => {
  test.each(CASES)(
    '%s, for the %s client: each tool is listed if it is allowed, and called if it is listed',
    async (tier, era) => {
      const posthog = await useRecorder()
      const mcp = await useMcp({ era, origin: posthog.origin, flags: ['--tier', tier] })
      const allowed = allowedBy(() => tier)
      expect(allowed).toHaveLength(COUNTS[tier])
      expect(await holds(mcp, allowed, new RegExp(`--tier ${tier}`))).toEqual({
        offered: COUNTS[tier],
        refused: 58 - COUNTS[tier],
      })
      expect(posthog.requests).toHaveLength(0)
    },
  )

  test('the worst case counts: what only some arguments make destructive is not a write', () => {
    const writes = allowedBy(() => 'write')
    // Destroys with replace alone, and with enabled false alone.
    expect(writes).not.toContain('warehouse_tables_upload_file')
    expect(writes).not.toContain('external_data_sources_revenue_analytics_config')
    // A read whose scope can write.
    expect(allowedBy(() => 'read')).not.toContain('external_data_sources_database_schema')
    expect(writes).toContain('external_data_sources_database_schema')
  })

  test('one for all and others for single toolsets, in any order', async () => {
    const posthog = await useRecorder()
    const flags = ['--tier', 'warehouse_tables=write', '--tier', 'read', '--tier', 'file_system=destructive']
    const mcp = await useMcp({ origin: posthog.origin, flags })
    const allowed = allowedBy((name) => {
      if (name.startsWith('warehouse_tables_')) return 'write'
      return name.startsWith('file_system_') ? 'destructive' : 'read'
    })
    expect(allowed).toHaveLength(29 + 3 + 3)
    expect(await holds(mcp, allowed, /--tier (read|warehouse_tables=write)/)).toEqual({ offered: 35, refused: 23 })
    await expect(mcp.call('warehouse_tables_delete')).rejects.toThrow(/\(--tier warehouse_tables=write\)/)
  })

  test('one for a toolset alone leaves the others as they are', async () => {
    const mcp = await useMcp({ origin: 'http://127.0.0.1:9', flags: ['--tier', 'data_warehouse=read'] })
    const allowed = allowedBy((name) => (name.startsWith('data_warehouse_') ? 'read' : 'destructive'))
    expect(allowed).toHaveLength(58 - 5)
    expect(await holds(mcp, allowed, /--tier data_warehouse=read/)).toEqual({ offered: 53, refused: 5 })
  })

  test('--read-only is --tier read', async () => {
    const mcp = await useMcp({ origin: 'http://127.0.0.1:9', flags: ['--read-only', '--tier', 'query=read'] })
    expect(
      await holds(
        mcp,
        allowedBy(() => 'read'),
        /--read-only/,
      ),
    ).toEqual({ offered: 29, refused: 29 })
  })

  test('without one, everything is there', async () => {
    const mcp = await useMcp({ origin: 'http://127.0.0.1:9' })
    expect(await holds(mcp, every, /never/)).toEqual({ offered: 58, refused: 0 })
  })
})

describe('tools left out by name', () => {
  test('are neither listed nor called, and all others are', async () => {
    const left = ['external_data_sources_create', 'data_warehouse_deprovision', 'query_run']
    const flags = ['--exclude-tools', left.join(', ')]
    const mcp = await useMcp({ origin: 'http://127.0.0.1:9', flags })
    const allowed = every.filter((name) => !left.includes(name))
    expect(await holds(mcp, allowed, /--exclude-tools/)).toEqual({ offered: 55, refused: 3 })
  })

  test('every limit takes away, none gives back', async () => {
    const flags = ['--tier', 'write', '--toolsets', 'file_system,query', '--exclude-tools', 'file_system_create']
    const mcp = await useMcp({ origin: 'http://127.0.0.1:9', flags })
    const allowed = allowedBy(() => 'write').filter(
      (name) => /^(file_system|query)_/.test(name) && name !== 'file_system_create',
    )
    expect(allowed).toHaveLength(6)
    expect(await holds(mcp, allowed, /--(tier write|toolsets|exclude-tools)/)).toEqual({ offered: 6, refused: 52 })
  })
})

describe('what goes with tools goes with them', () => {
  test.each<Era>(['legacy', 'modern', 'v1'])('prompts, for the %s client', async (era) => {
    const mcp = await useMcp({ era, origin: 'http://127.0.0.1:9', flags: ['--tier', 'read'] })
    expect((await mcp.prompts()).map(({ name }) => name)).toEqual(['explore_table', 'audit_warehouse'])
    await expect(mcp.prompt('diagnose_sync', { source: 'x' })).rejects.toThrow(
      /The prompt diagnose_sync is not offered here \(it needs external_data_sources_reload: --tier read\)/,
    )
    await expect(mcp.prompt('nonsense', {})).rejects.toThrow(/There is no prompt nonsense/)
  })

  test.each<Era>(['legacy', 'modern', 'v1'])('resources and prompts, for the %s client', async (era) => {
    const posthog = await useRecorder()
    const flags = ['--exclude-tools', 'schema_describe']
    const mcp = await useMcp({ era, origin: posthog.origin, flags })
    const uri = 'posthog://projects/7/index'
    const CALLS: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['resources/list', () => mcp.resources()],
      ['resources/read', () => mcp.read(uri)],
      ['prompts/get', () => mcp.prompt('explore_table', { table: 'events' })],
    ]
    for (const [method, ask] of CALLS)
      await expect(ask(), method).rejects.toThrow(/Resources and prompts are not offered here \(--exclude-tools\)/)
    expect(posthog.requests).toHaveLength(0)
  })
})

const TIER = /--tier.*It is read, write, destructive, or one of these for a toolset, such as warehouse_tables=write/

test.each<[string, readonly string[], RegExp]>([
  ['a tier that is none', ['--tier', 'admin'], TIER],
  ['a toolset that is none', ['--tier', 'tables=read'], TIER],
  ['a tier that is no tier of a toolset', ['--tier', 'exports='], TIER],
  ['too much at once', ['--tier', 'exports=query=read'], TIER],
  ['two for all', ['--tier', 'read', '--tier', 'write'], /It was read before; leave one out/],
  ['two for one toolset', ['--tier', 'query=read', '--tier', 'query=write'], /It was read before/],
  ['--read-only and more', ['--read-only', '--tier', 'write'], /--read-only is --tier read: leave it out/],
  ['--read-only and more of one', ['--tier', 'exports=write', '--read-only'], /--read-only is --tier read/],
  ['a tool that is none', ['--exclude-tools', 'tables_delete'], /--exclude-tools: there is no tool tables_delete/],
  ['nothing left', ['--tools', 'query_run', '--exclude-tools', 'query_run'], /No tool is left: widen --tier/],
  // They would be flags of the program without the command, and nothing would be left out.
  ['flags before the command', ['--tier', 'read', 'http'], /Flags stand behind the command: .* http/],
  ['over HTTP, whoever may come', ['http', '--port', '0', '--auth', 'posthog', '--exclude-tools', 'x'], /no tool x/],
])('%s ends the start, with the flag named', (_case, flags, says) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [BINARY, ...flags], {
    env: { PATH: process.env.PATH, POSTHOG_PERSONAL_API_KEY: KEY },
    input: '',
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect([status, stderr]).toEqual([2, expect.stringMatching(says)])
  expect(stdout).toBe('')
})
