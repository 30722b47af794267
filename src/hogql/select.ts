import { isSign, isWord, scan, type Token } from './tokens.ts'

/** SQL that may be sent, without the semicolon and comments behind it; what is before stays, and so do all places. */
export interface Select {
  readonly sql: string
  /** Whether the outermost query says itself how many rows it wants. */
  readonly isLimited: boolean
  /** Whether it is several SELECTs put together, where a LIMIT at the end would be one of the last of them. */
  readonly isSet: boolean
  /** Where a LIMIT of the outermost query would stand: before its OFFSET and SETTINGS. */
  readonly limitAt: number
}

/** Statements a model may try, told by name. */
const OTHERS =
  'INSERT UPDATE DELETE CREATE ALTER DROP TRUNCATE RENAME OPTIMIZE GRANT REVOKE SET USE KILL SYSTEM ATTACH DETACH EXPLAIN DESCRIBE DESC SHOW EXISTS CHECK BACKUP RESTORE'.split(
    ' ',
  )

/** Words behind which an expression begins: what looks like a keyword there is a name. */
const BEFORE_NAMES =
  'SELECT DISTINCT BY WHERE PREWHERE HAVING ON USING AND OR NOT IN LIKE ILIKE BETWEEN IS CASE WHEN THEN ELSE AS FROM JOIN WITH LIMIT OFFSET INTERVAL'.split(
    ' ',
  )

/** Whether something complete stands before, which a clause can follow. */
const isClause = (tokens: readonly Token[], at: number): boolean => {
  const before = tokens[at - 1]
  if (before === undefined) return false
  if (before.kind === 'sign') return /[)\]}*]/.test(before.value)
  return !isWord(before, ...BEFORE_NAMES)
}

/** Whether a value begins here, as behind LIMIT and OFFSET. */
const isValue = (token: Token | undefined): boolean =>
  token?.kind === 'number' || isSign(token, '{') || isSign(token, '(')

/** `LIMIT 2 BY x`, also with an offset or a sum, keeps two rows of each x and limits nothing. */
const isBy = (outer: readonly Token[], at: number): boolean => {
  for (const token of outer.slice(at + 1)) {
    if (isWord(token, 'BY')) return true
    if (isWord(token, 'LIMIT', 'SETTINGS', 'UNION', 'INTERSECT', 'EXCEPT')) return false
  }
  return false
}

/** `UNION ALL SELECT`, `EXCEPT (SELECT …)`; but not `* EXCEPT (column)`. */
const isSetWord = (tokens: readonly Token[], token: Token): boolean => {
  if (!isWord(token, 'UNION', 'INTERSECT', 'EXCEPT')) return false
  const at = tokens.indexOf(token)
  let next = at + 1
  while (isWord(tokens[next], 'ALL', 'DISTINCT') || isSign(tokens[next], '(')) next += 1
  return isClause(tokens, at) && isWord(tokens[next], 'SELECT', 'WITH')
}

const shapeOf = (tokens: readonly Token[], end: number): Pick<Select, 'isLimited' | 'isSet' | 'limitAt'> => {
  const outer = tokens.filter(({ depth }) => depth === (tokens[0]?.depth ?? 0))
  const isAt = (at: number, ...words: readonly string[]): boolean =>
    isWord(outer[at], ...words) && isClause(tokens, tokens.indexOf(outer[at] as Token))
  const places = outer.map((_token, at) => at)
  const isLimited = places.some((at) => isAt(at, 'LIMIT') && isValue(outer[at + 1]) && !isBy(outer, at))
  const tail = places.find(
    (at) =>
      (isAt(at, 'OFFSET') && isValue(outer[at + 1]) && !isBy(outer, at)) ||
      (isAt(at, 'SETTINGS') && isSign(outer[at + 2], '=')),
  )
  const limitAt = tail === undefined ? end : (outer[tail]?.start ?? end)
  return { isLimited, isSet: outer.some((token) => isSetWord(tokens, token)), limitAt }
}

/** The tokens inside brackets around everything. */
const unwrapped = (tokens: readonly Token[]): readonly Token[] => {
  const [first, ...rest] = tokens
  const close = rest.findIndex((token) => token.kind === 'sign' && token.value === ')' && token.depth === first?.depth)
  return isSign(first, '(') && close === rest.length - 1 ? unwrapped(rest.slice(0, -1)) : tokens
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
  const inner = unwrapped(body)
  return { sql: text.slice(0, last.end), ...shapeOf(inner, inner.at(-1)?.end ?? last.end) }
}

/** A SELECT that returns so many rows at most. @returns the SQL, and how many characters come before the given one */
export const limited = (select: Select, rows: number): { readonly sql: string; readonly shift: number } => {
  const { sql, isLimited, isSet, limitAt } = select
  if (isSet) return { sql: `SELECT * FROM (\n${sql}\n) LIMIT ${rows}`, shift: 'SELECT * FROM (\n'.length }
  if (isLimited) return { sql, shift: 0 }
  return { sql: `${sql.slice(0, limitAt)}\nLIMIT ${rows} ${sql.slice(limitAt)}`.trimEnd(), shift: 0 }
}

/** `line 2, column 5`, counted from 1. */
export const placeOf = (text: string, offset: number): string => {
  const before = text.slice(0, Math.max(0, offset)).split('\n')
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
