import { expect, test } from 'vitest'
import { type Era, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']

test.each(ERAS)(
  '%s: a cancelled call closes its socket upstream, is not answered, and the server goes on',
  async (era) => {
    const upstream = await useRecorder(() => 'hang')
    const mcp = await useMcp({ era, origin: upstream.origin })
    for (const [tool, args] of [
      ['warehouse_tables_get', { id: ID }],
      ['warehouse_tables_update', { id: ID, name: 'orders' }],
    ] as const) {
      upstream.script(() => 'hang')
      const caller = new AbortController()
      const call = mcp.call(tool, args, caller.signal)
      const failed = expect(call).rejects.toThrow()
      await upstream.arrived(0)
      caller.abort()
      await failed
      await upstream.aborted(0)
    }
    upstream.script(() => ({ json: { id: ID, name: 'alive' } }))
    expect((await mcp.call('warehouse_tables_get', { id: ID })).structuredContent).toMatchObject({ name: 'alive' })
    expect(upstream.requests).toHaveLength(1)
  },
)

test.each(ERAS)('%s: a call cancelled in the pause before a retry sends no more', async (era) => {
  const upstream = await useRecorder(() => ({
    status: 429,
    headers: { 'retry-after': '30' },
    json: { detail: 'slow' },
  }))
  const mcp = await useMcp({ era, origin: upstream.origin, env: { LOG_LEVEL: 'debug' } })
  const caller = new AbortController()
  const failed = expect(mcp.call('warehouse_tables_get', { id: ID }, caller.signal)).rejects.toThrow()
  await upstream.arrived(0)
  // A second call that is answered proves that the first one's 429 has been read too, and that its pause began.
  upstream.script(() => ({ json: { id: ID } }))
  await mcp.call('warehouse_tables_get', { id: ID })
  caller.abort()
  await failed
  // The end of the call is logged at once, not after 30 s.
  await expect.poll(() => mcp.stderr.filter((line) => line.includes('"outcome":"error"')).length).toBe(1)
  expect(upstream.requests).toHaveLength(1)
})

test('a call cancelled while it waits for its turn is never sent', async () => {
  const upstream = await useRecorder(() => 'hang')
  const mcp = await useMcp({ origin: upstream.origin })
  const first = [...Array(8).keys()].map(() => new AbortController())
  const held = first.map(({ signal }) => mcp.call('warehouse_tables_get', { id: ID }, signal).catch(() => 'cancelled'))
  await upstream.arrived(7)
  const late = new AbortController()
  const failed = expect(mcp.call('warehouse_tables_delete', { id: ID }, late.signal)).rejects.toThrow()
  // Another tool's answer shows that the server has read the message of the ninth call: it reads them in order.
  await mcp.list()
  late.abort()
  await failed
  for (const caller of first) caller.abort()
  expect(await Promise.all(held)).toEqual(Array(8).fill('cancelled'))
  await upstream.aborted(7)
  upstream.script(() => ({ json: { id: ID } }))
  await mcp.call('warehouse_tables_get', { id: ID })
  expect(upstream.requests.map(({ method }) => method)).toEqual(['GET'])
})
