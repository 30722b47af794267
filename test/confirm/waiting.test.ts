import { expect, test } from 'vitest'
import { useHttp } from '../fake/http.ts'
import { useConnection } from '../fake/mcp.ts'
import { type Answer, approves } from '../fake/person.ts'
import { useRecorder } from '../fake/recorder.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const TABLE = { ...DESTROYS.warehouse_tables_delete }

/** A person who takes their time. */
const slowPerson = () => {
  const answers: (() => void)[] = []
  let wake: () => void = () => undefined
  return {
    person: (question: Parameters<typeof approves>[0], signal: AbortSignal) =>
      new Promise<Answer>((resolve) => {
        answers.push(() => resolve(approves(question, signal) as Answer))
        wake()
      }),
    answers,
    asked: async (count: number): Promise<void> => {
      while (answers.length < count)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    },
  }
}

test('a call that waits for a person leaves its turn to others, and takes one again', async () => {
  const upstream = await useRecorder(posthog())
  const server = await useHttp({ origin: upstream.origin, flags: ['--max-calls', '1', '--max-waiting', '1'] })
  const { person, answers, asked } = slowPerson()
  const mcp = await useConnection(server.url, 'legacy', undefined, person)
  const waiting = mcp.call('warehouse_tables_delete', TABLE)
  await asked(1)
  // The only turn there is.
  expect((await mcp.call('warehouse_tables_get', TABLE)).isError).not.toBe(true)
  answers[0]?.()
  expect((await waiting).isError).not.toBe(true)
  expect(upstream.requests.filter(isDestruction)).toHaveLength(1)
  expect((await mcp.call('warehouse_tables_get', TABLE)).isError).not.toBe(true)
})

test('a person is asked sixteen things at once, and no more', async () => {
  const upstream = await useRecorder(posthog())
  const server = await useHttp({ origin: upstream.origin })
  const { person, answers, asked } = slowPerson()
  const mcp = await useConnection(server.url, 'legacy', undefined, person)
  const calls = Array.from({ length: 16 }, () => mcp.call('warehouse_tables_delete', TABLE))
  await asked(16)
  const { content } = await mcp.call('warehouse_tables_delete', TABLE)
  expect(content[0]?.text).toMatch(/^Too many questions wait for an answer already\.\nNothing was changed\./)
  expect(upstream.requests.filter(isDestruction)).toEqual([])
  for (const answer of answers) answer()
  expect((await Promise.all(calls)).filter(({ isError }) => isError)).toEqual([])
  expect(upstream.requests.filter(isDestruction)).toHaveLength(16)
})
