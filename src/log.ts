import { type Logger, pino } from 'pino'
import { currentScope } from './request-scope.ts'

/**
 * JSON lines on stderr; stdout belongs to the protocol. Synchronous, so that nothing is lost when the process ends.
 * What is done for an HTTP request has its id.
 * @param level one of pino's levels, or `silent`
 */
export const createLog = (level: string): Logger =>
  pino({ level, base: null, mixin: toRequest }, pino.destination({ dest: 2, sync: true }))

const toRequest = (): { readonly request?: string } => {
  const scope = currentScope()
  return scope === undefined ? {} : { request: scope.request }
}

export type { Logger }
