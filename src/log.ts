import { type Logger, pino } from 'pino'

/**
 * JSON lines on stderr; stdout belongs to the protocol. Synchronous, so that nothing is lost when the process ends.
 * @param level one of pino's levels, or `silent`
 */
export const createLog = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: true }))

export type { Logger }
