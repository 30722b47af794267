import { malformed, unsupported } from './refusals.ts'
import type { Expression, Query } from './syntax.ts'
import type { Token } from './tokens.ts'

// Deep enough for people, shallow enough that hostile brackets cannot overflow the stack.
const deepest = 200

/** Words that end an expression or a table, and so can never be an alias without AS or a bare column. */
const reserved = new Set(
  `select from where group having order limit offset union intersect except join inner left right full cross
   on using with as and or not in is like ilike between case when then else end window over prewhere
   sample final array settings format into qualify by distinct asc desc any all asof semi anti global
   outer natural lateral fetch top interval`.split(/\s+/),
)

/** A place in the tokens, with what the grammar needs to move on from it. */
export class Cursor {
  readonly #tokens: readonly Token[]
  readonly values: Readonly<Record<string, unknown>> | undefined
  /** Reads a nested query; set by the select grammar, which the expression grammar must not import. */
  readonly nested: (cursor: Cursor) => Query
  #at = 0
  #depth = 0

  constructor(
    tokens: readonly Token[],
    values: Readonly<Record<string, unknown>> | undefined,
    nested: (cursor: Cursor) => Query,
  ) {
    this.#tokens = tokens
    this.values = values
    this.nested = nested
  }

  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]
    if (!token) throw malformed('Empty query')
    return token
  }

  next(): Token {
    const token = this.peek()
    this.#at += 1
    return token
  }

  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    if (token.kind === 'sign') return token.text === text
    return token.kind === 'word' && token.text.toLowerCase() === text
  }

  /** Takes all of the given words and signs, or none. */
  take(...texts: readonly string[]): boolean {
    if (!texts.every((text, ahead) => this.is(text, ahead))) return false
    this.#at += texts.length
    return true
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.surprise(`expected ${text.toUpperCase()}`)
  }

  /** A name: quoted, or a word that is not reserved. */
  name(): string {
    const token = this.peek()
    if (!this.isName()) throw this.surprise('expected a name')
    this.#at += 1
    return token.text
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'name' || (token.kind === 'word' && !reserved.has(token.text.toLowerCase()))
  }

  /** `syntax`, saying what stands here and what was expected. */
  surprise(expected: string): Error {
    const token = this.peek()
    return malformed(
      token.kind === 'end'
        ? `Unexpected end of the query: ${expected}`
        : `Unexpected ${JSON.stringify(token.text.slice(0, 60))} at character ${token.at + 1}: ${expected}`,
    )
  }

  /** Runs `read` one level deeper; throws `unsupported` past the depth limit. */
  deeper<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > deepest) throw unsupported(`queries nested deeper than ${deepest} levels`)
    try {
      return read()
    } finally {
      this.#depth -= 1
    }
  }

  list<T>(read: () => T): T[] {
    const items = [read()]
    while (this.take(',')) items.push(read())
    return items
  }
}

// More would be refused when it is written out, after a long time.
const mostConstants = 100_000

/** Turns a placeholder's value into constants. Throws `unsupported` for what has no literal, and for too much. */
export function constant(value: unknown, name: string, budget = { left: mostConstants }, depth = 0): Expression {
  budget.left -= 1
  if (budget.left < 0 || depth > deepest) throw unsupported(`a value this large for the placeholder {${name}}`)
  if (value === null) return { kind: 'null' }
  if (typeof value === 'string') return { kind: 'string', value }
  if (typeof value === 'boolean') return { kind: 'bool', value }
  if (typeof value === 'number' && Number.isFinite(value)) return { kind: 'number', text: String(value) }
  if (Array.isArray(value)) {
    return { kind: 'array', items: value.map((item) => constant(item, name, budget, depth + 1)) }
  }
  throw unsupported(`a value of this type for the placeholder {${name}}`)
}

/** Reads `{name}` after its opening brace. */
export function placeholder(cursor: Cursor): Expression {
  if (!cursor.isName()) throw unsupported('placeholders other than {name}')
  const name = cursor.name()
  if (name === 'filters' || name === 'variables' || !cursor.take('}')) {
    throw unsupported(`the placeholder {${name}}${name === 'filters' ? '' : ' with an expression'}`)
  }
  if (!cursor.values || !Object.hasOwn(cursor.values, name)) throw unsupported(`the unfilled placeholder {${name}}`)
  return constant(cursor.values[name], name)
}
