import type { Redis, RedisOptions } from 'ioredis'
import { ConfigError } from '../command-line.ts'

/** What a request waits for Redis at most; after that it goes on without. */
const COMMAND_MS = 1_000

const OPTIONS = {
  lazyConnect: true,
  // What cannot be sent now is not sent at all: nothing piles up while Redis is away.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // Done here, so that it is known when it is done.
  autoResubscribe: false,
  connectTimeout: 2_000,
  commandTimeout: COMMAND_MS,
  // A Redis that says nothing any more is taken for gone, and not waited for at each request.
  socketTimeout: 2 * COMMAND_MS,
  keepAlive: 10_000,
  retryStrategy: (times: number) => Math.min(2_000, 100 * 2 ** Math.min(times, 5)),
} satisfies RedisOptions

/** Nothing is known but that the connection is gone. */
const CLOSED = 'closed'

/** Told once when Redis goes, and once when it comes back. */
export interface RedisEvents {
  /** @param cause a code such as ECONNREFUSED or WRONGPASS */
  lost(cause: string): void
  /** Also the first time. */
  connected(): void
  /** A message on the channel. */
  heard(text: string): void
}

/** The way to the Redis that replicas share. It comes back by itself, and commands fail at once while it is away. */
export interface RedisLink {
  readonly commands: Redis
  readonly isConnected: boolean
  close(): Promise<void>
}

const load = async () => {
  try {
    return await import('ioredis')
  } catch {
    throw new ConfigError('REDIS_URL needs the package ioredis: npm install ioredis')
  }
}

/** The system's or Redis's word for what is wrong; messages may hold more than a log should. */
const toCause = (error: Error): string =>
  'code' in error ? String(error.code) : (/^([A-Z]{4,20}|Socket timeout)\b/.exec(error.message)?.[0] ?? error.name)

/** The two connections, and what of them is there. A connection that listens can do nothing else in the older protocol. */
class Connections {
  readonly commands: Redis
  readonly #listener: Redis
  readonly #channel: string
  readonly #events: RedisEvents
  #cause = CLOSED
  #isListening = false
  #subscribing = Promise.resolve()
  #isConnected: boolean | undefined

  constructor(commands: Redis, listener: Redis, channel: string, events: RedisEvents) {
    this.commands = commands
    this.#listener = listener
    this.#channel = channel
    this.#events = events
    for (const redis of [commands, listener])
      redis.on('error', (error: Error) => {
        this.#cause = toCause(error)
      })
    commands.on('ready', () => this.#update())
    commands.on('close', () => this.#update())
    listener.on('ready', () => {
      this.#subscribing = this.#subscribe()
    })
    listener.on('close', () => {
      this.#isListening = false
      this.#update()
    })
    listener.on('message', (_channel: string, text: string) => events.heard(text))
  }

  get isConnected(): boolean {
    return this.#isConnected === true
  }

  /** One attempt; further ones follow by themselves. */
  async begin(): Promise<void> {
    await Promise.allSettled([this.commands.connect(), this.#listener.connect()])
    await this.#subscribing
    this.#isConnected ??= false
    if (!this.#isConnected) this.#events.lost(this.#cause)
  }

  async close(): Promise<void> {
    for (const redis of [this.commands, this.#listener]) redis.removeAllListeners('close')
    // What was sent before is answered before; whether Redis says goodbye does not matter.
    await this.commands.quit().catch(() => undefined)
    this.commands.disconnect()
    this.#listener.disconnect()
  }

  #update(): void {
    const isConnected = this.commands.status === 'ready' && this.#isListening
    // Until the first attempt is over nothing was lost.
    if (isConnected === (this.#isConnected ?? false)) return
    this.#isConnected = isConnected
    if (isConnected) {
      this.#cause = CLOSED
      this.#events.connected()
    } else this.#events.lost(this.#cause)
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#listener.subscribe(this.#channel)
      this.#isListening = true
      this.#update()
    } catch {
      // Connected, but without what it is for: begun again.
      this.#listener.disconnect(true)
    }
  }
}

/**
 * Connects, or goes on trying. Resolves after the first attempt, whatever came of it.
 * @throws ConfigError when ioredis is not installed
 */
export const openRedis = async (url: string, channel: string, events: RedisEvents): Promise<RedisLink> => {
  const { Redis } = await load()
  const connections = new Connections(new Redis(url, OPTIONS), new Redis(url, OPTIONS), channel, events)
  await connections.begin()
  return connections
}
