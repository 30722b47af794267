import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DESTROYS, isDestruction, posthog } from '../confirm/destroys.ts'
import { useMcp } from '../fake/mcp.ts'
import { approves, type Person } from '../fake/person.ts'
import { useRecorder } from '../fake/recorder.ts'
import { linesIn, useFolder } from './support.ts'

const ARGS = DESTROYS.warehouse_saved_queries_delete ?? {}

test.each<['modern' | 'legacy', Person | 'nobody', object, object]>([
  ['modern', approves, { how: 'form', answer: 'approved' }, { outcome: 'done' }],
  ['legacy', approves, { how: 'form', answer: 'approved' }, { outcome: 'done' }],
  ['modern', () => ({ action: 'decline' }), { how: 'form', answer: 'not approved' }, { outcome: 'refused' }],
  ['legacy', () => ({ action: 'cancel' }), { how: 'form', answer: 'not approved' }, { outcome: 'refused' }],
  ['legacy', 'nobody', { how: 'preview', answer: 'not approved' }, { outcome: 'refused' }],
])('%s: one attempt with who approved it, and how it ended', async (era, person, confirmation, outcome) => {
  const upstream = await useRecorder(posthog())
  const path = join(useFolder(), 'audit.jsonl')
  const mcp = await useMcp({ era, person, origin: upstream.origin, flags: ['--audit', path] })
  await mcp.call('warehouse_saved_queries_delete', ARGS)
  expect(linesIn(path)).toMatchObject([
    { event: 'attempt', tool: 'warehouse_saved_queries_delete', confirmation },
    { event: 'outcome', ...outcome },
  ])
  expect(upstream.requests.filter(isDestruction)).toHaveLength(
    'outcome' in outcome && outcome.outcome === 'done' ? 1 : 0,
  )
})
