import { join } from 'node:path'
import { expect, test } from 'vitest'
import { linesIn, useFolder } from '../audit/support.ts'
import { modern, send, useHttp } from '../fake/http.ts'
import { type Era, useConnection, useMcp } from '../fake/mcp.ts'
import { type Answer, approves, type Person } from '../fake/person.ts'
import { useRecorder } from '../fake/recorder.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']
const TOOL = 'warehouse_tables_delete'
const TABLE = { ...DESTROYS[TOOL] }

/** A person who thinks until they are told to answer, which they do with yes. */
const thinking = () => {
  let wasAsked: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    wasAsked = resolve
  })
  let answer: () => void = () => undefined
  const person: Person = (question, signal) => {
    wasAsked()
    return new Promise<Answer>((resolve) => {
      answer = () => resolve(approves(question, signal) as Answer)
    })
  }
  return { person, asked, answer: () => answer() }
}

/** What a process told to end writes down of a question that waits; one of 2026-07-28 waits at the client. */
const expectWritten = (path: string, era: Era) =>
  expect(linesIn(path)).toMatchObject(
    era === 'modern'
      ? []
      : [{ event: 'attempt', confirmation: { how: 'form', answer: 'the server ended' } }, { outcome: 'refused' }],
  )

const hasEnded = (pid: number | null): boolean => {
  try {
    return pid !== null && !process.kill(pid, 0)
  } catch {
    return true
  }
}

test.each(ERAS)(
  'stdio, %s: a process told to end does not wait for a person, and nothing is destroyed',
  async (era) => {
    const upstream = await useRecorder(posthog())
    const path = join(useFolder(), 'audit.jsonl')
    const { person, asked, answer } = thinking()
    const mcp = await useMcp({ era, origin: upstream.origin, person, flags: ['--audit', path] })
    const { pid } = mcp
    const call = mcp.call(TOOL, TABLE).then(
      ({ content }) => content[0]?.text,
      (error: Error) => error.message,
    )
    await asked
    process.kill(pid ?? 0, 'SIGTERM')
    await expect.poll(() => hasEnded(pid), { timeout: 20_000 }).toBe(true)
    expect(mcp.stderr.at(-1)).toContain('"msg":"ended"')
    // Too late.
    answer()
    expect(await call).toMatch(
      /Connection closed|Not connected|told to end before anybody answered\.\nNothing was changed\./,
    )
    expect(upstream.requests.filter(isDestruction)).toEqual([])
    expectWritten(path, era)
  },
)

test.each(ERAS)('http, %s: the same, and whoever waits is told', async (era) => {
  const upstream = await useRecorder(posthog())
  const path = join(useFolder(), 'audit.jsonl')
  const { person, asked, answer } = thinking()
  const server = await useHttp({ origin: upstream.origin, flags: ['--audit', path] })
  const mcp = await useConnection(server.url, era, undefined, person)
  const call = mcp.call(TOOL, TABLE).then(
    ({ content }) => content[0]?.text,
    (error: Error) => error.message,
  )
  await asked
  server.signal('SIGTERM')
  expect(await server.exited).toEqual([0, null])
  answer()
  // In a session the call waits at the server, which answers it; in rounds the answer finds nobody.
  expect(await call).toMatch(
    era === 'modern' ? /fetch failed/ : /^This server was told to end before anybody answered\.\nNothing was changed\./,
  )
  expect(upstream.requests.filter(isDestruction)).toEqual([])
  expectWritten(path, era)
  expect(server.lines().at(-1)).toMatchObject({ msg: 'ended' })
})

test('a question of a process that has ended is none of the next one', async () => {
  const upstream = await useRecorder(posthog())
  const round = async (more: object = {}) => {
    const server = await useHttp({ origin: upstream.origin })
    const params = { name: TOOL, arguments: TABLE, ...more }
    const { json } = await send(server.url, modern('tools/call', params, 1, { elicitation: { form: {} } }))
    server.signal('SIGTERM')
    await server.exited
    return json.result as { readonly requestState?: string; readonly content?: readonly { readonly text: string }[] }
  }
  const { requestState } = await round()
  const confirm = { action: 'accept', content: { name: 'orders' } }
  const { content } = await round({ requestState, inputResponses: { confirm } })
  expect(content?.[0]?.text).toMatch(/does not belong to this call[\s\S]*\nNothing was changed\./)
  expect(upstream.requests.filter(isDestruction)).toEqual([])
})
