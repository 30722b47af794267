import type { Cursor } from './cursor.ts'
import { unsupported } from './refusals.ts'
import type { Call, Expression, Order, Window } from './syntax.ts'

type Read = (cursor: Cursor) => Expression

/** Reads what starts with a name: a column path, `t.*`, a call or a lambda of one parameter. */
export function callOrField(cursor: Cursor, read: Read): Expression {
  const quoted = cursor.peek().kind === 'name'
  // `left(` and `any(` are functions although the words alone are reserved.
  const first = cursor.is('(', 1) && cursor.peek().kind === 'word' ? cursor.next().text : cursor.name()
  if (cursor.is('(') && !quoted) return call(cursor, first, read)
  if (cursor.take('->')) return { kind: 'lambda', parameters: [first], body: read(cursor) }
  const path = [first]
  while (cursor.take('.')) {
    if (cursor.take('*')) return { kind: 'star', table: path }
    const token = cursor.peek()
    if (token.kind !== 'name' && token.kind !== 'word') throw unsupported('"." followed by anything but a name')
    path.push(cursor.next().text)
  }
  if (cursor.is('(')) throw unsupported(`the function ${path.join('.')}`)
  return { kind: 'field', path }
}

const refusedCalls: Readonly<Record<string, string>> = {
  extract: 'EXTRACT(unit FROM …); use toYear(x), toMonth(x) and so on',
  trim: 'TRIM(… FROM …)',
}

function call(cursor: Cursor, name: string, read: Read): Expression {
  cursor.expect('(')
  if (name.toLowerCase() === 'cast') throw unsupported('CAST(… AS …); write x::int')
  const distinct = cursor.take('distinct')
  const first = bracketed(cursor, name, read)
  const parametric = cursor.is('(') && !distinct
  if (parametric) cursor.next()
  const lateDistinct = parametric && cursor.take('distinct')
  const plain: Call = parametric
    ? { kind: 'call', name, parameters: first, arguments: bracketed(cursor, name, read), distinct: lateDistinct }
    : { kind: 'call', name, arguments: first, distinct }
  for (const word of ['filter', 'ignore', 'respect', 'within']) {
    if (cursor.is(word) && (cursor.is('(', 1) || cursor.is('nulls', 1) || cursor.is('group', 1))) {
      throw unsupported(`${word.toUpperCase()} after a function`)
    }
  }
  if (!cursor.take('over')) return plain
  return { ...plain, over: cursor.take('(') ? window(cursor, read) : cursor.name() }
}

function bracketed(cursor: Cursor, name: string, read: Read): Expression[] {
  if (cursor.take(')')) return []
  // A bare nested query is an argument too: `coalesce((select …), 0)` has its own brackets, so it is not read here.
  const items = cursor.list(() => read(cursor))
  const refused = refusedCalls[name.toLowerCase()]
  if (cursor.is('from') && refused) throw unsupported(refused)
  cursor.expect(')')
  return items
}

/** Reads one ORDER BY element. */
export function order(cursor: Cursor, read: Read): Order {
  const by = read(cursor)
  const descending = cursor.take('desc')
  if (!descending) cursor.take('asc')
  for (const word of ['nulls', 'collate']) if (cursor.is(word)) throw unsupported(`${word.toUpperCase()} in ORDER BY`)
  if (cursor.take('with')) throw unsupported('WITH FILL')
  return { by, descending }
}

/** Reads a window after its opening bracket, up to and with the closing one. */
export function window(cursor: Cursor, read: Read): Window {
  const partitionBy = cursor.take('partition', 'by') ? cursor.list(() => read(cursor)) : []
  const orderBy = cursor.take('order', 'by') ? cursor.list(() => order(cursor, read)) : []
  const bounds = frame(cursor)
  cursor.expect(')')
  return bounds === undefined ? { partitionBy, orderBy } : { partitionBy, orderBy, frame: bounds }
}

function frame(cursor: Cursor): string | undefined {
  const unit = ['rows', 'range'].find((word) => cursor.take(word))
  if (!unit) return undefined
  if (!cursor.take('between')) return `${unit.toUpperCase()} ${bound(cursor)}`
  const start = bound(cursor)
  cursor.expect('and')
  return `${unit.toUpperCase()} BETWEEN ${start} AND ${bound(cursor)}`
}

function bound(cursor: Cursor): string {
  if (cursor.take('current', 'row')) return 'CURRENT ROW'
  const token = cursor.next()
  const start = token.kind === 'number' && /^\d+$/.test(token.text) ? token.text : undefined
  if (start === undefined && token.text.toLowerCase() !== 'unbounded') throw unsupported('this window frame')
  if (cursor.take('preceding')) return `${start ?? 'UNBOUNDED'} PRECEDING`
  cursor.expect('following')
  return `${start ?? 'UNBOUNDED'} FOLLOWING`
}
