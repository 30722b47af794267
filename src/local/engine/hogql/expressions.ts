import { EngineError } from '../engine.ts'
import { callOrField } from './calls.ts'
import { type Cursor, placeholder } from './cursor.ts'
import { unsupported } from './refusals.ts'
import type { Arithmetic, Comparison, Expression, When } from './syntax.ts'
import { castCall } from './types.ts'

// Each operator in a row nests the tree one deeper, and ClickHouse bounds that depth as well.
const longestChain = 200

/** Reads one expression: the loosest binding first, OR. */
export function expression(cursor: Cursor): Expression {
  return cursor.deeper(() => {
    const value = logic(cursor, 'or', () => logic(cursor, 'and', () => negation(cursor)))
    if (cursor.is('?')) throw unsupported('the ternary operator "? :"')
    return value
  })
}

function logic(cursor: Cursor, name: 'and' | 'or', read: () => Expression): Expression {
  const items = [read()]
  while (cursor.take(name)) items.push(read())
  const [only] = items
  return items.length === 1 && only ? only : { kind: 'logic', name, items }
}

function negation(cursor: Cursor): Expression {
  if (cursor.take('not')) return cursor.deeper(() => ({ kind: 'not', of: negation(cursor) }))
  return comparison(cursor)
}

const comparisons: Readonly<Record<string, Comparison>> = {
  '=': 'equals',
  '==': 'equals',
  '!=': 'notEquals',
  '<>': 'notEquals',
  '<': 'less',
  '<=': 'lessOrEquals',
  '>': 'greater',
  '>=': 'greaterOrEquals',
}

// PostHog's ?? binds looser than a comparison, unlike everybody's habit; `plan ?? 'free' = 'free'` must not be guessed at.
const besideNullish = '?? beside a comparison without brackets'

/** One or more values joined by `??`, or compared. */
function comparison(cursor: Cursor): Expression {
  let left = sum(cursor)
  for (let length = 0; cursor.take('??'); length += 1) {
    if (length === longestChain) throw unsupported(`more than ${longestChain} operators in a row`)
    left = { kind: 'call', name: 'ifNull', arguments: [left, sum(cursor)], distinct: false }
    if (!cursor.is('??')) {
      if (compared(cursor, left) !== left) throw unsupported(besideNullish)
      return left
    }
  }
  const value = compared(cursor, left)
  if (cursor.is('??')) throw unsupported(besideNullish)
  return value
}

function compared(cursor: Cursor, first: Expression): Expression {
  let left = first
  for (let length = 0; ; length += 1) {
    if (length > longestChain) throw unsupported(`more than ${longestChain} comparisons in a row`)
    const name = cursor.peek().kind === 'sign' ? comparisons[cursor.peek().text] : undefined
    if (name) {
      cursor.next()
      left = { kind: 'compare', name, left, right: sum(cursor) }
      continue
    }
    const more = predicate(cursor, left)
    if (!more) return left
    left = more
  }
}

/** IS NULL, LIKE, IN and BETWEEN, each with its NOT. */
function predicate(cursor: Cursor, of: Expression): Expression | undefined {
  if (cursor.take('is')) {
    const negated = cursor.take('not')
    if (!cursor.take('null')) throw unsupported('IS with anything but NULL')
    return { kind: 'isNull', of, negated }
  }
  const negated = cursor.is('not') && ['like', 'ilike', 'in', 'between'].some((word) => cursor.is(word, 1))
  if (negated) cursor.next()
  if (cursor.take('like')) return { kind: 'compare', name: negated ? 'notLike' : 'like', left: of, right: sum(cursor) }
  if (cursor.take('ilike'))
    return { kind: 'compare', name: negated ? 'notILike' : 'ilike', left: of, right: sum(cursor) }
  if (cursor.take('in')) return { kind: 'in', of, among: among(cursor), negated }
  if (!cursor.take('between')) return undefined
  const low = sum(cursor)
  cursor.expect('and')
  return { kind: 'between', of, low, high: sum(cursor), negated }
}

function among(cursor: Cursor): Expression {
  if (cursor.is('cohort')) throw unsupported('IN COHORT')
  const right = sum(cursor)
  if (right.kind === 'subquery' || right.kind === 'tuple' || right.kind === 'array') return right
  if (!['string', 'number', 'bool', 'null'].includes(right.kind)) throw unsupported('IN without a list or a subquery')
  return { kind: 'tuple', items: [right] }
}

/** `+`, `-` and `||` bind alike. */
function sum(cursor: Cursor): Expression {
  let left = product(cursor)
  for (let length = 0; ; length += 1) {
    const sign = cursor.peek().kind === 'sign' ? cursor.peek().text : ''
    if (!['+', '-', '||'].includes(sign)) return left
    if (length === longestChain) throw unsupported(`more than ${longestChain} operators in a row`)
    cursor.next()
    const right = product(cursor)
    if (sign !== '||') left = { kind: 'arithmetic', name: sign === '+' ? 'plus' : 'minus', left, right }
    else if (left.kind === 'call' && left.name === 'concat') left = { ...left, arguments: [...left.arguments, right] }
    else left = { kind: 'call', name: 'concat', arguments: [left, right], distinct: false }
  }
}

