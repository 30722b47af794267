import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import type { Caller } from '../../src/callers/caller.ts'
import { createApp } from '../../src/transports/http/app.ts'
import { FairQueue } from '../../src/transports/http/fair-queue.ts'
import { createRateLimit } from '../../src/transports/http/rate-limit.ts'
import { Sessions } from '../../src/transports/http/sessions.ts'
import { initialize } from '../fake/http.ts'

test('a caller who is dropped while their first request is read begins nothing, and is given back', async () => {
  const caller: Caller = {
    id: 'dropped',
    name: 'dropped',
    lacking: () => undefined,
    knows: () => false,
    watch: undefined,
    makeServer: () => {
      throw new Error('nothing was to be made')
    },
  }
  const sessions = new Sessions({ most: 10, idleMs: 60_000 })
  onTestFinished(() => sessions.close())
  const faults: Error[] = []
  let released = 0
  const release = (): void => {
    released += 1
  }
  const { app, forget } = createApp({
    edges: { hosts: [], origins: [], bind: '127.0.0.1' },
    callers: { isOpen: false, identify: async () => ({ caller, release }), close: async () => undefined },
    sessions,
    queue: new FairQueue({ running: 1, waiting: 1 }),
    rate: createRateLimit(0),
    metadata: undefined,
    pages: new Hono(),
    // Between the caller's name and the message.
    route: async () => {
      forget(caller)
      return undefined
    },
    readiness: { whyNot: async () => undefined },
    tracing: undefined,
    report: () => undefined,
    onError: () => undefined,
    onFault: (error) => void faults.push(error),
  })
  const response = await app.request('/mcp', {
    method: 'POST',
    headers: { Host: 'localhost', 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
    body: JSON.stringify(initialize.body),
  })
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(released).toBe(0)
  await response.text()
  expect([released, sessions.size, faults]).toEqual([1, 0, []])
})
