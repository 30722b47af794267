import { expect, it } from 'vitest'
import { createHttpClient } from '../../src/http/client.ts'
import { Readiness } from '../../src/readiness.ts'
import { useRecorder } from '../fake/recorder.ts'
import { callTool, startHttpServer } from './server.ts'

const look = async (url: string) => {
  const response = await fetch(url, { headers: { Host: 'probe.internal' } })
  const body: unknown = await response.json()
  return { status: response.status, body }
}

it('is alive, and ready while PostHog answers; many who ask are one request', async () => {
  const posthog = await useRecorder(() => ({ status: 401, json: { detail: 'Invalid personal API key' } }))
  const server = await startHttpServer(posthog.origin)
  expect(await look(server.at('/healthz'))).toEqual({ status: 200, body: { status: 'alive' } })
  expect(posthog.requests).toHaveLength(0)
  const asked = await Promise.all(Array.from({ length: 20 }, () => look(server.at('/readyz'))))
  expect(asked).toEqual(Array.from({ length: 20 }, () => ({ status: 200, body: { status: 'ready' } })))
  await look(server.at('/readyz'))
  expect(posthog.requests.map(({ path }) => path)).toEqual(['/api/users/@me/'])
  // Nobody's calls: they would fill a log.
  expect(server.lines.filter(({ msg }) => msg === 'request')).toEqual([])
})

it.each([
  ['answers 500', { status: 500, json: {} }, 'PostHog answered 500'],
  ['is not there', undefined, 'No connection to the server could be made (ECONNREFUSED).'],
])('is alive, but not ready, when PostHog %s', async (_, answer, reason) => {
  const posthog = await useRecorder(() => answer ?? {})
  const server = await startHttpServer(answer === undefined ? 'http://127.0.0.1:1' : posthog.origin)
  expect(await look(server.at('/readyz'))).toEqual({ status: 503, body: { status: 'not ready', reason } })
  expect((await look(server.at('/healthz'))).status).toBe(200)
})

it('believes a failure for 2 seconds, and an answer for 10', async () => {
  let status = 500
  const posthog = await useRecorder(() => ({ status, json: {} }))
  const http = createHttpClient({ origin: posthog.origin, apiKey: 'phx_x', userAgent: 'test', maxInFlight: 1, env: {} })
  let now = 0
  const readiness = new Readiness(http, () => now)
  expect(await readiness.whyNot()).toBe('PostHog answered 500')
  status = 200
  now = 1_999
  expect(await readiness.whyNot()).toBe('PostHog answered 500')
  now = 2_000
  expect(await readiness.whyNot()).toBeUndefined()
  status = 500
  now = 11_999
  expect(await readiness.whyNot()).toBeUndefined()
  now = 12_000
  expect(await readiness.whyNot()).toBe('PostHog answered 500')
  expect(posthog.requests).toHaveLength(3)
  await http.close()
})

it('is not ready from the moment it is asked to end, while a call is still finished', async () => {
  let answer: (() => void) | undefined
  const posthog = await useRecorder(({ path }) =>
    path.includes('warehouse_tables')
      ? (response) => {
          answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"count":0,"results":[]}')
        }
      : { json: {} },
  )
  const server = await startHttpServer(posthog.origin, ['--metrics-port', '0'])
  const metrics = String((await server.logged(({ msg }) => msg === 'metrics')).url)
  const ready = new URL('/readyz', metrics).href
  expect((await look(ready)).status).toBe(200)
  const call = callTool(server.url, 'warehouse_tables_list')
  while (!posthog.requests.some(({ path }) => path.includes('warehouse_tables')))
    await posthog.arrived(posthog.requests.length)
  server.terminate()
  let last = await look(ready)
  // The signal takes a moment to arrive.
  while (last.status === 200) last = await look(ready)
  expect(last).toEqual({ status: 503, body: { status: 'not ready', reason: 'This server is about to end' } })
  answer?.()
  expect((await call).message).toMatchObject({ result: { structuredContent: { returned: 0 } } })
  expect(await server.ended).toBe(0)
})
