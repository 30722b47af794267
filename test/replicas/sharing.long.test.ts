import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { KEY } from '../fake/mcp.ts'
import { connect } from './client.ts'
import { startLoad } from './load.ts'
import { hasRedisAndNginx } from './redis.ts'
import { type Replica, TOKEN } from './replica.ts'
import { ORDERS, useTopology } from './topology.ts'

const calls = ({ lines }: Replica) => lines.filter(({ msg }) => msg === 'call').length
const requests = ({ lines }: Replica) => lines.filter(({ msg }) => msg === 'request').length
const authorized = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' }
const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })

/** A request of a 2025 session, by hand. */
const inSession = (url: string, id: string, headers: Record<string, string> = {}, body = PING): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { ...authorized, Accept: 'application/json, text/event-stream', 'Mcp-Session-Id': id, ...headers },
    body,
  })

const CALL = { jsonrpc: '2.0', id: 9, method: 'tools/call' }

/** Begins a session without opening its stream. */
const initialize = async (url: string): Promise<string> => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...authorized, Accept: 'application/json, text/event-stream' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  })
  await response.text()
  return response.headers.get('mcp-session-id') ?? ''
}

describe.skipIf(!hasRedisAndNginx())('three replicas behind nginx', { timeout: 120_000 }, () => {
  test('calls of 2026 clients go to whichever replica is next, and each is answered with its own answer', async () => {
    const { replicas, nginx } = await useTopology()
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect(nginx.url, '2026')))
    const { done, outcomes } = startLoad(clients, 20)
    await done
    expect(outcomes.filter(({ settled }) => settled === 'right')).toHaveLength(120)
    for (const replica of replicas) expect(calls(replica)).toBeGreaterThan(10)
  })

  test('the session of a 2025 client is found from every replica, and only by its caller', async () => {
    const { replicas, nginx, redis } = await useTopology()
    const client = await connect(nginx.url, '2025')
    const { done, outcomes } = startLoad([client], 30)
    await done
    expect(outcomes.filter(({ settled }) => settled === 'right')).toHaveLength(30)
    // One replica has the session and made the calls; the others passed on what nginx gave them.
    expect(replicas.map(calls).sort((a, b) => a - b)).toEqual([0, 0, 30])
    const others = replicas.filter((replica) => calls(replica) === 0)
    expect(others.map(requests).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10)
    const { sessionId = '' } = client
    for (const { url } of replicas) expect((await inSession(url, sessionId)).status).toBe(200)
    // Nobody gets into it without the token, nor through a mark of a hop.
    for (const { url } of replicas)
      expect((await inSession(url, sessionId, { Authorization: 'Bearer another-token-0123456789' })).status).toBe(401)
    const hops = await Promise.all(
      replicas.map(async ({ url }) => (await inSession(url, sessionId, { 'x-mcp-replica-hop': '1' })).status),
    )
    expect(hops.sort()).toEqual([200, 404, 404])
    // Redis knows neither key nor token nor the session's id.
    const peek = new Redis(redis.url)
    const keys = await peek.keys('*')
    const values = await Promise.all(keys.map((key) => peek.get(key)))
    peek.disconnect()
    expect(keys).toHaveLength(1)
    for (const secret of [KEY, TOKEN, sessionId]) expect(JSON.stringify([keys, values])).not.toContain(secret)
  })

  test('a session ends everywhere with its DELETE, and an unknown one is nowhere', async () => {
    const { replicas } = await useTopology()
    const [first, second, third] = replicas
    const { sessionId = '' } = await connect(first.url, '2025')
    const ended = await fetch(second.url, { method: 'DELETE', headers: { ...authorized, 'Mcp-Session-Id': sessionId } })
    expect(ended.status).toBe(200)
    for (const url of [first.url, second.url, third.url])
      for (const id of [sessionId, randomUUID()]) {
        const response = await inSession(url, id)
        expect(response.status).toBe(404)
        expect(await response.text()).toContain('Session not found')
      }
  })

  test.each(['2025', '2026'] as const)('a change made through one replica is told by the others (%s)', async (era) => {
    const { replicas } = await useTopology()
    const [first, second, third] = replicas
    const reader = await connect(second.url, era)
    await reader.subscribe(ORDERS)
    // A 2025 client hears on a stream that it opens by itself.
    if (era === '2025') await second.logged(({ method, status }) => method === 'GET' && status === 200)
    let told = 0
    for (const { url } of [first, third, second]) {
      const writer = await connect(url, '2026')
      await writer.call('warehouse_tables_update', { id: randomUUID(), name: 'other' })
      told += 1
      await reader.noted(ORDERS, told)
    }
    // Each once: what is heard is not told again.
    expect(reader.notes).toEqual([ORDERS, ORDERS, ORDERS])
  })

  test('a stream that is passed on tells of changes too, and ends with its client', async () => {
    const { replicas, nginx } = await useTopology()
    const [first] = replicas
    const reader = await connect(nginx.url, '2025')
    await reader.subscribe(ORDERS)
    const streams = () => replicas.flatMap(({ lines }) => lines).filter(({ method }) => method === 'GET')
    await Promise.race(replicas.map(({ logged }) => logged(({ method, status }) => method === 'GET' && status === 200)))
    expect(streams().length).toBeGreaterThan(0)
    const writer = await connect(first.url, '2026')
    await writer.call('warehouse_tables_update', { id: randomUUID(), name: 'other' })
    await reader.noted(ORDERS, 1)
  })

  test('a call that is passed on is ended by its cancellation, whichever replica gets that', async () => {
    const { replicas, posthog } = await useTopology()
    const [first, second, third] = replicas
    const { sessionId = '' } = await connect(first.url, '2025')
    posthog.script(() => 'hang')
    const params = { name: 'warehouse_tables_get', arguments: { id: randomUUID() } }
    const call = inSession(second.url, sessionId, {}, JSON.stringify({ ...CALL, params }))
    await posthog.arrived(0)
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: CALL.id } }
    expect((await inSession(third.url, sessionId, {}, JSON.stringify(cancelled))).status).toBe(202)
    await posthog.aborted(0)
    const response = await call
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  test('a stream that its client closes is closed at the replica with the session', async () => {
    const { replicas } = await useTopology()
    const [first, second, third] = replicas
    const id = await initialize(first.url)
    const open = (url: string, signal: AbortSignal) =>
      fetch(url, { signal, headers: { ...authorized, Accept: 'text/event-stream', 'Mcp-Session-Id': id } })
    const control = new AbortController()
    expect((await open(second.url, control.signal)).status).toBe(200)
    // A session has one stream at a time.
    expect((await open(third.url, control.signal)).status).toBe(409)
    control.abort()
    const freed = new AbortController()
    while ((await open(third.url, freed.signal)).status !== 200);
    freed.abort()
  })

  test('the requests of a caller are counted together, whichever replica gets them', async () => {
    const { replicas } = await useTopology(['--rate-per-minute', '20'])
    const statuses: number[] = []
    for (let count = 0; count < 30; count += 1) {
      const { url } = replicas[count % 3] ?? replicas[0]
      const headers = { ...authorized, Accept: 'application/json, text/event-stream' }
      statuses.push((await fetch(url, { method: 'POST', headers, body: PING })).status)
    }
    expect(statuses).toEqual(statuses.map((_, index) => (index < 20 ? 200 : 429)))
    expect(statuses).toHaveLength(30)
  })

  test('a request that is passed on is counted once', async () => {
    const { replicas, nginx } = await useTopology(['--rate-per-minute', '20'])
    const client = await connect(nginx.url, '2025')
    const { sessionId = '' } = client
    const statuses: number[] = []
    for (let count = 0; count < 30; count += 1) {
      const { url } = replicas[count % 3] ?? replicas[0]
      statuses.push((await inSession(url, sessionId)).status)
    }
    // Connecting took some: initialize, its notification, and the stream.
    const passed = statuses.filter((status) => status === 200).length
    expect(passed).toBeGreaterThanOrEqual(16)
    expect(passed).toBeLessThan(20)
    expect(statuses.slice(passed)).toEqual(statuses.slice(passed).map(() => 429))
  })
})
