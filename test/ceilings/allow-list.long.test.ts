import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readAllowList, toPin } from '../../src/allow-list.ts'
import { type OperationTool, type Tool, toTools } from '../../src/catalogue.ts'
import { ConfigError } from '../../src/command-line.ts'
import { checkLimits } from '../../src/config-limits.ts'
import { toSurface } from '../../src/surface.ts'
import { operations, questions } from '../../tools/index.ts'
import { useHttp } from '../fake/http.ts'
import { BINARY, KEY, useConnection, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { allowedBy, every, holds } from './allowed.ts'

const NOWHERE = 'http://127.0.0.1:9'
const TOKEN = 'one-long-enough-token-000001'

const useFile = (content: unknown): string => {
  const folder = mkdtempSync(join(tmpdir(), 'allow-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'agent.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** Runs the program to its end. Whoever writes a list needs no key. */
const run = (flags: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync(process.execPath, [BINARY, ...flags], {
    env: { PATH: process.env.PATH, ...env },
    input: '',
    encoding: 'utf8',
    timeout: 20_000,
  })

/** The file the command writes, and what is in it. */
const write = (...flags: readonly string[]) => {
  const { status, stdout, stderr } = run(['allow-list', ...flags])
  expect([status, stderr]).toEqual([0, ''])
  const list = JSON.parse(stdout) as { readonly tools: readonly string[]; readonly tier?: unknown }
  return { text: stdout, list, names: list.tools.map((entry) => entry.split('@')[0]) }
}

describe('the file that allow-list writes', () => {
  test('offers what it was written for, and no more', async () => {
    const { text, list, names } = write('--tier', 'write')
    const allowed = allowedBy(() => 'write')
    expect(names).toEqual(allowed)
    expect(list).toEqual({ allow_list: 1, tier: 'write', tools: list.tools })
    expect(list.tools.every((entry) => /^\w+@[0-9a-f]{16}$/.test(entry))).toBe(true)
    const posthog = await useRecorder()
    const mcp = await useMcp({ origin: posthog.origin, flags: ['--allow-list', useFile(text)] })
    expect(await holds(mcp, allowed, /--allow-list/)).toEqual({ offered: 48, refused: 10 })
    expect(posthog.requests).toHaveLength(0)
  })

  test.each<[string, readonly string[], unknown, number]>([
    ['nothing said', [], undefined, 58],
    ['--read-only', ['--read-only'], 'read', 29],
    ['tiers of toolsets', ['--tier', 'read', '--tier', 'exports=write'], { all: 'read', exports: 'write' }, 29],
    ['toolsets and names', ['--toolsets', 'query,schema', '--exclude-tools', 'query_cancel'], undefined, 3],
    ['names', ['--tools', 'query_run'], undefined, 1],
  ])('says the tier it was asked for: %s', (_case, flags, tier, count) => {
    const { list, names } = write(...flags)
    expect(list.tier).toEqual(tier)
    expect(names).toHaveLength(count)
  })

  test('fits with a locked project, and narrows with the other limits', async () => {
    const { text } = write('--toolsets', 'warehouse_tables,query')
    const flags = ['--allow-list', useFile(text), '--lock-project', '--tier', 'read', '--exclude-tools', 'query_cancel']
    const mcp = await useMcp({ origin: NOWHERE, flags })
    const allowed = ['query_run', 'warehouse_tables_list', 'warehouse_tables_get']
    expect(await holds(mcp, allowed, /--(allow-list|tier read|exclude-tools)/)).toEqual({ offered: 3, refused: 55 })
  })

  test('holds every caller over HTTP, whatever their token says', async () => {
    const { text } = write('--tools', 'schema_list,query_run')
    const server = await useHttp({
      origin: NOWHERE,
      flags: ['--auth', 'token', '--allow-list', useFile(text)],
      env: {
        MCP_AUTH_TOKENS_FILE: useFile({
          tokens: [{ name: 'a', token: TOKEN, tools: ['query_run', 'exports_content'] }],
        }),
      },
    })
    const mcp = await useConnection(server.url, 'modern', TOKEN)
    expect(await holds(mcp, ['query_run'], /--allow-list|tools of this token/)).toEqual({ offered: 1, refused: 57 })
  })
})

test('a file written by hand: names without pins, held to its tier', async () => {
  const tools = ['file_system_delete', 'file_system_update', 'query_run']
  const path = useFile({ allow_list: 1, tools, tier: { all: 'write', query: 'read' } })
  const mcp = await useMcp({ origin: NOWHERE, flags: ['--allow-list', path] })
  const allowed = ['query_run', 'file_system_update']
  expect(await holds(mcp, allowed, /--allow-list/)).toEqual({ offered: 2, refused: 56 })
})

describe('a later release', () => {
  const all = toTools(operations, questions, false)
  const toolOf = (name: string): OperationTool => {
    const tool = all.get(name)
    if (tool === undefined || !('operation' in tool)) throw new Error(`no operation ${name}`)
    return tool
  }
  const pinned = (tools: Iterable<Tool>) => ({
    path: 'agent.json',
    pins: new Map([...tools].map((tool) => [tool.record.name, toPin(tool)])),
    tiers: {},
  })

  test('does not widen: a tool it adds is not in the file', () => {
    const limits = { allowList: pinned(all.values()) }
    const added = { ...toolOf('exports_content'), record: { ...toolOf('exports_content').record, name: 'exports_all' } }
    const later = new Map<string, Tool>([...all, ['exports_all', added]])
    expect(() => checkLimits(later, limits)).not.toThrow()
    const surface = toSurface(later, limits)
    expect([...surface.offered.keys()]).toEqual(every)
    expect(surface.whyNot('exports_all')).toBe('--allow-list')
  })

  const tool = toolOf('warehouse_tables_upload_file')
  const { record, operation, definition } = tool
  const changes: readonly (readonly [string, OperationTool])[] = [
    ['its words', { ...tool, definition: { ...definition, description: 'Uploads, and deletes the rest.' } }],
    ['its inputs', { ...tool, definition: { ...definition, inputSchema: { type: 'object', properties: { x: {} } } } }],
    [
      'its annotations',
      { ...tool, definition: { ...definition, annotations: { ...definition.annotations, idempotentHint: true } } },
    ],
    ['its effect', { ...tool, record: { ...record, effect: 'write' } }],
    ['its tier', { ...tool, record: { ...record, tier: 'destructive' } }],
    ['its scopes', { ...tool, record: { ...record, scopes: ['file_system:write'] } }],
    ['its toolset', { ...tool, record: { ...record, toolset: 'exports' } }],
    ['its method', { ...tool, operation: { ...operation, method: 'PATCH' } }],
    ['its path', { ...tool, operation: { ...operation, path: 'warehouse_tables/everything/' } }],
    ['when it destroys', { ...tool, operation: { ...operation, destructiveWhen: { says: 'always', is: () => true } } }],
  ]
  test.each(changes)('does not let a tool through when %s changed', (_what, changed) => {
    const later = new Map<string, Tool>([...all, [record.name, changed]])
    expect(() => checkLimits(later, { allowList: pinned(all.values()) })).toThrow(
      `agent.json: these tools are not what they were when it was written: ${record.name}@${toPin(changed)}`,
    )
    expect(() => checkLimits(later, { allowList: pinned(later.values()) })).not.toThrow()
  })

  test('pins are each tool’s own, the same with a locked project', () => {
    const locked = toTools(operations, questions, true)
    expect([...locked.values()].map(toPin)).toEqual([...all.values()].map(toPin))
    expect(new Set([...all.values()].map(toPin)).size).toBe(58)
  })
})

test.each<[string, unknown, RegExp]>([
  ['no JSON', '{"allow_list": 1, ', /is no JSON; write it with: posthog-warehouse-mcp allow-list/],
  ['no object', '[]', /the file: Invalid input: expected object/],
  ['no version', { tools: ['query_run'] }, /allow_list: this release reads version 1 of the file/],
  ['another version', { allow_list: 2, tools: ['query_run'] }, /allow_list: this release reads version 1/],
  ['no tools', { allow_list: 1 }, /tools: Invalid input: expected array/],
  ['no tool', { allow_list: 1, tools: [] }, /tools: Too small/],
  [
    'a tool that is none',
    { allow_list: 1, tools: ['query_walk'] },
    /there is no tool query_walk; the README lists them/,
  ],
  ['a tool twice', { allow_list: 1, tools: ['query_run', 'query_run@0000000000000000'] }, /query_run is there twice/],
  ['half a pin', { allow_list: 1, tools: ['query_run@12'] }, /tools\.0: it is a tool, or tool@pin/],
  [
    'a pin of another release',
    { allow_list: 1, tools: ['query_run@0000000000000000', 'schema_list'] },
    /not what they were when it was written: query_run@[0-9a-f]{16} \(their pins now\)\. See what changed/,
  ],
  ['a tier that is none', { allow_list: 1, tools: ['query_run'], tier: 'admin' }, /tier: it is read, write, destr/],
  ['a word nobody knows', { allow_list: 1, tools: ['query_run'], tiers: 'read' }, /Unrecognized key: "tiers"/],
  ['only what its tier leaves out', { allow_list: 1, tools: ['file_system_delete'], tier: 'read' }, /No tool is left/],
])('a file with %s is refused, with what to do', (_case, content, says) => {
  const path = useFile(content)
  const start = () => checkLimits(toTools(operations, questions, false), { allowList: readAllowList(path) })
  expect(start).toThrow(ConfigError)
  expect(start).toThrow(says)
})

test.each<[string, readonly string[], RegExp]>([
  [
    'a file that is not there',
    ['--allow-list', '/no/such.json'],
    /--allow-list: \/no\/such\.json: cannot be read \(ENOENT\)/,
  ],
  ['a pin of another release', ['--allow-list', 'OLD'], /not what they were when it was written: query_run@/],
  ['a folder', ['--allow-list', tmpdir()], /cannot be read \(EISDIR\)/],
  ['a list of nothing', ['allow-list', '--tools', 'file_system_delete', '--tier', 'write'], /No tool is left/],
  ['a list of a tool that is none', ['allow-list', '--exclude-tools', 'nothing'], /--exclude-tools: there is no tool/],
])('%s ends the start, with the flag named', (_case, given, says) => {
  const old = useFile({ allow_list: 1, tools: ['query_run@0000000000000000'] })
  const flags = given.map((flag) => (flag === 'OLD' ? old : flag))
  const { status, stderr, stdout } = run(flags, { POSTHOG_PERSONAL_API_KEY: KEY })
  expect([status, stderr]).toEqual([2, expect.stringMatching(says)])
  expect(stdout).toBe('')
})
