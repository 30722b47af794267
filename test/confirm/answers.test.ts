import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { operations } from '../../tools/index.ts'
import { useHttp } from '../fake/http.ts'
import { type Connection, type Era, useConnection, useMcp } from '../fake/mcp.ts'
import { type Answer, approves, type Person } from '../fake/person.ts'
import { type Recorder, useRecorder } from '../fake/recorder.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

/** How a client is connected, and whether it can ask: 2026-07-28, 2025-11-25, and the older SDK's client. */
const WAYS = [
  ['stdio', 'modern'],
  ['stdio', 'legacy'],
  ['stdio', 'v1'],
  ['http', 'modern'],
  ['http', 'legacy'],
  ['http', 'v1'],
] as const satisfies readonly (readonly [string, Era])[]

const connect = async (how: string, era: Era, upstream: Recorder, person: Person | 'nobody'): Promise<Connection> => {
  if (how === 'stdio') return useMcp({ era, origin: upstream.origin, person, flags: ['--reveal-passwords'] })
  const { url } = await useHttp({ origin: upstream.origin, flags: ['--reveal-passwords'] })
  return useConnection(url, era, undefined, person)
}

const wrongName: Person = (question, signal) => {
  const answer = approves(question, signal) as Answer
  return { action: 'accept', content: answer.content?.name === undefined ? { approved: false } : { name: 'another' } }
}

const ANSWERS: Readonly<Record<string, readonly [Person, RegExp | undefined]>> = {
  accept: [approves, undefined],
  decline: [() => ({ action: 'decline' }), /The person declined\.\nNothing was changed\./],
  cancel: [() => ({ action: 'cancel' }), /closed the question without an answer\.\nNothing was changed\./],
  'wrong name or no tick': [wrongName, /(is not “.+”|was not ticked\.)\nNothing was changed\./],
  'no answer that fits': [
    () => ({ action: 'accept', content: { name: 'x'.repeat(10_000), approved: 'certainly' } }),
    /Nothing was changed\./,
  ],
}

const TABLE = DESTROYS.warehouse_tables_delete ?? {}

const destructive = operations.filter(({ effect }) => effect === 'destructive').map(({ name }) => name)

test('every destructive tool is tried', () => {
  expect(Object.keys(DESTROYS).sort()).toEqual([...destructive].sort())
  expect(destructive.length).toBeGreaterThanOrEqual(10)
})

test.each(WAYS)('%s, %s: nothing is destroyed without a yes', async (how, era) => {
  const upstream = await useRecorder(posthog())
  let answer: Person = approves
  const mcp = await connect(how, era, upstream, (question, signal) => answer(question, signal))
  let tried = 0
  for (const [tool, args] of Object.entries(DESTROYS)) {
    for (const [what, [person, refusal]] of Object.entries(ANSWERS)) {
      answer = person
      const before = upstream.requests.length
      const { content, isError } = await mcp.call(tool, args)
      const sent = upstream.requests.slice(before).filter(isDestruction)
      const said = `${tool}, ${what}: ${content[0]?.text}`
      if (refusal === undefined) {
        expect(isError, said).not.toBe(true)
        expect(sent, said).toHaveLength(1)
      } else {
        expect(isError, said).toBe(true)
        expect(content[0]?.text, said).toMatch(refusal)
        expect(sent, said).toEqual([])
      }
      tried += 1
    }
  }
  expect(tried).toBe(destructive.length * Object.keys(ANSWERS).length)
})

