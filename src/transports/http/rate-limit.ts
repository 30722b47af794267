import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

/** Counts the requests of callers. */
export interface RateLimit {
  /** Seconds to wait; undefined when the request may go on. */
  refuse(caller: string): Promise<number | undefined>
}

/**
 * @param perMinute requests of one caller; 0 counts nothing
 * @param redis where replicas count together; while it is away each counts for itself
 */
export const createRateLimit = (perMinute: number, redis?: Redis): RateLimit => {
  if (perMinute === 0) return { refuse: async () => undefined }
  const limits = { points: perMinute, duration: 60 }
  const alone = new RateLimiterMemory(limits)
  const limiter =
    redis === undefined
      ? alone
      : new RateLimiterRedis({
          ...limits,
          storeClient: redis,
          keyPrefix: 'posthog-warehouse-mcp:rate',
          rejectIfRedisNotReady: true,
          insuranceLimiter: alone,
        })
  return {
    refuse: async (caller) => {
      try {
        await limiter.consume(caller)
        return undefined
      } catch (error) {
        if (error instanceof RateLimiterRes) return Math.max(1, Math.ceil(error.msBeforeNext / 1000))
        throw error
      }
    },
  }
}
