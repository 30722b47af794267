import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FairQueue, type Release } from '../../src/transports/http/fair-queue.ts'
import { modern, send, useHttp } from '../fake/http.ts'
import { posthog } from '../fake/posthog.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'

const never = new AbortController().signal
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('turns', () => {
  test('go round the callers, however many calls each has waiting', async () => {
    const queue = new FairQueue({ running: 1, waiting: 100 })
    const order: string[] = []
    const take = async (caller: string): Promise<void> => {
      const release = await queue.take(caller, never)
      order.push(caller)
      await settle()
      release?.()
    }
    const all = [...Array(6).fill('greedy'), 'b', 'c', 'b'].map(take)
    await Promise.all(all)
    expect(order).toEqual(['greedy', 'greedy', 'b', 'c', 'greedy', 'b', 'greedy', 'greedy', 'greedy'])
    expect([queue.running, queue.waiting]).toEqual([0, 0])
  })

  test('whatever happens, no more run than may, and in the end nothing runs or waits', async () => {
    let checked = 0
    const step = fc.record({ caller: fc.constantFrom('a', 'b', 'c'), leaves: fc.boolean(), releases: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (steps, most) => {
        const queue = new FairQueue({ running: most, waiting: 5 })
        const granted: Release[] = []
        for (const { caller, leaves, releases } of steps) {
          const controller = new AbortController()
          void Promise.resolve(queue.take(caller, controller.signal)).then(
            (release) => release && granted.push(release),
          )
          if (leaves) controller.abort()
          await settle()
          if (releases) granted.shift()?.()
          // Twice is once.
          expect(queue.running).toBeLessThanOrEqual(most)
          expect(queue.waiting).toBeLessThanOrEqual(5)
          checked += 1
        }
        for (let round = 0; round < 100 && queue.running > 0; round += 1) {
          const release = granted.shift()
          release?.()
          release?.()
          await settle()
        }
        await queue.drained(1)
        expect([queue.running, queue.waiting]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
    expect(checked).toBeGreaterThan(100)
  })
})

test('over HTTP: who asks one thing is answered before all of who asks twenty', async () => {
  const [GREEDY, MODEST] = ['phx_greedy-0123456789', 'phx_modest-0123456789']
  const known = posthog({ [GREEDY]: { scopes: ['*'] }, [MODEST]: { scopes: ['*'] } })
  const held: (() => void)[] = []
  const arrived: string[] = []
  const script: Script = (request) => {
    if (!request.path.includes('warehouse_tables')) return known(request)
    arrived.push(request.headers.authorization ?? '')
    return (response) => {
      held.push(() => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end('{"results":[]}')
      })
    }
  }
  const upstream = await useRecorder(script)
  const server = await useHttp({
    origin: upstream.origin,
    flags: ['--auth', 'posthog', '--max-calls', '1', '--max-waiting', '20'],
  })
  const ask = (token: string) => send(server.url, { ...modern('tools/call', { name: 'warehouse_tables_list' }), token })
  await send(server.url, { method: 'GET', token: MODEST })
  const many = Array.from({ length: 20 }, () => ask(GREEDY))
  await expect.poll(() => held.length).toBe(1)
  const one = ask(MODEST)
  // One runs and twenty wait: there is no room for another.
  await expect.poll(async () => (await send(server.url, { ...modern('tools/list'), token: MODEST })).status).toBe(503)
  for (let round = 0; round < 21; round += 1) {
    await expect.poll(() => held.length).toBe(1)
    held.shift()?.()
  }
  const replies = await Promise.all([...many, one])
  expect(replies.map(({ status }) => status)).toEqual(Array(21).fill(200))
  expect(arrived.indexOf(`Bearer ${MODEST}`)).toBeLessThanOrEqual(2)
})
