import type { Caller, Callers } from './caller.ts'
import type { Kept } from './caller-pool.ts'

/**
 * Everybody is the one caller of this process; only for an address that nobody else reaches.
 * @param dropped told of the caller when the process ends
 */
export const createOpenCallers = ({ caller, core }: Kept, dropped: (caller: Caller) => void): Callers => ({
  isOpen: true,
  identify: async () => ({ caller, release: () => undefined }),
  close: () => {
    dropped(caller)
    return core.close()
  },
})
