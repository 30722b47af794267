import { isPlainPath, toBucketUrl } from './bucket-url.ts'
import { type EngineColumn, EngineError, type FileSource } from './engine.ts'
import { quoteName, quoteString } from './hogql/quote.ts'

/** What PostHog can read and this engine cannot; said plainly rather than guessed at. */
const deltaText = 'The local warehouse cannot read Delta tables. Use CSV, CSVWithNames, JSONEachRow or Parquet.'

const patternText = 'The local warehouse cannot read a path with {, }, |, ?, # or ::. Only * matches several files.'

const pathText = 'The local warehouse cannot read a file with *, {, }, |, ? or :: in its path.'

/** The address as the engine gets it. Throws `storage`. */
function bucketAddress(text: string): string {
  const url = toBucketUrl(text)
  if (url === undefined) throw new EngineError('storage', "The provided file or bucket doesn't exist")
  if (!isPlainPath(url)) throw new EngineError('storage', patternText)
  return `${url.origin}${url.pathname}`
}

/** The table function for a place; `how` is its format and, if it is known, its structure. */
function functionOf(at: FileSource['at'], how: readonly string[]): string {
  const rest = how.map(quoteString).join(', ')
  if (at.kind === 'file') {
    // The engine reads these as patterns and archive members, and a file on disk was checked under its one name.
    if (/[*{}|?]|::/.test(at.path)) throw new EngineError('storage', pathText)
    return `file(${quoteString(at.path)}, ${rest})`
  }
  const url = quoteString(bucketAddress(at.url))
  if (at.accessKey !== undefined && at.secretKey !== undefined) {
    return `s3(${url}, ${quoteString(at.accessKey)}, ${quoteString(at.secretKey)}, ${rest})`
  }
  // Only a bucket can list what a glob matches; a plain web server cannot.
  return url.includes('*') ? `s3(${url}, NOSIGN, ${rest})` : `url(${url}, ${rest})`
}

/** The table function that reads a source. With `columns` the file is read as these types. Throws `storage`. */
export function readerOf(source: FileSource, columns?: readonly EngineColumn[]): string {
  const { at, format } = source
  if (format === 'Delta' || format === 'DeltaS3Wrapper') throw new EngineError('storage', deltaText)
  const structure = columns
    ? [columns.map(({ name, clickhouse }) => `${quoteName(name)} ${clickhouse}`).join(', ')]
    : []
  return functionOf(at, [format, ...structure])
}

/** A select of the path and size of each file at a place, by path; opens none of them. Throws `storage`. */
export function listingOf(at: FileSource['at'], most: number): string {
  return `SELECT _path, _size FROM ${functionOf(at, ['One'])} ORDER BY _path LIMIT ${Math.trunc(most)}`
}

/** Settings that belong to one file and not to the query around it. */
export function settingsOf(source: FileSource): string {
  if (source.format !== 'CSV' && source.format !== 'CSVWithNames') return ''
  return ` SETTINGS format_csv_allow_double_quotes = ${source.csvAllowDoubleQuotes === false ? 0 : 1}`
}

/**
 * A bracketed select over a file with the columns of its table. Text formats are read as those types from the
 * start, so that an identifier set to string keeps its zeros; Parquet has types of its own, which are cast and
 * must fit. `where` may name the path of a file (`_path`). Throws `storage`.
 */
export function selectOf(source: FileSource, columns: readonly EngineColumn[], where = ''): string {
  if (columns.length === 0) throw new EngineError('storage', 'Could not get columns')
  const typed = source.format === 'Parquet'
  const items = columns.map(({ name, clickhouse }) =>
    typed ? `accurateCast(${quoteName(name)}, ${quoteString(clickhouse)}) AS ${quoteName(name)}` : quoteName(name),
  )
  const reader = readerOf(source, typed ? undefined : columns)
  return `(SELECT ${items.join(', ')} FROM ${reader}${where}${settingsOf(source)})`
}
