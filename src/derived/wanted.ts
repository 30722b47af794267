import type { Run } from './runs.ts'

/** Which runs are wanted. */
export interface Wanted {
  /** Only those that began later, in milliseconds. */
  readonly since: number
  /** Only those that are under way, those that went well, or all. */
  readonly which: 'running' | 'completed' | 'all'
  /** Told of the kind of which not all runs could be read. */
  readonly gaps: Set<Run['kind']>
}

/** Before all times: nothing can be newer than this. */
export const NEVER = Number.NEGATIVE_INFINITY
