import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { operations, beside as pieces, questions } from '../../tools/index.ts'
import { type Era, useMcp } from '../fake/mcp.ts'
import { type Recorded, useRecorder } from '../fake/recorder.ts'
import { schemaReply, sourcesReply, viewsReply } from './replies.ts'

const script = ({ path }: Recorded) => {
  if (path.endsWith('/query/')) return { json: schemaReply }
  return { json: path.includes('external_data_sources') ? sourcesReply : viewsReply }
}

const GIVEN: Readonly<Record<string, Record<string, string>>> = {
  explore_table: { table: 'postgres.prod.orders', question: 'Which day sold most?' },
  diagnose_sync: { source: 'postgres.prod' },
  model_view: { table: 'events', goal: 'signups a day' },
  audit_warehouse: {},
}

/** `UPDATE_GOLDEN=1` rewrites them, on purpose only. */
const FOLDER = new URL('./golden/prompts/', import.meta.url)

describe.each(['legacy', 'modern', 'v1'] as const satisfies readonly Era[])('prompts, %s', (era) => {
  it('are listed, and each embeds the resource it is about', async () => {
    const posthog = await useRecorder(script)
    const mcp = await useMcp({ era, origin: posthog.origin })
    const prompts = await mcp.prompts()
    expect(prompts.map(({ name }) => name)).toEqual(Object.keys(GIVEN))
    for (const { name } of prompts) {
      const { messages } = await mcp.prompt(name, GIVEN[name] ?? {})
      const text = `${JSON.stringify(messages, null, 2)}\n`
      if (process.env.UPDATE_GOLDEN === '1') {
        mkdirSync(FOLDER, { recursive: true })
        writeFileSync(new URL(`${name}.json`, FOLDER), text)
      }
      expect(text).toBe(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))
      expect(text).not.toContain('hunter2')
      const [, embedded] = messages
      const { resource } = (embedded?.content ?? {}) as unknown as { resource: { uri: string; text: string } }
      expect(resource.text).toBe((await mcp.read(resource.uri)).contents[0]?.text)
    }
  })

  it('say what is wrong with their arguments', async () => {
    const posthog = await useRecorder(script)
    const mcp = await useMcp({ era, origin: posthog.origin })
    await expect(mcp.prompt('nope', {})).rejects.toThrow(/no prompt nope; there are explore_table, /)
    await expect(mcp.prompt('explore_table', {})).rejects.toThrow('explore_table needs table')
    await expect(mcp.prompt('audit_warehouse', { tabel: 'x' })).rejects.toThrow('takes project_id, not tabel')
    await expect(mcp.prompt('explore_table', { table: 'evnts' })).rejects.toThrow(
      'Nearest: posthog://projects/7/tables/events',
    )
    await expect(mcp.prompt('audit_warehouse', { project_id: 'x' })).rejects.toThrow('project_id is a number')
  })

  it('complete their arguments', async () => {
    const posthog = await useRecorder(script)
    const mcp = await useMcp({ era, origin: posthog.origin })
    const ask = (name: string, argument: string, value: string) =>
      mcp.complete({ ref: { type: 'ref/prompt', name }, argument: { name: argument, value } })
    expect((await ask('diagnose_sync', 'source', 'p')).values).toEqual(['postgres.prod'])
    expect((await ask('model_view', 'table', 'r')).values).toEqual([
      'report',
      'persons',
      'postgres.prod.orders',
      'daily_revenue',
    ])
    expect((await ask('model_view', 'project_id', '')).values).toEqual(['7'])
    expect((await ask('model_view', 'goal', 'r')).values).toEqual([])
    expect((await ask('nope', 'table', 'r')).values).toEqual([])
  })
})

it('prompts speak only of tools that exist, and name those they need', () => {
  const names = new Set([...questions, ...operations].map(({ name }) => name))
  for (const prompt of pieces.prompts) {
    const said = prompt.says({ table: 't', source: 's', goal: 'g', question: 'q' })
    const spoken = [...said.matchAll(/\b(?:[a-z]+_)+[a-z]+\b/g)].map(([word]) => word).filter((word) => names.has(word))
    expect(new Set(spoken), prompt.name).toEqual(new Set(prompt.tools))
    expect(prompt.tools.filter((name) => !names.has(name))).toEqual([])
  }
  expect(pieces.prompts).toHaveLength(4)
})

it('what the operator takes away is not offered by other means', async () => {
  const posthog = await useRecorder(script)
  const narrow = await useMcp({ origin: posthog.origin, flags: ['--toolsets', 'schema,query'] })
  expect((await narrow.prompts()).map(({ name }) => name)).toEqual(['explore_table'])
  const none = await useMcp({ origin: posthog.origin, flags: ['--toolsets', 'exports'] })
  expect((await none.resources().catch(() => ({ resources: [] }))).resources).toEqual([])
  await expect(none.read('posthog://projects/7/index')).rejects.toThrow()
  expect(none.instructions).not.toContain('schema_list')
  expect(posthog.requests).toEqual([])
})
