import { findFunction } from './functions.ts'
import { quoteName, quoteString } from './quote.ts'
import { unsupported } from './refusals.ts'
import { locate, type Scope } from './scope.ts'
import type { Call, Comparison, Expression, Order, Query, Window } from './syntax.ts'

/** Prints a nested query; the select printer sets it, which this file must not import. */
export interface Printer {
  query(query: Query, scope: Scope): string
}

// Null handling doubles operands, so a chain of comparisons grows with its square and worse.
const longest = 400_000

/** Engine SQL of an expression. Every operator becomes a function call, every name is quoted. */
export function printExpression(value: Expression, scope: Scope, printer: Printer): string {
  const text = printAny(value, scope, printer)
  if (text.length > longest) throw unsupported('a query this large after its views and comparisons are written out')
  return text
}

function printAny(value: Expression, scope: Scope, printer: Printer): string {
  const print = (inner: Expression): string => printExpression(inner, scope, printer)
  const list = (items: readonly Expression[]): string => items.map(print).join(', ')
  switch (value.kind) {
    case 'field':
      return printField(value.path, scope)
    case 'star':
      throw unsupported('* anywhere but in a select list or count(*)')
    case 'string':
    case 'number':
    case 'bool':
    case 'null':
      return printLiteral(value)
    case 'call':
      return printCall(value, scope, printer)
    case 'arithmetic':
      return `${value.name}(${list([value.left, value.right])})`
    case 'compare':
      return printComparison(value.name, value.left, value.right, scope, printer)
    case 'array':
    case 'tuple':
    case 'logic':
      return `${value.kind === 'logic' ? value.name : value.kind}(${list(value.items)})`
    case 'not':
      return `not(${print(value.of)})`
    case 'isNull':
      return `${value.negated ? 'isNotNull' : 'isNull'}(${print(value.of)})`
    case 'between':
      return printBetween(value, scope, printer)
    case 'in':
      return `${value.negated ? 'notIn' : 'in'}(${print(value.of)}, ${print(value.among)})`
    case 'case':
      return printCase(value, print)
    case 'interval':
      return `toInterval${value.unit.charAt(0).toUpperCase()}${value.unit.slice(1)}(${print(value.amount)})`
    case 'lambda':
      throw unsupported('a lambda outside an array function')
    case 'element':
      return `arrayElement(${print(value.of)}, ${print(value.at)})`
    case 'subquery':
      return `(${printer.query(value.query, scope)})`
  }
}

function printLiteral(value: Extract<Expression, { kind: 'string' | 'number' | 'bool' | 'null' }>): string {
  if (value.kind === 'string') return quoteString(value.value)
  if (value.kind === 'number') return value.text
  return value.kind === 'bool' ? String(value.value) : 'NULL'
}

function printField(path: readonly string[], scope: Scope): string {
  const place = locate(path, scope)
  const column =
    place.table === undefined ? quoteName(place.column) : `${quoteName(place.table)}.${quoteName(place.column)}`
  if (place.keys.length === 0) return column
  // PostHog's own reading of a property: the raw JSON without its outer quotes, NULL when absent or null.
  const raw = `JSONExtractRaw(${[column, ...place.keys.map(quoteString)].join(', ')})`
  return `replaceRegexpAll(nullIf(nullIf(${raw}, ''), 'null'), '^"|"$', '')`
}

function printCase(value: Extract<Expression, { kind: 'case' }>, print: (inner: Expression) => string): string {
  const branches = value.whens.flatMap(({ condition, result }) => [condition, result])
  const all = [...(value.of ? [value.of] : []), ...branches, value.otherwise]
  return `${value.of ? 'caseWithExpression' : 'multiIf'}(${all.map(print).join(', ')})`
}

const isLiteral = (value: Expression): boolean => ['string', 'number', 'bool'].includes(value.kind)

