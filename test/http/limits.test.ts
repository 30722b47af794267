import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { connect, failureOf, request, serve, signalled } from './support.ts'

/** A server that holds every request until told. */
const holding = async (expected: number) => {
  const held: { readonly path: string; readonly reply: ServerResponse }[] = []
  const full = signalled()
  const paths: string[] = []
  const origin = await serve((incoming, reply) => {
    paths.push(incoming.url ?? '')
    held.push({ path: incoming.url ?? '', reply })
    if (paths.length === expected) full.tell()
  })
  return { origin, held, paths, full: full.done }
}

test('no more than the limit are in flight, and the others follow in order', async () => {
  let now = 0
  let most = 0
  const paths: string[] = []
  const origin = await serve((incoming, reply) => {
    now += 1
    most = Math.max(most, now)
    paths.push(incoming.url ?? '')
    setTimeout(() => {
      now -= 1
      reply.end()
    }, 20)
  })
  const client = connect(origin, { maxInFlight: 2 })
  const all = ['/1', '/2', '/3', '/4', '/5', '/6', '/7']
  await Promise.all(all.map((path) => client.send(request({ path }))))
  expect(most).toBe(2)
  // Two on the wire at once may overtake each other by one place, never more.
  expect(paths.map((path, index) => Math.abs(all.indexOf(path) - index) <= 1)).toEqual(all.map(() => true))
})

test('a call whose turn does not come in time was busy, not slow, and was never sent', async () => {
  const { origin, full, paths } = await holding(1)
  const client = connect(origin, { maxInFlight: 1 })
  const first = failureOf(client.send(request({ path: '/first' })))
  await full
  const failure = await failureOf(client.send(request({ path: '/second', method: 'POST', deadlineMs: 100 })))
  expect(failure).toMatchObject({ kind: 'busy', executed: 'no' })
  expect(paths).toEqual(['/first'])
  await client.close()
  await first
})

test('a call cancelled while it waits leaves the queue and lets the next one through', async () => {
  const { origin, full, held, paths } = await holding(1)
  const client = connect(origin, { maxInFlight: 1 })
  const caller = new AbortController()
  const first = client.send(request({ path: '/first' }))
  await full
  const second = failureOf(client.send(request({ path: '/second', signal: caller.signal })))
  const third = client.send(request({ path: '/third', deadlineMs: 5_000 }))
  caller.abort()
  expect(await second).toMatchObject({ kind: 'cancelled', executed: 'no' })
  held[0]?.reply.end()
  await first
  const timer = setInterval(() => held[1]?.reply.end(), 10)
  await third
  clearInterval(timer)
  expect(paths).toEqual(['/first', '/third'])
})

test('a call that pauses before another attempt gives its turn to others', async () => {
  const origin = await serve((incoming, reply) => {
    if (incoming.url === '/throttled') reply.writeHead(429, { 'retry-after': '20' }).end()
    else reply.end()
  })
  const client = connect(origin, { maxInFlight: 1 })
  const caller = new AbortController()
  const throttled = failureOf(client.send(request({ path: '/throttled', deadlineMs: 60_000, signal: caller.signal })))
  expect(await client.send(request({ path: '/other', deadlineMs: 5_000 }))).toMatchObject({ status: 200 })
  caller.abort()
  expect(await throttled).toMatchObject({ kind: 'cancelled', executed: 'no' })
})

test('failed calls give their turn back', async () => {
  const origin = await serve((incoming, reply) => {
    if (incoming.url === '/bad') reply.socket?.destroy()
    else reply.end()
  })
  const client = connect(origin, { maxInFlight: 1 })
  for (let call = 0; call < 3; call += 1) await failureOf(client.send(request({ path: '/bad', method: 'POST' })))
  expect(await client.send(request({ path: '/good' }))).toMatchObject({ status: 200 })
})

test('closing ends what is in flight and what waits, and nothing is sent afterwards', async () => {
  const { origin, full, paths } = await holding(2)
  const client = connect(origin, { maxInFlight: 2 })
  const calls = ['/1', '/2', '/3'].map((path) => failureOf(client.send(request({ path, method: 'POST' }))))
  await full
  await client.close()
  const failures = await Promise.all(calls)
  expect(failures.map(({ kind, executed }) => `${kind} ${executed}`)).toEqual([
    'closed unknown',
    'closed unknown',
    'closed no',
  ])
  expect(await failureOf(client.send(request({ path: '/late' })))).toMatchObject({ kind: 'closed', executed: 'no' })
  expect(paths.toSorted()).toEqual(['/1', '/2'])
  await client.close()
})
