import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { toCatalogue } from '../../src/catalogue.ts'
import { operations } from '../../tools/index.ts'
import { facts } from '../catalogue/facts.ts'
import { BINARY, type Era, KEY, type Listed, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const all = facts.map(({ tool }) => tool)
const reads = facts
  .filter(({ effect, scopes }) => effect === 'read' && !scopes.some((scope) => scope.endsWith(':write')))
  .map(({ tool }) => tool)

const namesOf = (tools: readonly Listed[]) => tools.map(({ name }) => name)

describe('what is listed is what can be called', () => {
  test.each<[string, readonly string[], readonly string[], string]>([
    ['--read-only', ['--read-only'], reads, '--read-only'],
    [
      '--tools',
      ['--tools', 'file_system_list, warehouse_tables_get'],
      ['warehouse_tables_get', 'file_system_list'],
      '--tools',
    ],
    [
      '--toolsets',
      ['--toolsets', 'exports,file_system'],
      all.filter((name) => name.startsWith('exports_') || name.startsWith('file_system_')),
      '--toolsets',
    ],
    [
      'all three',
      ['--read-only', '--toolsets', 'file_system', '--tools', 'file_system_get,file_system_delete,exports_content'],
      ['file_system_get'],
      '--',
    ],
    ['nothing', [], all, ''],
  ])('%s', async (_case, flags, offered, reason) => {
    const posthog = await useRecorder()
    const mcp = await useMcp({ origin: posthog.origin, flags })
    expect(namesOf(await mcp.list())).toEqual(offered)
    const hidden = all.filter((name) => !offered.includes(name))
    expect(hidden.length + offered.length).toBe(54)
    for (const name of hidden)
      await expect(mcp.call(name, {})).rejects.toThrow(new RegExp(`The tool ${name} is not offered here \\(${reason}`))
    expect(posthog.requests).toHaveLength(0)
    // One that is offered goes through.
    const open = offered.find((name) => name.endsWith('_list') || name.endsWith('_get'))
    if (open === undefined) throw new Error('no read to try')
    await mcp.call(open, open.endsWith('_get') ? { id: '0198aa00-0000-4000-8000-000000000001' } : {})
    expect(posthog.requests).toHaveLength(1)
  })

  test('--read-only leaves out what a hint alone would let through', () => {
    // Reads by their effect, yet one sends credentials to a host of the caller's choosing.
    expect(reads).not.toContain('external_data_sources_database_schema')
    expect(reads).not.toContain('external_data_sources_source_prefix')
    // A GET that creates.
    expect(reads).not.toContain('data_warehouse_data_ops_dashboard')
    // A POST that only reads.
    expect(reads).toContain('file_system_count')
    expect(reads).toHaveLength(25)
  })

  test('a tool that nobody knows is a protocol error, and the server goes on', async () => {
    const posthog = await useRecorder()
    const mcp = await useMcp({ origin: posthog.origin })
    await expect(mcp.call('drop_everything')).rejects.toThrow(/Unknown tool: drop_everything/)
    await expect(mcp.call('x'.repeat(5_000))).rejects.toThrow(/Unknown tool: x{100}…/)
    await expect(mcp.call('__proto__')).rejects.toThrow(/Unknown tool/)
    expect(await mcp.list()).toHaveLength(54)
  })
})

test.each<Era>(['legacy', 'modern', 'v1'])('the list on the wire is the catalogue, for the %s client', async (era) => {
  const mcp = await useMcp({ era, origin: 'http://127.0.0.1:9' })
  const wire = await mcp.list()
  const definitions = [...toCatalogue(operations, false).values()].map(({ definition }) => definition)
  expect(JSON.parse(JSON.stringify(wire))).toMatchObject(JSON.parse(JSON.stringify(definitions)))
  expect(wire).toHaveLength(54)
})

test.each<[string, readonly string[], RegExp]>([
  ['no such tool', ['--tools', 'warehouse_tables_drop'], /--tools: there is no tool warehouse_tables_drop/],
  ['no such toolset', ['--toolsets', 'tables'], /--toolsets: there is no tables; there are warehouse_tables, /],
  ['nothing left', ['--read-only', '--tools', 'file_system_delete'], /No tool is left/],
  ['a lock without a project', ['--lock-project'], /--lock-project needs a project/],
])('%s ends the start, with the flag named', (_case, flags, says) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [BINARY, ...flags], {
    env: { PATH: process.env.PATH, POSTHOG_PERSONAL_API_KEY: KEY },
    input: '',
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(status).toBe(2)
  expect(stderr).toMatch(says)
  expect(stdout).toBe('')
})
