import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { connect } from './client.ts'
import { type Load, startLoad } from './load.ts'
import { hasRedisAndNginx } from './redis.ts'
import { type Line, type Replica, TOKEN } from './replica.ts'
import { ORDERS, type Topology, useTopology } from './topology.ts'

const CONNECTIONS = 8
const EACH = 60

const startUnderLoad = async (): Promise<Topology & { readonly load: Load }> => {
  // Counted, so that each call needs Redis.
  const topology = await useTopology(['--rate-per-minute', '100000'])
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect(topology.nginx.url, '2026')))
  const load = startLoad(clients, EACH)
  await load.answered(CONNECTIONS * 10)
  return { ...topology, load }
}

const failed = ({ outcomes }: Load) => outcomes.filter(({ settled }) => settled !== 'right')
const wrong = ({ outcomes }: Load) => outcomes.filter(({ settled }) => settled === 'wrong')
const isAway = ({ msg }: Line): boolean => String(msg).startsWith('Redis is away')
const isThere = ({ msg }: Line): boolean => String(msg).startsWith('Redis is there')
const others = ({ lines }: Replica) =>
  lines.filter((line) => 'raw' in line || Number(line.level) >= 40).filter((line) => !isAway(line))

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' }

/** A request of a 2025 session, by hand. */
const inSession = (url: string, id: string, message: unknown): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${TOKEN}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'Mcp-Session-Id': id,
    },
    body: JSON.stringify(message),
  })

describe.skipIf(!hasRedisAndNginx())('three replicas, when something fails', { timeout: 120_000 }, () => {
  test('a replica that is killed under load takes with it only the calls that were in flight', async () => {
    const { replicas, load } = await startUnderLoad()
    const inFlight = load.inFlight()
    const asked = load.outcomes.length
    await replicas[1].end('SIGKILL')
    const gone = load.outcomes.length
    await load.done
    expect(load.outcomes).toHaveLength(CONNECTIONS * EACH)
    expect(wrong(load)).toEqual([])
    // Between the signal and the end of the process a call may still have reached it.
    const risked = new Set([...inFlight, ...load.outcomes.slice(asked, gone)])
    expect(failed(load).filter((outcome) => !risked.has(outcome))).toEqual([])
    expect(load.outcomes.length - gone).toBeGreaterThan(CONNECTIONS)
  })

  test('a replica that is told to end answers what it took, and the others take the rest', async () => {
    const { replicas, load } = await startUnderLoad()
    expect(await replicas[1].end('SIGTERM')).toBe(0)
    expect(load.inFlight().length).toBeGreaterThan(0)
    await load.done
    expect(failed(load)).toEqual([])
    expect(load.outcomes).toHaveLength(CONNECTIONS * EACH)
    expect(others(replicas[1])).toEqual([])
  })

  test('a session whose replica is gone is not found, so that its client begins anew', async () => {
    const { replicas } = await useTopology()
    const [first, second] = replicas
    const lost = await connect(first.url, '2025')
    const { sessionId = '' } = lost
    const ask = () => inSession(second.url, sessionId, PING)
    expect((await ask()).status).toBe(200)
    await first.end('SIGKILL')
    const response = await ask()
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('Session not found')
    expect(await (await connect(second.url, '2025')).call('warehouse_tables_get', { id: sessionId })).toBeDefined()
  })

  test('a call that was passed on ends with the replica that had it, and is not made again', async () => {
    const { replicas, posthog } = await useTopology()
    const [first, second] = replicas
    const { sessionId = '' } = await connect(first.url, '2025')
    posthog.script(() => 'hang')
    const params = { name: 'warehouse_tables_update', arguments: { id: randomUUID(), name: 'other' } }
    const call = inSession(second.url, sessionId, { jsonrpc: '2.0', id: 2, method: 'tools/call', params })
    const ended = call.then((response) => response.text())
    await posthog.arrived(0)
    await first.end('SIGKILL')
    // It ends without an answer.
    expect(await ended).not.toContain('jsonrpc')
    expect(posthog.requests).toHaveLength(1)
    expect((await inSession(second.url, sessionId, PING)).status).toBe(404)
    expect(others(second)).toEqual([])
  })

  test('Redis goes and comes back: calls go on, each replica says both once, and what is shared is shared again', async () => {
    const { replicas, redis, nginx, load } = await startUnderLoad()
    const session = await connect(nginx.url, '2025')
    await redis.kill()
    await Promise.all(replicas.map(({ logged }) => logged(isAway)))
    const began = load.outcomes.length
    await load.done
    expect(load.outcomes.length).toBeGreaterThan(began)
    expect(failed(load)).toEqual([])
    // Without Redis nothing new is known of sessions, and nobody is told that one is over.
    const unknown = await Promise.all(
      replicas.map(async ({ url }) => {
        const { status, headers } = await inSession(url, randomUUID(), PING)
        return [status, headers.get('retry-after')]
      }),
    )
    expect(unknown).toEqual([
      [503, '2'],
      [503, '2'],
      [503, '2'],
    ])
    await redis.start()
    await Promise.all(replicas.map(({ logged }) => logged(isThere, 2)))
    const [first, second] = replicas
    const reader = await connect(second.url, '2026')
    await reader.subscribe(ORDERS)
    const writer = await connect(first.url, '2026')
    await writer.call('warehouse_tables_update', { id: randomUUID(), name: 'other' })
    await reader.noted(ORDERS, 1)
    // Redis came back empty; the session was said again.
    const after = startLoad([session], 6)
    await after.done
    expect(failed(after)).toEqual([])
    for (const replica of replicas) {
      expect(replica.lines.filter(isAway)).toHaveLength(1)
      expect(others(replica)).toEqual([])
    }
  })
})
