import { isSign, isWord, scan, type Token } from './tokens.ts'

/** Keywords behind which no further table is listed. */
const ENDS =
  'WHERE PREWHERE GROUP ORDER HAVING LIMIT OFFSET WINDOW UNION INTERSECT EXCEPT SELECT ON USING ARRAY SETTINGS'.split(
    ' ',
  )

/** Functions whose arguments are written with FROM. */
const FROM_INSIDE = ['EXTRACT', 'TRIM', 'SUBSTRING', 'POSITION', 'OVERLAY']

/** The bracket that closes the one at a place. */
const closeOf = (tokens: readonly Token[], open: number): number => {
  const depth = tokens[open]?.depth
  const close = tokens.findIndex(
    (token, at) => at > open && token.kind === 'sign' && token.value === ')' && token.depth === depth,
  )
  return close === -1 ? tokens.length : close
}

/** A name of the query's own, and the places between which it is defined. */
interface Cte {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** `name AS (SELECT …)` behind WITH or a comma, also with columns or MATERIALIZED. */
const cteAt = (tokens: readonly Token[], at: number): Cte | undefined => {
  const before = tokens[at - 1]
  if (!isWord(before, 'WITH', 'RECURSIVE') && !isSign(before, ',')) return undefined
  const columns = isSign(tokens[at + 1], '(') ? closeOf(tokens, at + 1) + 1 : at + 1
  if (!isWord(tokens[columns], 'AS')) return undefined
  let open = columns + 1
  while (isWord(tokens[open], 'NOT', 'MATERIALIZED')) open += 1
  const isQuery = isWord(tokens[open + 1], 'SELECT', 'WITH') || isSign(tokens[open + 1], '(')
  if (!isSign(tokens[open], '(') || !isQuery) return undefined
  return { name: tokens[at]?.value ?? '', from: open, to: closeOf(tokens, open) }
}

/** The dotted name that starts here, its parts joined with dots, and the place behind it. */
const nameAt = (tokens: readonly Token[], at: number): { readonly name: string; readonly end: number } | undefined => {
  const parts: string[] = []
  for (let here = at; ; here += 2) {
    const token = tokens[here]
    if (token?.kind !== 'word' && token?.kind !== 'name') return undefined
    parts.push(token.value)
    if (!isSign(tokens[here + 1], '.')) return { name: parts.join('.'), end: here + 1 }
  }
}

/** Whether a FROM is the clause: not the one in `extract(day FROM x)` or `IS DISTINCT FROM`, nor a column's name. */
const isFromClause = (tokens: readonly Token[], at: number): boolean => {
  if (!isWord(tokens[at], 'FROM') || isSign(tokens[at - 1], '.') || isWord(tokens[at - 1], 'DISTINCT', 'AS'))
    return false
  const depth = tokens[at]?.depth ?? 0
  const open = tokens.findLastIndex((token, place) => place < at && isSign(token, '(') && token.depth === depth - 1)
  return open === -1 || depth === 0 || !isWord(tokens[open - 1], ...FROM_INSIDE)
}

/**
 * Names behind FROM and JOIN, as they were written, without the query's own CTEs; each once, in order. What is called
 * like a function is none. Derived from the text alone: a name here need not be a table. Empty for broken SQL.
 */
export const tablesIn = (sql: string): readonly string[] => {
  const scanned = scan(sql)
  if ('broken' in scanned) return []
  const { tokens } = scanned
  const ctes = tokens.flatMap((_token, at) => cteAt(tokens, at) ?? [])
  // Inside its own definition a name is still that of the table.
  const isOwn = (name: string, at: number): boolean =>
    ctes.some((cte) => cte.name === name && !(at > cte.from && at < cte.to))
  const found = new Set<string>()
  // For each depth of brackets, whether a list of tables is being read there.
  const lists: boolean[] = []
  for (const [at, token] of tokens.entries()) {
    const isList = lists[token.depth] === true
    const starts = isFromClause(tokens, at) || (isWord(token, 'JOIN') && !isWord(tokens[at - 1], 'ARRAY'))
    // A bracket in a list holds a query, or a list of its own.
    const opens =
      isSign(token, '(') && isList && (isWord(tokens[at - 1], 'FROM', 'JOIN') || isSign(tokens[at - 1], ','))
    if (starts) lists[token.depth] = true
    if (isWord(token, ...ENDS)) lists[token.depth] = false
    if (opens) lists[token.depth + 1] = true
    if (!starts && !opens && !(isList && isSign(token, ','))) continue
    const table = nameAt(tokens, at + 1)
    if (table === undefined || isSign(tokens[table.end], '(') || isWord(tokens[at + 1], 'SELECT', 'WITH')) continue
    if (!isOwn(table.name, at)) found.add(table.name)
  }
  return [...found]
}
