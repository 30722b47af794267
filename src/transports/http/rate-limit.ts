import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** Counts the requests of callers. */
export interface RateLimit {
  /** Seconds to wait; undefined when the request may go on. */
  refuse(caller: string): Promise<number | undefined>
}

/** @param perMinute requests of one caller; 0 counts nothing */
export const createRateLimit = (perMinute: number): RateLimit => {
  if (perMinute === 0) return { refuse: async () => undefined }
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 })
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
