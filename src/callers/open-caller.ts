import type { Callers } from './caller.ts'
import type { Kept } from './caller-pool.ts'

/** Everybody is the one caller of this process; only for an address that nobody else reaches. */
export const createOpenCallers = ({ caller, core }: Kept): Callers => ({
  isOpen: true,
  identify: async () => caller,
  close: () => core.close(),
})
