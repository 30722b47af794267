import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** The open connections of a server from which a request may still come: those that have none in progress. */
export class QuietConnections {
  readonly #quiet = new Set<Socket>()
  readonly #responses = new Set<ServerResponse>()
  #stage: 'serving' | 'last' | 'over' = 'serving'
  #gone: (() => void) | undefined

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#quiet.add(socket)
      socket.once('close', () => this.#leave(socket))
    })
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      this.#responses.add(response)
      if (this.#stage !== 'serving') response.shouldKeepAlive = false
      this.#leave(socket)
      response.once('close', () => {
        this.#responses.delete(response)
        if (this.#stage === 'over') socket.destroySoon()
        else if (!socket.destroyed) this.#quiet.add(socket)
      })
    })
  }

  /** Every response whose head is not sent yet says that it is the last of its connection. */
  last(): void {
    this.#stage = 'last'
    for (const response of this.#responses) if (!response.headersSent) response.shouldKeepAlive = false
  }

  /** Resolves when there is none, or the time is up. */
  async gone(withinMs: number): Promise<void> {
    if (this.#quiet.size === 0) return
    const ended = new AbortController()
    const gone = new Promise<void>((resolve) => {
      this.#gone = resolve
    })
    await Promise.race([gone, setTimeout(withinMs, undefined, { signal: ended.signal }).catch(() => undefined)])
    ended.abort()
  }

  /** Lets go of each connection as its response ends, and of those that have none. */
  close(): void {
    this.#stage = 'over'
    for (const socket of this.#quiet) socket.destroySoon()
  }

  #leave(socket: Socket): void {
    if (this.#quiet.delete(socket) && this.#quiet.size === 0) this.#gone?.()
  }
}
