import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from '../../src/transports/http/listener.ts'

const start = () => listen({ fetch: async () => new Response('answered') }, 0, '127.0.0.1')

const read = async (socket: NodeJS.ReadableStream): Promise<string> => {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

test('a request on a connection that was taken before the port closed is answered, as its last', async () => {
  const listener = await start()
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1')
  socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n')
  await once(socket, 'connect')
  const stopped = listener.stopAccepting()
  socket.write('\r\n')
  expect(await read(socket)).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*answered/i)
  await stopped
  await listener.close()
})

test('an idle connection may send one more request, and is told that it was the last', async () => {
  const listener = await start()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async () => {
    const [response] = await once(request(listener.url, { agent }).end(), 'response')
    return { text: await read(response), connection: String(response.headers.connection) }
  }
  expect(await ask()).toEqual({ text: 'answered', connection: 'keep-alive' })
  const stopped = listener.stopAccepting()
  expect(await ask()).toEqual({ text: 'answered', connection: 'close' })
  await stopped
  await listener.close()
})

test('who sends nothing is let go', async () => {
  const listener = await start()
  const socket = connect(Number(new URL(listener.url).port), '127.0.0.1')
  await once(socket, 'connect')
  const ended = once(socket, 'close')
  socket.resume()
  await listener.stopAccepting()
  await listener.close()
  await ended
})
