import { EngineError } from '../engine/engine.ts'
import { SourceError, type SourceFailure } from './connector.ts'

// The engine's sentences about storage, which are the sheet's (fact sheet: tables 2.3, create).
const STORAGE: readonly (readonly [RegExp, SourceFailure])[] = [
  [/^The Access Key/, 'auth'],
  [/^Access was denied/, 'forbidden'],
  [/bucket doesn't exist$/, 'database'],
  [/^The provided file doesn't exist/, 'table'],
  [/^The provided file/, 'data'],
]

// The engine's names for values that do not fit the types of the first file.
const DATA =
  /^(?:cannot_(?:parse|read_all|convert)|incorrect_data|type_mismatch|value_is_out_of_range|decimal_overflow)/

const UNTOLD = 'Could not get columns'

/** Puts what the engine says of a bucket in our kinds; `otherwise` is for what it has no words for. */
export const toBucketError = (error: unknown, otherwise = UNTOLD): unknown => {
  if (!(error instanceof EngineError)) return error
  if (error.reason === 'storage') {
    const known = STORAGE.find(([pattern]) => pattern.test(error.message))?.[1]
    return new SourceError(known ?? 'other', error.message === UNTOLD ? otherwise : error.message)
  }
  return error
}

/** As `toBucketError`, while rows of a table are read. */
export const toRowsError = (error: unknown, table: string): unknown => {
  if (!(error instanceof EngineError && DATA.test(error.code ?? ''))) {
    return toBucketError(error, `The storage did not give the files of table '${table}' to the end.`)
  }
  const text = `A file of table '${table}' does not fit the columns of the first one: ${error.message}`
  return new SourceError('data', text)
}
