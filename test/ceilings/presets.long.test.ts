import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { useHttp } from '../fake/http.ts'
import { useConnection, useMcp } from '../fake/mcp.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const ceilings = read('docs/ceilings.md')

/** Presets by name, as somebody would paste them: the flags, and how many tools the page promises. */
const presets = [...ceilings.matchAll(/^\*\*([\w ]+)\.\*\*([\s\S]*?)```json\n(\[.*\])\n```/gm)].map(
  ([, name = '', words = '', args = '']) => ({
    name,
    flags: (JSON.parse(args) as string[]).slice(1),
    count: Number(/(\d+) tools\./.exec(words)?.[1]),
  }),
)
const ATTENDED = ['Look only', 'Analyst', 'Data engineer', 'Admin']

const namesOf = (tools: readonly { readonly name: string }[]) => tools.map(({ name }) => name)

test('there are five', () => {
  expect(presets.map(({ name }) => name)).toEqual([...ATTENDED, 'Unattended agent'])
})

test.each(presets.slice(0, 4))('$name starts as pasted, with as many tools as it says', async ({ flags, count }) => {
  const mcp = await useMcp({ origin: 'http://127.0.0.1:9', flags })
  expect(await mcp.list()).toHaveLength(count)
})

test('what they are said to leave out is left out', async () => {
  const [, analyst, engineer] = presets
  const listed = async (flags: readonly string[] = []) =>
    namesOf(await (await useMcp({ origin: 'http://127.0.0.1:9', flags })).list())
  const ofAnalyst = await listed(analyst?.flags)
  expect(ofAnalyst).toContain('warehouse_saved_queries_update')
  expect(ofAnalyst.filter((name) => /_delete$|external_data_sources_(create|database)/.test(name))).toEqual([])
  const ofEngineer = await listed(engineer?.flags)
  expect(ofEngineer).toEqual(expect.arrayContaining(['warehouse_tables_delete', 'external_data_sources_create']))
  expect(ofEngineer).not.toContain('external_data_sources_delete')
  expect(ofEngineer.filter((name) => /^data_warehouse_(deprovision|provision|reset)/.test(name))).toEqual([])
})

test('an unattended agent starts with a list; the one shown has the form', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'presets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'agent.json')
  const shown = /```json\n(\{\s+"allow_list"[\s\S]*?)```/.exec(ceilings)?.[1] ?? ''
  writeFileSync(path, shown.replaceAll('@…', ''))
  const flags = presets[4]?.flags.map((flag) => (flag === '/path/to/agent.json' ? path : flag))
  const mcp = await useMcp({ origin: 'http://127.0.0.1:9', flags: flags ?? [] })
  expect(namesOf(await mcp.list())).toEqual(['schema_list', 'schema_describe', 'query_run'])
})

test('the README has the same flags', () => {
  const rows = [...read('README.md').matchAll(/^\| (?:looking|an? )[^|]*\| [^|`]*`([^`]*)`[^|]*\|$/gm)]
  const flags = presets.map((preset) => preset.flags.join(' ').replace('/path/to/', ''))
  expect(rows.map(([, row]) => row)).toEqual(flags)
})

test('the tokens are taken as pasted, and have the same tools', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'presets-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'tokens.json')
  const pasted = /```json\n(\{\s+"tokens"[\s\S]*?)```/.exec(ceilings)?.[1] ?? ''
  writeFileSync(path, pasted)
  const { tokens } = JSON.parse(pasted) as { tokens: readonly { name: string; token: string }[] }
  const server = await useHttp({
    origin: 'http://127.0.0.1:9',
    flags: ['--auth', 'token'],
    env: { MCP_AUTH_TOKENS_FILE: path },
  })
  const counts = []
  for (const { token } of tokens) counts.push((await (await useConnection(server.url, 'modern', token)).list()).length)
  expect(counts).toEqual([...presets.slice(0, 4).map(({ count }) => count), 3])
})