test.each(WAYS)(
  '%s, %s: where nobody can be asked, the heavy ones are refused and the others shown first',
  async (how, era) => {
    const upstream = await useRecorder(posthog())
    const mcp = await connect(how, era, upstream, 'nobody')
    const refused: string[] = []
    for (const [tool, args] of Object.entries(DESTROYS)) {
      const asked = upstream.requests.length
      const { content, isError } = await mcp.call(tool, args)
      const text = String(content[0]?.text)
      expect(isError, text).toBe(true)
      expect(upstream.requests.slice(asked).filter(isDestruction)).toEqual([])
      expect(text).toContain('Nothing was changed.')
      const confirmation = /^confirmation: (\S+) /m.exec(text)?.[1]
      if (confirmation === undefined) {
        refused.push(tool)
        expect(text).toContain('this client cannot ask one')
        continue
      }
      const before = upstream.requests.length
      const sent = () => upstream.requests.slice(before).filter(isDestruction)
      const done = await mcp.call(tool, { ...args, confirmation })
      expect(done.isError, String(done.content[0]?.text)).not.toBe(true)
      expect(sent()).toHaveLength(1)
      // It is no input of PostHog's.
      expect(JSON.stringify(upstream.requests)).not.toContain(confirmation)
      const again = await mcp.call(tool, { ...args, confirmation })
      expect(again.content[0]?.text).toMatch(/was used before; it counts once\.\nNothing was changed\./)
      expect(sent()).toHaveLength(1)
    }
    expect(refused.sort()).toEqual([
      'data_warehouse_deprovision',
      'data_warehouse_reset_password',
      'external_data_sources_delete',
      'warehouse_tables_delete',
    ])
  },
)

test('what is shown names the object, where it is, and what goes with it', async () => {
  const upstream = await useRecorder(posthog())
  const shown: string[] = []
  const mcp = await useMcp({
    origin: upstream.origin,
    person: (question, signal) => {
      shown.push(question.message)
      return approves(question, signal)
    },
  })
  await mcp.call('warehouse_tables_delete', DESTROYS.warehouse_tables_delete)
  expect(shown[0]).toBe(
    [
      'Delete a table: “orders”',
      'Deletes the table and the joins on its name; views that read it break. Files in your own bucket stay. It cannot be undone.',
      `Where: project 7 at ${upstream.origin}, id ${DESTROYS.warehouse_tables_delete?.id}`,
      'format: Parquet',
      'files: https://bucket.example.com/orders/*.parquet',
      'columns: 2',
      'rows: 1,200,000',
      'views that read it: big_orders',
      'An assistant asks for this. Nothing is changed unless you approve.',
    ].join('\n'),
  )
})

test.each(['legacy', 'modern', 'v1'] as const)(
  '%s: who never answers approves nothing, and neither does an answer after the call was given up',
  async (era) => {
    const upstream = await useRecorder(posthog())
    let answerLate: () => void = () => undefined
    let wasAsked: () => void = () => undefined
    const asked = new Promise<void>((resolve) => {
      wasAsked = resolve
    })
    const mcp = await useMcp({
      era,
      origin: upstream.origin,
      person: (question, signal) => {
        wasAsked()
        return new Promise<Answer>((resolve) => {
          answerLate = () => resolve(approves(question, signal) as Answer)
        })
      },
    })
    const caller = new AbortController()
    const given = expect(mcp.call('warehouse_tables_delete', { ...TABLE }, caller.signal)).rejects.toThrow()
    await asked
    caller.abort()
    answerLate()
    await given
    // Whatever the late answer did is done before this is answered.
    await mcp.call('warehouse_tables_get', { ...TABLE })
    expect(upstream.requests.filter(isDestruction)).toEqual([])
  },
)

test('an object that changed while the person looked is not what they approved', async () => {
  const upstream = await useRecorder(posthog())
  const mcp = await useMcp({
    origin: upstream.origin,
    person: (question, signal) => {
      upstream.script(posthog({ name: 'orders', columns: 3 }))
      return approves(question, signal)
    },
  })
  const { content } = await mcp.call('warehouse_tables_delete', DESTROYS.warehouse_tables_delete)
  expect(content[0]?.text).toMatch(/it has changed since\.\nNothing was changed\./)
  expect(upstream.requests.filter(isDestruction)).toEqual([])
  upstream.script(({ path }) => (path.includes('warehouse_tables/') ? { status: 404, json: {} } : { json: {} }))
  const gone = await mcp.call('warehouse_tables_delete', { id: randomUUID() })
  expect(gone.content[0]?.text).toContain('Nothing was changed.')
})