/** HogQL comparisons are never NULL: two NULLs are equal, one NULL differs from everything. */
function printComparison(
  name: Comparison,
  left: Expression,
  right: Expression,
  scope: Scope,
  printer: Printer,
): string {
  const [l, r] = [printExpression(left, scope, printer), printExpression(right, scope, printer)]
  if (name === 'equals' || name === 'notEquals') {
    const test = name === 'equals' ? 'isNull' : 'isNotNull'
    if (right.kind === 'null') return `${test}(${l})`
    if (left.kind === 'null') return `${test}(${r})`
  }
  const plain = `${name}(${l}, ${r})`
  if (scope.joining) return plain
  const both = !isLiteral(left) && !isLiteral(right)
  if (name === 'equals') return `ifNull(${plain}, ${both ? `and(isNull(${l}), isNull(${r}))` : '0'})`
  if (name === 'notEquals') return `ifNull(${plain}, ${both ? `or(isNotNull(${l}), isNotNull(${r}))` : '1'})`
  return `ifNull(${plain}, ${name.startsWith('not') ? '1' : '0'})`
}

function printBetween(value: Extract<Expression, { kind: 'between' }>, scope: Scope, printer: Printer): string {
  const side = (name: Comparison, bound: Expression): string => printComparison(name, value.of, bound, scope, printer)
  return value.negated
    ? `or(${side('less', value.low)}, ${side('greater', value.high)})`
    : `and(${side('greaterOrEquals', value.low)}, ${side('lessOrEquals', value.high)})`
}

function printCall(call: Call, scope: Scope, printer: Printer): string {
  const known = findFunction(call.name)
  if (!known) throw unsupported(`the function ${call.name}`)
  if (call.distinct && known.group !== 'aggregate') throw unsupported(`DISTINCT in ${call.name}`)
  if (call.parameters && !known.parametric) throw unsupported(`parameters before the arguments of ${call.name}`)
  if (call.over === undefined ? known.group === 'window' : known.group === 'scalar') {
    throw unsupported(`${call.name} ${call.over === undefined ? 'without' : 'with'} OVER`)
  }
  const args = printArguments(call, known, scope, printer)
  const parameters = call.parameters?.map((value) => {
    if (value.kind !== 'number') throw unsupported(`a parameter of ${call.name} that is not a number`)
    return value.text
  })
  const head = `${known.name}${parameters ? `(${parameters.join(', ')})` : ''}`
  const text = known.print?.(args) ?? `${head}(${call.distinct ? 'DISTINCT ' : ''}${args.join(', ')})`
  if (call.over === undefined) return text
  return `${text} OVER ${typeof call.over === 'string' ? quoteName(call.over) : printWindow(call.over, scope, printer)}`
}

function printArguments(
  call: Call,
  known: { name: string; takesLambda: boolean },
  scope: Scope,
  printer: Printer,
): string[] {
  return call.arguments.map((value, index) => {
    if (value.kind === 'star' && known.name === 'count' && value.table.length === 0) return ''
    if (value.kind !== 'lambda' || !known.takesLambda || index !== 0) return printExpression(value, scope, printer)
    const inner = { ...scope, lambda: new Set([...scope.lambda, ...value.parameters]) }
    return `(${value.parameters.map(quoteName).join(', ')}) -> ${printExpression(value.body, inner, printer)}`
  })
}

/** Engine SQL of ORDER BY elements. */
export function printOrder(orders: readonly Order[], scope: Scope, printer: Printer): string {
  return orders
    .map(({ by, descending }) => `${printExpression(by, scope, printer)} ${descending ? 'DESC' : 'ASC'}`)
    .join(', ')
}

/** Engine SQL of a window, brackets included. */
export function printWindow(window: Window, scope: Scope, printer: Printer): string {
  const partition = window.partitionBy.map((by) => printExpression(by, scope, printer)).join(', ')
  const parts = [
    partition && `PARTITION BY ${partition}`,
    window.orderBy.length > 0 && `ORDER BY ${printOrder(window.orderBy, scope, printer)}`,
    window.frame,
  ]
  return `(${parts.filter(Boolean).join(' ')})`
}
