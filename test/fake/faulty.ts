import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A stand-in for PostHog that misbehaves below HTTP. */
export interface Faulty {
  readonly origin: string
  /** Requests that arrived, as their first bytes (head and what came with it). */
  readonly requests: readonly string[]
  /** What happens to each connection once its request has arrived. */
  behave(act: (socket: Socket) => void): void
  /** Stops listening and cuts every connection: connections are refused from now on. */
  kill(): Promise<void>
}

/** Starts it on a free port of loopback. */
export const startFaulty = async (): Promise<Faulty> => {
  let act: (socket: Socket) => void = (socket) => socket.end()
  let requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      // A body that follows its head in a packet of its own is no further request.
      if (!/^[A-Z]+ \/\S* HTTP\/1\.1\r\n/.test(text)) return
      requests.push(text)
      act(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A TCP server that listens has an AddressInfo, not a pipe's name.
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    get requests() {
      return requests
    },
    behave(next) {
      act = next
      requests = []
    },
    async kill() {
      for (const socket of sockets) socket.destroy()
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    },
  }
}

/** A whole, good answer. */
export const good = (body: unknown): string => {
  const text = JSON.stringify(body)
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
}
