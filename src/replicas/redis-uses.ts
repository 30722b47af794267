import type { Redis } from 'ioredis'
import type { Uses } from '../confirm/uses.ts'

const PREFIX = 'posthog-warehouse-mcp:used:'

/** The uses of all replicas together. Without Redis nobody can say whether it is the first time, and `take` throws. */
export class RedisUses implements Uses {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async take(nonce: string, leftMs: number): Promise<boolean> {
    return (await this.#redis.set(PREFIX + nonce, '1', 'PX', Math.ceil(leftMs), 'NX')) === 'OK'
  }
}
