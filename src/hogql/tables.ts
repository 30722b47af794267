import { isSign, isWord, scan, type Token } from './tokens.ts'

/** Keywords behind which no further table is listed. */
const ENDS = [
  'WHERE',
  'PREWHERE',
  'GROUP',
  'ORDER',
  'HAVING',
  'LIMIT',
  'WINDOW',
  'UNION',
  'INTERSECT',
  'EXCEPT',
  'SELECT',
]

/** `name AS (SELECT …)` behind WITH or a comma: a name of the query's own. */
const isCte = (tokens: readonly Token[], at: number): boolean => {
  const before = tokens[at - 1]
  return (
    (isWord(before, 'WITH', 'RECURSIVE') || isSign(before, ',')) &&
    isWord(tokens[at + 1], 'AS') &&
    isSign(tokens[at + 2], '(') &&
    (isWord(tokens[at + 3], 'SELECT', 'WITH') || isSign(tokens[at + 3], '('))
  )
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

/**
 * Names behind FROM and JOIN, as they were written, without the query's own CTEs; each once, in order. What is called
 * like a function is none. Derived from the text alone: a name here need not be a table. Empty for broken SQL.
 */
export const tablesIn = (sql: string): readonly string[] => {
  const scanned = scan(sql)
  if ('broken' in scanned) return []
  const { tokens } = scanned
  const own = new Set(tokens.filter((_token, at) => isCte(tokens, at)).map(({ value }) => value))
  const found = new Set<string>()
  // For each depth of brackets, whether a list of tables is being read there.
  const lists: boolean[] = []
  for (const [at, token] of tokens.entries()) {
    const isList = lists[token.depth] === true
    const starts = isWord(token, 'FROM') || (isWord(token, 'JOIN') && !isWord(tokens[at - 1], 'ARRAY'))
    if (starts) lists[token.depth] = true
    if (isWord(token, ...ENDS)) lists[token.depth] = false
    if (!starts && !(isList && isSign(token, ','))) continue
    const table = nameAt(tokens, at + 1)
    if (table !== undefined && !own.has(table.name) && !isSign(tokens[table.end], '(')) found.add(table.name)
  }
  return [...found]
}
