import { EngineError } from '../engine.ts'

/** A construct this warehouse does not have. The message says whose limit it is. */
export function unsupported(construct: string): EngineError {
  return new EngineError(
    'unsupported',
    `The local warehouse does not support ${construct}; PostHog might. Supported: see docs/local-warehouse.md.`,
  )
}

/** SQL that no dialect here reads. */
export function malformed(what: string): EngineError {
  return new EngineError('syntax', what)
}
