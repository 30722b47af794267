import { malformed } from './refusals.ts'

/** One word of SQL. `text` is the decoded value of a string or quoted name, the source text of the rest. */
export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign' | 'end'
  readonly text: string
  /** Offset in the SQL text, in UTF-16 units. */
  readonly at: number
}

const blank = /(?:\s|--[^\n]*|\/\*[\s\S]*?\*\/)+/y
const word = /[A-Za-z_$][\w$]*/y
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w$])/y
const sign = /->|::|==|!=|<>|<=|>=|\|\||\?\?|[-+*/%()[\],.;=<>{}:?]/y
const quoted = {
  "'": /'((?:[^'\\]|\\[\s\S]|'')*)'/y,
  '`': /`((?:[^`\\]|\\[\s\S]|``)*)`/y,
  '"': /"((?:[^"\\]|\\[\s\S]|"")*)"/y,
}
const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  a: '\x07',
  v: '\v',
  '\\': '\\',
}

function match(pattern: RegExp, sql: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(sql)
}

/** HogQL leaves an unknown escape as it is written, backslash included, so that `LIKE '\%'` keeps working. */
function decode(body: string, quote: string): string {
  return body.replace(
    /\\([\s\S])|([`'"])\2/g,
    (whole: string, escaped: string | undefined, twice: string | undefined) => {
      if (twice !== undefined) return twice === quote ? quote : whole
      if (escaped === quote) return quote
      return escapes[escaped ?? ''] ?? whole
    },
  )
}

function readQuoted(sql: string, at: number): { token: Token; end: number } | undefined {
  const quote = sql[at]
  if (quote !== "'" && quote !== '`' && quote !== '"') return undefined
  const found = match(quoted[quote], sql, at)
  if (!found) throw malformed(`A ${quote} that opens at character ${at + 1} is never closed`)
  const text = decode(found[1] ?? '', quote)
  return { token: { kind: quote === "'" ? 'string' : 'name', text, at }, end: at + found[0].length }
}

function readPlain(sql: string, at: number): Token {
  for (const [kind, pattern] of [
    ['word', word],
    ['number', number],
    ['sign', sign],
  ] as const) {
    const found = match(pattern, sql, at)
    if (found) return { kind, text: found[0], at }
  }
  throw malformed(`Unexpected character ${JSON.stringify(String.fromCodePoint(sql.codePointAt(at) ?? 0))} at ${at + 1}`)
}

/** Splits SQL into tokens; the last one is always `end`. Throws `syntax`. */
export function tokenize(sql: string): readonly Token[] {
  const tokens: Token[] = []
  let at = match(blank, sql, 0)?.[0].length ?? 0
  while (at < sql.length) {
    if (sql.startsWith('/*', at)) throw malformed('A comment is never closed')
    const read = readQuoted(sql, at)
    const token = read?.token ?? readPlain(sql, at)
    tokens.push(token)
    at = read?.end ?? at + token.text.length
    at += match(blank, sql, at)?.[0].length ?? 0
  }
  return [...tokens, { kind: 'end', text: '', at: sql.length }]
}
