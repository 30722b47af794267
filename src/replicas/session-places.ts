import type { Redis } from 'ioredis'
import { z } from 'zod'
import { toHash } from '../callers/caller.ts'

/** A session, and whose it is. */
export interface OwnedSession {
  readonly id: string
  readonly caller: string
}

/** Where a session is: the replica's own address, and whose session it is. */
export interface Place {
  readonly address: string
  readonly caller: string
}

/** Where each replica's sessions can be found by the others. None of it fails: it is done as far as Redis is there. */
export interface SessionPlaces {
  /** Says that these sessions are here; for as long as an idle one lives. */
  remember(sessions: readonly OwnedSession[]): Promise<void>
  forget(ids: readonly string[]): void
}

const place = z.object({ address: z.url({ protocol: /^https?$/ }), caller: z.string() })

/** Places that are known without asking again; a session never moves. */
const MOST_KNOWN = 10_000
const PREFIX = 'posthog-warehouse-mcp:session:'

// A session's id lets its caller in; Redis needs only to tell one from another.
const toKey = (id: string): string => PREFIX + toHash(id).toString('hex')

/** The table of sessions in Redis. */
export class RedisPlaces implements SessionPlaces {
  readonly #redis: Redis
  readonly #address: string
  readonly #idleMs: number
  readonly #known = new Map<string, Place>()

  /** @param address of this replica, as others reach it */
  constructor(redis: Redis, address: string, idleMs: number) {
    this.#redis = redis
    this.#address = address
    this.#idleMs = idleMs
  }

  async remember(sessions: readonly OwnedSession[]): Promise<void> {
    const pipeline = this.#redis.pipeline()
    for (const { id, caller } of sessions)
      pipeline.set(toKey(id), JSON.stringify({ address: this.#address, caller }), 'PX', this.#idleMs)
    // Said again now and then, and when Redis is back.
    if (sessions.length > 0) await pipeline.exec().catch(() => undefined)
  }

  forget(ids: readonly string[]): void {
    if (ids.length > 0) this.#redis.del(ids.map(toKey)).catch(() => undefined)
  }

  /** @returns where it is; undefined when it is nowhere, or here; 'unknown' when Redis cannot be asked */
  async find(id: string): Promise<Place | 'unknown' | undefined> {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const text = await this.#redis.get(toKey(id)).catch(() => 'unknown' as const)
    if (text === null || text === 'unknown') return text ?? undefined
    const found = place.safeParse(JSON.parse(text)).data
    if (found === undefined || found.address === this.#address) return undefined
    const [oldest] = this.#known.keys()
    if (this.#known.size >= MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(id, found)
    return found
  }

  /** A session that was not where it was thought to be. */
  mistaken(id: string): void {
    this.#known.delete(id)
  }
}
