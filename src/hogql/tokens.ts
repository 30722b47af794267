/** A piece of SQL text. `start` and `end` are offsets, `depth` counts the brackets around it. */
export interface Token {
  /** `name` is quoted, `word` is not. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'sign'
  /** As it means: quotes and escapes are taken off a name and a text. */
  readonly value: string
  readonly start: number
  readonly end: number
  readonly depth: number
}

/** The tokens of a text, or why it has none: a quote or a comment that does not end, a bracket too many. */
export type Scan = { readonly tokens: readonly Token[] } | { readonly broken: string; readonly at: number }

/** One token at the current place; comments and blanks are the first alternative, and are dropped. */
const TOKEN =
  /(\s+|--[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|([\p{L}_$][\p{L}\p{N}_$]*)|(\d[\w.]*)|'((?:[^'\\]|''|\\[\s\S])*)'|`((?:[^`\\]|``|\\[\s\S])*)`|"((?:[^"\\]|""|\\[\s\S])*)"|([\s\S])/uy

const OPENING = '([{'
const CLOSING = ')]}'

/** A doubled quote and a backslash both stand for the character behind them. */
const unescaped = (text: string, quote: string): string =>
  text.replaceAll(quote + quote, quote).replace(/\\([\s\S])/g, '$1')

const toToken = (match: RegExpExecArray, depth: number): Token => {
  const [whole, , word, number, text, back, double, sign = ''] = match
  const place = { start: match.index, end: match.index + whole.length, depth }
  if (word !== undefined) return { kind: 'word', value: word, ...place }
  if (number !== undefined) return { kind: 'number', value: number, ...place }
  if (text !== undefined) return { kind: 'text', value: unescaped(text, "'"), ...place }
  if (back !== undefined) return { kind: 'name', value: unescaped(back, '`'), ...place }
  if (double !== undefined) return { kind: 'name', value: unescaped(double, '"'), ...place }
  return { kind: 'sign', value: sign, ...place }
}

/**
 * Cuts HogQL into tokens, as far as it takes to see which tables it reads and whether it is one SELECT. Not a parser:
 * PostHog's own decides what is valid.
 */
export const scan = (sql: string): Scan => {
  const tokens: Token[] = []
  let depth = 0
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    if (match[1] !== undefined) continue
    const token = toToken(match, depth)
    if (token.kind === 'sign') {
      if (/['"`]/.test(token.value)) return { broken: `the quote ${token.value} does not end`, at: token.start }
      if (token.value === '/' && sql.startsWith('/*', token.start))
        return { broken: 'a comment does not end', at: token.start }
      if (OPENING.includes(token.value)) depth += 1
      if (CLOSING.includes(token.value)) depth -= 1
      if (depth < 0) return { broken: `there is a ${token.value} too many`, at: token.start }
    }
    tokens.push(CLOSING.includes(token.value) && token.kind === 'sign' ? { ...token, depth } : token)
  }
  if (depth > 0) return { broken: 'a bracket is not closed', at: sql.length }
  return { tokens }
}

/** Whether a token is this keyword; a quoted name never is one. */
export const isWord = (token: Token | undefined, ...words: readonly string[]): boolean =>
  token?.kind === 'word' && words.includes(token.value.toUpperCase())

/** Whether a token is this punctuation mark. */
export const isSign = (token: Token | undefined, sign: string): boolean =>
  token?.kind === 'sign' && token.value === sign
