import { EngineError } from './engine.ts'
import { unsupported } from './hogql/refusals.ts'
import { timeoutText } from './ticket.ts'

interface Thrown {
  /** ClickHouse's error name, such as `UNKNOWN_IDENTIFIER`. */
  readonly name: string
  readonly text: string
}

// A message repeats the caller's text, which may be long; everything of interest stands at its two ends.
const longestHead = 8_000
const longestName = 100

function read(message: string): Thrown {
  const ending = message.slice(-longestName).trimEnd()
  const name = /\(([A-Z][A-Z0-9_]+)\)$/.exec(ending)?.[1] ?? 'UNKNOWN_EXCEPTION'
  const text = message
    .slice(0, longestHead)
    .replace(/^[\s\S]*?DB::\w*Exception: /, '')
    .replace(`(${name})`, '')
  return { name, text }
}

// The engine appends the SQL it was given, which holds file paths and bucket keys. Its words are in capitals.
const tail =
  /(?::? (?:In scope|in scope|In query|While|while) |\(version |\(in file|: \(in |\n|\b(?:SELECT|FROM)\b|\b(?:s3|url|file)\()[\s\S]*$/

/** The engine's sentence without the SQL, the paths and the versions it adds. At most 300 characters. */
function safe(text: string): string {
  const sentence = text
    .replace(tail, '')
    .replace(/\b\w+:\/\/\S+/g, '<file>')
    .replace(/(?<![\w)])\/[^\s'":,()]+\/?[^\s'":,()]*/g, '<file>')
  return sentence.trim().slice(0, 300) || 'The query failed'
}

const storageNames = new Set(
  `S3_ERROR CANNOT_STAT FILE_DOESNT_EXIST CANNOT_OPEN_FILE RECEIVED_ERROR_FROM_REMOTE_IO_SERVER NETWORK_ERROR
   CANNOT_EXTRACT_TABLE_STRUCTURE HTTP_CONNECTION_LIMIT_REACHED DNS_ERROR TOO_MANY_REDIRECTS`.split(/\s+/),
)

// First match wins; the sentences are PostHog's (fact sheet: tables 2.3, create).
const storageTexts: readonly (readonly [RegExp, string])[] = [
  [/InvalidAccessKeyId|Access Key Id you provided does not exist/i, 'The Access Key you provided does not exist'],
  [/NoSuchBucket|specified bucket does not exist/i, "The provided bucket doesn't exist"],
  [
    /Access ?Denied|SignatureDoesNotMatch|request signature we calculated|code: 40[13]|Forbidden|Permission denied/i,
    'Access was denied when reading the provided file',
  ],
  [/file is empty|no data|empty file/i, 'The provided file contains no data'],
  [
    /No such file|NoSuchKey|code: 404|Not Found|doesn't exist|does not exist|no files with|cannot stat/i,
    "The provided file doesn't exist in the bucket",
  ],
  [/not a parquet file|magic bytes|parquet.{0,40}(?:invalid|corrupt)/i, 'The provided file is not in Parquet format'],
  [/different amount of values/i, 'The provided file has rows with different amount of values'],
]

/** The sheet's sentence for a file or bucket that cannot be read. */
export function storageText(message: string): string {
  return storageTexts.find(([pattern]) => pattern.test(message))?.[1] ?? 'Could not get columns'
}

function unknownField(text: string): EngineError {
  const name = (/identifier [`']([\s\S]*?)[`'](?:\s|$|\.)/i.exec(text)?.[1] ?? '').replaceAll('`', '')
  return new EngineError('unknown_field', `Unable to resolve field: ${name}`, { name })
}

function ambiguousField(text: string): EngineError {
  const name = /identifier [`']([^`']*)[`']/i.exec(text)?.[1] ?? ''
  return new EngineError('unknown_field', `Ambiguous query. Found multiple sources for field: ${name}`, { name })
}

// The functions PostHog reads a text with, where its own function got something else.
const readers = /function '?(parseDateTime64BestEffort|toDate)OrNull\b/

function unreadable(text: string): EngineError | undefined {
  const reader = readers.exec(text)?.[1]
  if (reader === undefined) return undefined
  const type = /got: ([^\s:]+)|Illegal type (\S+) of/.exec(text)
  return unsupported(`${reader === 'toDate' ? 'toDate' : 'toDateTime'} of ${type?.[1] ?? type?.[2] ?? 'this type'}`)
}

// Saved names are resolved before the engine sees them, so what it misses is a place where rows were kept.
const rowsGone = 'The rows of a table that this query reads are gone.'

/** Puts a message of chDB in the engine's own terms. The original never leaves this function. */
export function toEngineError(message: string): EngineError {
  const { name, text } = read(message)
  // It quotes what follows the place, and there the keys of buckets stand in plain text.
  if (name === 'SYNTAX_ERROR') return unsupported('a constant or name of this query, which its engine cannot read')
  if (name === 'UNKNOWN_IDENTIFIER') return unknownField(text)
  if (name === 'AMBIGUOUS_IDENTIFIER') return ambiguousField(text)
  const correlated = /with correlated columns '([^']*)'/.exec(text)?.[1]
  if (correlated !== undefined) return unsupported(`a subquery that reads ${correlated} of the query around it`)
  const refusal = name === 'ILLEGAL_TYPE_OF_ARGUMENT' ? unreadable(text) : undefined
  if (refusal !== undefined) return refusal
  if (name === 'TIMEOUT_EXCEEDED') return new EngineError('timeout', timeoutText)
  if (storageNames.has(name)) return new EngineError('storage', storageText(text))
  const isGone = name === 'UNKNOWN_TABLE' || name === 'UNKNOWN_DATABASE'
  return new EngineError('execution', isGone ? rowsGone : safe(text), { code: name.toLowerCase() })
}
