import { createServer, type IncomingHttpHeaders } from 'node:http'
import { connect as connectSocket, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { listen } from './support.ts'

/** A CONNECT proxy on loopback that leads every host name to 127.0.0.1, on the port asked for or on `port`. */
export const serveProxy = async (port?: number) => {
  const asked: { readonly target: string; readonly headers: IncomingHttpHeaders }[] = []
  /** What passed through the tunnels towards the servers. */
  const upward: Buffer[] = []
  const open = new Set<Socket>()
  const server = createServer((_, reply) => reply.writeHead(405).end())
  server.on('connect', (incoming, socket: Socket) => {
    asked.push({ target: incoming.url ?? '', headers: incoming.headers })
    const target = Number(new URL(`http://${incoming.url}`).port || 80)
    const far = connectSocket(port ?? target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      socket.on('data', (chunk: Buffer) => upward.push(chunk))
      socket.pipe(far).pipe(socket)
    })
    for (const end of [socket, far]) {
      open.add(end)
      end.on('error', () => {})
    }
    far.on('close', () => socket.destroy())
  })
  const proxyPort = await listen(server)
  onTestFinished(() => {
    for (const end of open) end.destroy()
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${proxyPort}`, asked, upward }
}
