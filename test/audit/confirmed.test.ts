import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Confirmed, createAudit } from '../../src/audit/audit.ts'
import { createCall, isAsked } from '../../src/call.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import { ANSWER_MS } from '../../src/confirm/person.ts'
import { Seals } from '../../src/confirm/seal.ts'
import { allowFiles } from '../../src/files.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createLook } from '../../src/look.ts'
import { createProjects } from '../../src/project.ts'
import { operations } from '../../tools/index.ts'
import { DESTROYS, isDestruction, posthog } from '../confirm/destroys.ts'
import { approvals, noHooks } from '../fake/hooks.ts'
import { useMcp } from '../fake/mcp.ts'
import { approves, type Person } from '../fake/person.ts'
import { type Recorder, type Script, useRecorder } from '../fake/recorder.ts'
import { noSecrets } from '../fake/secrets.ts'
import { linesIn, useFolder } from './support.ts'

const VIEW = 'warehouse_saved_queries_delete'
const TABLE = 'warehouse_tables_delete'
const REFRESH = 'warehouse_tables_refresh_schema'

const broken: Script = ({ path }) => (path.endsWith('/query/') ? { json: {} } : { status: 500, json: {} })
const answers =
  (answer: ReturnType<Person>, meanwhile?: Script) =>
  (upstream: Recorder): Person =>
  () => {
    if (meanwhile !== undefined) upstream.script(meanwhile)
    return answer
  }
const yes = (meanwhile?: Script) => answers({ action: 'accept', content: { name: 'orders' } }, meanwhile)
const nobody = () => 'nobody' as const

type Case = readonly [
  how: Confirmed['how'],
  answer: string,
  era: 'modern' | 'legacy',
  tool: string,
  person: (upstream: Recorder) => Person | 'nobody',
  before?: Script,
]

/** Asked and approved, asked and not approved, and not asked: what happened, and what is written down of it. */
const CASES: readonly Case[] = [
  ['form', 'approved', 'modern', VIEW, () => approves],
  ['form', 'approved', 'legacy', VIEW, () => approves],
  ['form', 'declined', 'modern', VIEW, answers({ action: 'decline' })],
  ['form', 'declined', 'legacy', VIEW, answers({ action: 'decline' })],
  ['form', 'closed without an answer', 'legacy', VIEW, answers({ action: 'cancel' })],
  ['form', 'another name', 'modern', VIEW, answers({ action: 'accept', content: { name: 'another' } })],
  ['form', 'not ticked', 'legacy', REFRESH, answers({ action: 'accept', content: { approved: false } })],
  ['form', 'changed since', 'legacy', VIEW, yes(posthog({ name: 'other', columns: 1 }))],
  ['form', 'changed since', 'modern', VIEW, yes(posthog({ name: 'other', columns: 1 }))],
  ['form', 'approved, but a look after it failed', 'legacy', VIEW, yes(broken)],
  ['form', 'not counted: the look failed', 'modern', VIEW, yes(broken)],
  ['none', 'not asked: the look failed', 'legacy', VIEW, () => approves, broken],
  ['none', 'not asked: the look failed', 'modern', VIEW, () => approves, broken],
  ['none', 'not asked: the look failed', 'legacy', VIEW, nobody, broken],
  ['none', 'not asked: the client cannot ask', 'legacy', TABLE, nobody],
  ['preview', 'shown', 'legacy', VIEW, nobody],
]

test('one attempt with who was asked and what they answered, and how it ended', async () => {
  let tried = 0
  for (const era of ['modern', 'legacy'] as const)
    for (const canAsk of [true, false]) {
      const upstream = await useRecorder()
      const path = join(useFolder(), 'audit.jsonl')
      let person: Person = approves
      const mcp = await useMcp({
        era,
        person: canAsk ? (question, signal) => person(question, signal) : 'nobody',
        origin: upstream.origin,
        flags: ['--audit', path],
      })
      for (const [how, answer, of, tool, sits, before = posthog()] of CASES) {
        const sitting = sits(upstream)
        if (of !== era || (sitting !== 'nobody') !== canAsk) continue
        if (sitting !== 'nobody') person = sitting
        upstream.script(before)
        const known = linesIn(path).length
        await mcp.call(tool, DESTROYS[tool])
        const isDone = answer === 'approved'
        expect(linesIn(path).slice(known), `${era}, ${answer}`).toMatchObject([
          { event: 'attempt', tool, confirmation: { how, answer, at: expect.any(String) } },
          { event: 'outcome', outcome: isDone ? 'done' : 'refused' },
        ])
        expect(upstream.requests.filter(isDestruction), answer).toHaveLength(isDone ? 1 : 0)
        tried += 1
      }
    }
  expect(tried).toBe(CASES.length)
})

test('a confirmation that is too old, used, or of another call was none', async () => {
  const upstream = await useRecorder(posthog())
  const { origin } = upstream
  const apiKey = 'phx_test-key-0123456789'
  const http = createHttpClient({ origin, apiKey, userAgent: 'test/1', maxInFlight: 8, env: {} })
  onTestFinished(() => http.close())
  let now = Date.now()
  const confirm = { ...approvals(), seals: new Seals(Buffer.alloc(32), ANSWER_MS, () => now) }
  const written: Record<string, unknown>[] = []
  const audit = createAudit(
    async (fields) => written.push(fields),
    () => undefined,
  ).as('test')
  const projects = createProjects(7, createLook(http))
  const call = createCall(
    { http, projects, files: allowFiles([]), origin, apiKey, confirm, audit, ...noSecrets },
    noHooks,
  )
  const tool = toCatalogue(operations, false).get(VIEW)
  if (tool === undefined) throw new Error('no such tool')
  const round = async (args: Record<string, unknown>, state?: string) => {
    const person = { way: 'rounds', state, reply: { action: 'accept', content: { name: 'orders' } } } as const
    const answer = await call(tool, args, { signal: new AbortController().signal, person })
    return isAsked(answer) && 'form' in answer ? answer.state : undefined
  }
  const args = DESTROYS[VIEW] ?? {}
  const first = await round(args)
  // A question alone is no attempt.
  expect(written).toEqual([])
  await round(args, first)
  await round(args, first)
  const second = await round(args)
  await round({ id: '0198bb00-0000-0000-0000-000000000002' }, second)
  now += ANSWER_MS
  await round(args, second)
  const heard = written.flatMap(({ confirmation }) => (confirmation === undefined ? [] : [confirmation]))
  expect(heard).toMatchObject(
    ['approved', 'used before', 'of another call', 'expired'].map((answer) => ({ how: 'form', answer })),
  )
  expect(upstream.requests.filter(isDestruction)).toHaveLength(1)
})
