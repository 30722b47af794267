import { checkArity, findFunction } from './functions.ts'
import { printComparison } from './print-comparison.ts'
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
    case 'call':
      return printCall(value, scope, printer)
    case 'arithmetic':
      return `${value.name}(${list([value.left, value.right])})`
    case 'compare':
      return compare(value.name, value.left, value.right, scope, printer)
    case 'array':
    case 'tuple':
      return `${value.kind}(${list(value.items)})`
    case 'logic':
      return printLogic(value.name, value.items.map(print))
    case 'cast':
      return `${value.to}(${print(value.of)}${value.to === 'toDateTime' ? ", 'UTC'" : ''})`
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
    default:
      return printLiteral(value)
  }
}

function printLiteral(value: Extract<Expression, { kind: 'string' | 'number' | 'bool' | 'null' }>): string {
  if (value.kind === 'string') return quoteString(value.value)
  if (value.kind === 'number') return value.text
  // PostHog has no constants of type Bool.
  return value.kind === 'null' ? 'NULL' : value.value ? '1' : '0'
}

/** PostHog leaves out what cannot change the outcome, and with it the conversion of what is left alone. */
function printLogic(name: 'and' | 'or', items: readonly string[]): string {
  const [decisive, idle] = name === 'and' ? ['0', '1'] : ['1', '0']
  if (items.includes(decisive)) return decisive
  const rest = items.filter((item) => item !== idle)
  return rest.length > 1 ? `${name}(${rest.join(', ')})` : (rest[0] ?? idle)
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

function compare(name: Comparison, left: Expression, right: Expression, scope: Scope, printer: Printer): string {
  const side = (value: Expression) => ({ value, text: printExpression(value, scope, printer) })
  return printComparison(name, side(left), side(right), scope.joining)
}

function printBetween(value: Extract<Expression, { kind: 'between' }>, scope: Scope, printer: Printer): string {
  const side = (name: Comparison, bound: Expression): string => compare(name, value.of, bound, scope, printer)
  return value.negated
    ? `or(${side('less', value.low)}, ${side('greater', value.high)})`
    : `and(${side('greaterOrEquals', value.low)}, ${side('lessOrEquals', value.high)})`
}

const comparisons: ReadonlySet<string> = new Set<Comparison>([
  'equals',
  'notEquals',
  'less',
  'lessOrEquals',
  'greater',
  'greaterOrEquals',
  'like',
  'notLike',
  'ilike',
  'notILike',
])

const isComparison = (name: string): name is Comparison => comparisons.has(name)

function printCall(call: Call, scope: Scope, printer: Printer): string {
  const known = findFunction(call.name)
  if (!known) throw unsupported(`the function ${call.name}`)
  checkArity(call, known)
  const [left, right] = call.arguments
  // Written as a function it is the same comparison, also with NULL.
  if (isComparison(known.name) && left && right) return compare(known.name, left, right, scope, printer)
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
  const text = known.print?.(args, call) ?? `${head}(${call.distinct ? 'DISTINCT ' : ''}${args.join(', ')})`
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
