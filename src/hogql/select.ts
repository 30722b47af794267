import { isSign, isWord, scan, type Token } from './tokens.ts'

/** SQL that may be sent, without the semicolon and comments behind it; what is before stays, and so do all places. */
export interface Select {
  readonly sql: string
  /** Whether the outermost query says itself how many rows it wants. */
  readonly isLimited: boolean
  /** Whether it is several SELECTs put together, or one in brackets, where a LIMIT at the end would be something else. */
  readonly isSet: boolean
}

/** Statements a model may try, told by name. */
const OTHERS =
  'INSERT UPDATE DELETE CREATE ALTER DROP TRUNCATE RENAME OPTIMIZE GRANT REVOKE SET USE KILL SYSTEM ATTACH DETACH EXPLAIN DESCRIBE DESC SHOW EXISTS CHECK BACKUP RESTORE'.split(
    ' ',
  )

/** Keywords of set operations, and LIMIT without BY, outside of any bracket. */
const shapeOf = (tokens: readonly Token[]): Pick<Select, 'isLimited' | 'isSet'> => {
  const outer = tokens.filter(({ depth }) => depth === 0)
  const limits = outer.filter((token, at) => {
    // `LIMIT 2 BY x` keeps two rows of each x and limits nothing.
    const isBy = isWord(outer[at + 2], 'BY') || (isSign(outer[at + 2], ',') && isWord(outer[at + 4], 'BY'))
    return isWord(token, 'LIMIT') && !isBy
  })
  const isSet = isSign(tokens[0], '(') || outer.some((token) => isWord(token, 'UNION', 'INTERSECT', 'EXCEPT'))
  return { isLimited: limits.length > 0, isSet }
}

/**
 * Whether a text is a single SELECT: the check before anything is sent, so that a mistake costs no query. PostHog runs
 * nothing else either.
 * @returns the SQL to send, or a sentence that says why not
 */
export const toSelect = (text: string): Select | { readonly refused: string } => {
  const scanned = scan(text)
  if ('broken' in scanned) return { refused: `${scanned.broken} (${placeOf(text, scanned.at)})` }
  const { tokens } = scanned
  const semicolon = tokens.findIndex((token) => isSign(token, ';'))
  const body = semicolon === -1 ? tokens : tokens.slice(0, semicolon)
  if (tokens.slice(body.length).some((token) => !isSign(token, ';')))
    return { refused: 'there is more than one statement: send them one at a time' }
  const first = body.find((token) => !isSign(token, '('))
  const last = body.at(-1)
  if (first === undefined || last === undefined) return { refused: 'there is no SQL in it' }
  if (isWord(first, ...OTHERS)) return { refused: `${first.value.toUpperCase()} is not a SELECT` }
  if (!isWord(first, 'SELECT', 'WITH')) return { refused: 'it does not start with SELECT or WITH' }
  if (!body.some((token) => isWord(token, 'SELECT'))) return { refused: 'there is no SELECT in it' }
  return { sql: text.slice(0, last.end), ...shapeOf(body) }
}

/** `line 2, column 5`, counted from 1. */
export const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, Math.max(0, offset)).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
