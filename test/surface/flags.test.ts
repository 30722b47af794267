import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { toCatalogue, toQuestions } from '../../src/catalogue.ts'
import { operations, questions } from '../../tools/index.ts'
import { facts } from '../catalogue/facts.ts'
import { BINARY, type Era, KEY, type Listed, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const asked = ['schema_list', 'schema_describe', 'query_run', 'query_cancel']
const all = [...asked, ...facts.map(({ tool }) => tool)]
const readOperations = facts
  .filter(({ effect, scopes }) => effect === 'read' && !scopes.some((scope) => scope.endsWith(':write')))
  .map(({ tool }) => tool)

const reads = [...asked, ...readOperations]

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
    ['questions alone', ['--toolsets', 'schema,query'], asked, '--toolsets'],
    ['nothing', [], all, ''],
  ])('%s', async (_case, flags, offered, reason) => {
    const posthog = await useRecorder()
    const mcp = await useMcp({ origin: posthog.origin, flags })
    expect(namesOf(await mcp.list())).toEqual(offered)
    const hidden = all.filter((name) => !offered.includes(name))
    expect(hidden.length + offered.length).toBe(58)
    for (const name of hidden)
      await expect(mcp.call(name, {})).rejects.toThrow(new RegExp(`The tool ${name} is not offered here \\(${reason}`))
    expect(posthog.requests).toHaveLength(0)
    // One that is offered goes through.
    const open = offered.find((name) => /^(?!schema).*_(list|get|cancel)$/.test(name))
    if (open === undefined) throw new Error('no read to try')
    const args = { get: { id: '0198aa00-0000-4000-8000-000000000001' }, cancel: { query_id: 'x' }, list: {} }
    await mcp.call(open, args[open.split('_').at(-1) as keyof typeof args])
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
    expect(reads).toHaveLength(29)
  })

  test('a tool that nobody knows is a protocol error, and the server goes on', async () => {
    const posthog = await useRecorder()
    const mcp = await useMcp({ origin: posthog.origin })
    await expect(mcp.call('drop_everything')).rejects.toThrow(/Unknown tool: drop_everything/)
    await expect(mcp.call('x'.repeat(5_000))).rejects.toThrow(/Unknown tool: “x{200}…” \(cut, 5000 characters\)/)
    await expect(mcp.call('__proto__')).rejects.toThrow(/Unknown tool/)
    expect(await mcp.list()).toHaveLength(58)
  })
})

test.each<Era>(['legacy', 'modern', 'v1'])('the list on the wire is the catalogue, for the %s client', async (era) => {
  const mcp = await useMcp({ era, origin: 'http://127.0.0.1:9' })
  const wire = await mcp.list()
  const definitions = [...toQuestions(questions, false).values(), ...toCatalogue(operations, false).values()].map(
    ({ definition }) => definition,
  )
  expect(JSON.parse(JSON.stringify(wire))).toMatchObject(JSON.parse(JSON.stringify(definitions)))
  expect(wire).toHaveLength(58)
})

test.each<[string, readonly string[], RegExp]>([
  ['no such tool', ['--tools', 'warehouse_tables_drop'], /--tools: there is no tool warehouse_tables_drop/],
  [
    'no such toolset',
    ['--toolsets', 'tables'],
    /--toolsets: there is no tables; there are schema, query, warehouse_tables, /,
  ],
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