function product(cursor: Cursor): Expression {
  return chain(cursor, { '*': 'multiply', '/': 'divide', '%': 'modulo' }, () => unary(cursor))
}

function chain(cursor: Cursor, names: Readonly<Record<string, Arithmetic>>, read: () => Expression): Expression {
  let left = read()
  for (let length = 0; ; length += 1) {
    const name = cursor.peek().kind === 'sign' ? names[cursor.peek().text] : undefined
    if (!name) return left

    if (length === longestChain) throw unsupported(`more than ${longestChain} operators in a row`)
    cursor.next()
    left = { kind: 'arithmetic', name, left, right: read() }
  }
}

function unary(cursor: Cursor): Expression {
  if (!cursor.take('-')) return postfix(cursor)
  const of = cursor.deeper(() => unary(cursor))
  if (of.kind === 'number' && !of.text.startsWith('-')) return { kind: 'number', text: `-${of.text}` }
  return { kind: 'call', name: 'negate', arguments: [of], distinct: false }
}

/** PostHog's own refusal; the engine would answer with the type's empty value. */
const fromZero = (): EngineError =>
  new EngineError('syntax', 'SQL indexes start from one, not from zero. E.g: array[1]', { name: '0' })

function postfix(cursor: Cursor): Expression {
  let of = primary(cursor)
  for (;;) {
    if (cursor.take('::')) of = castCall(cursor, of)
    else if (cursor.take('[')) {
      const at = expression(cursor)
      cursor.expect(']')
      if (at.kind === 'number' && Number(at.text) === 0) throw fromZero()
      of =
        at.kind === 'string' && of.kind === 'field'
          ? { kind: 'field', path: [...of.path, at.value] }
          : { kind: 'element', of, at }
    } else if (cursor.is('.')) throw unsupported('"." after anything but a name')
    else return of
  }
}

function primary(cursor: Cursor): Expression {
  const token = cursor.peek()
  if (token.kind === 'string') return { kind: 'string', value: cursor.next().text }
  if (token.kind === 'number') {
    if (!Number.isFinite(Number(token.text))) throw unsupported('a number this large')
    return { kind: 'number', text: cursor.next().text }
  }
  if (cursor.take('{')) return placeholder(cursor)
  if (cursor.take('*')) return { kind: 'star', table: [] }
  if (cursor.take('(')) return bracketed(cursor)
  if (cursor.take('[')) return { kind: 'array', items: listUntil(cursor, ']') }
  if (cursor.take('case')) return caseOf(cursor)
  if (cursor.take('interval')) return interval(cursor)
  if (cursor.take('null')) return { kind: 'null' }
  if (cursor.is('true') || cursor.is('false'))
    return { kind: 'bool', value: cursor.next().text.toLowerCase() === 'true' }
  return callOrField(cursor, expression)
}

function listUntil(cursor: Cursor, close: string): Expression[] {
  if (cursor.take(close)) return []
  const items = cursor.list(() => expression(cursor))
  cursor.expect(close)
  return items
}

/** After "(": a nested query, a bracketed expression, a tuple, or the parameters of a lambda. */
function bracketed(cursor: Cursor): Expression {
  if (cursor.is('select') || cursor.is('with')) {
    const query = cursor.deeper(() => cursor.nested(cursor))
    cursor.expect(')')
    return { kind: 'subquery', query }
  }
  const items = listUntil(cursor, ')')
  if (cursor.take('->')) {
    const parameters = items.map((item) => {
      if (item.kind === 'field' && item.path.length === 1 && item.path[0] !== undefined) return item.path[0]
      throw cursor.surprise('expected names before ->')
    })
    return { kind: 'lambda', parameters, body: expression(cursor) }
  }
  const [only] = items
  return items.length === 1 && only ? only : { kind: 'tuple', items }
}

function caseOf(cursor: Cursor): Expression {
  const of = cursor.is('when') ? undefined : expression(cursor)
  const whens: When[] = []
  while (cursor.take('when')) {
    const condition = expression(cursor)
    cursor.expect('then')
    whens.push({ condition, result: expression(cursor) })
  }
  if (whens.length === 0) throw cursor.surprise('expected WHEN')
  const otherwise: Expression = cursor.take('else') ? expression(cursor) : { kind: 'null' }
  cursor.expect('end')
  return of ? { kind: 'case', of, whens, otherwise } : { kind: 'case', whens, otherwise }
}

const units = new Set(['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'])

function interval(cursor: Cursor): Expression {
  const token = cursor.peek()
  // Both spellings: INTERVAL 7 DAY and INTERVAL '7 day'.
  const inText = token.kind === 'string' ? /^(-?\d+) ([A-Za-z]+)$/.exec(token.text) : null
  const amount: Expression = inText ? { kind: 'number', text: inText[1] ?? '' } : unary(cursor)
  if (inText) cursor.next()
  const unit = (inText?.[2] ?? cursor.next().text).toLowerCase().replace(/s$/, '')
  if (!units.has(unit)) throw unsupported(`the interval unit ${unit}`)
  return { kind: 'interval', amount, unit }
}
