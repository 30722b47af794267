import type { Socket } from 'node:net'
import { Dispatcher } from 'undici'
import { expect, test } from 'vitest'
import { startDeadline } from '../../src/http/deadline.ts'
import { exchange } from '../../src/http/exchange.ts'
import { pause } from '../../src/http/retry.ts'
import { connect, failureOf, request, serveRaw, signalled } from './support.ts'

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n'

test('a write whose deadline passed while its connection was being made is not sent on it later', async () => {
  const held = signalled<Socket>()
  const lines: string[] = []
  let tunnels = 0
  const proxy = await serveRaw((socket) => {
    socket.once('data', () => {
      tunnels += 1
      socket.on('data', (chunk: Buffer) => {
        lines.push(chunk.toString().split('\r\n')[0] ?? '')
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      })
      if (tunnels === 1) held.tell(socket)
      else socket.write(ESTABLISHED)
    })
  })
  const client = connect('http://posthog.test', { env: { HTTP_PROXY: proxy } })
  const late = await failureOf(client.send(request({ method: 'POST', path: '/late', deadlineMs: 200 })))
  expect(late).toMatchObject({ kind: 'timeout', executed: 'no' })
  const tunnel = await held.done
  tunnel.write(ESTABLISHED)
  // By the time a later call is answered through a tunnel of its own, the held one has long been taken note of.
  expect(await client.send(request({ method: 'POST', path: '/next' }))).toMatchObject({ status: 200 })
  expect(lines).toEqual(['POST /next HTTP/1.1'])
})

/** What undici allows itself when a connection is lost: to start a request again. */
class Restarting extends Dispatcher {
  readonly aborted: Error[] = []

  override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    for (const _time of [1, 2]) {
      handler.onRequestStart?.(
        {
          aborted: false,
          paused: false,
          reason: null,
          abort: (reason) => this.aborted.push(reason),
          pause: () => {},
          resume: () => {},
        },
        {},
      )
    }
    return true
  }
}

test('a request undici would send again by itself is ended instead', async () => {
  const deadline = startDeadline(5_000, new AbortController().signal)
  const dispatcher = new Restarting()
  const failure = await failureOf(
    exchange({
      dispatcher,
      deadline,
      peer: 'the server',
      origin: 'http://posthog.test',
      path: '/',
      method: 'POST',
      headers: {},
      maxReplyBytes: 1,
    }),
  )
  deadline.stop()
  expect(failure).toMatchObject({ kind: 'reset', executed: 'unknown' })
  expect(dispatcher.aborted).toHaveLength(2)
})

test('a pause that begins after the end of its call takes no time', async () => {
  const deadline = startDeadline(1_000_000, AbortSignal.abort())
  await pause(900_000, deadline)
  deadline.stop()
  expect(deadline.failure('no').kind).toBe('cancelled')
})
