import type { Expression, Item, Query } from './syntax.ts'

/**
 * The column name PostHog gives a select item: its alias, the last part of a column path, or the printed
 * expression. Stars have none.
 */
export function itemName(item: Item): string | undefined {
  if (item.alias !== undefined) return item.alias
  if (item.value.kind === 'star') return undefined
  return item.value.kind === 'field' ? item.value.path.at(-1) : print(item.value)
}

/** The names of a query's columns where the text tells them, in order; undefined stands for a star. */
export function columnNames(query: Query): readonly (string | undefined)[] {
  if (query.kind === 'select') return query.items.map(itemName)
  const [first] = query.parts
  return first ? columnNames(first) : []
}

/** Puts the names over the engine's own columns. One star may stand for any number of columns. */
export function overlayNames(names: readonly (string | undefined)[], actual: readonly string[]): readonly string[] {
  const star = names.indexOf(undefined)
  if (star === -1) return actual.map((name, index) => names[index] ?? name)
  if (star !== names.lastIndexOf(undefined)) return actual
  const after = names.length - star - 1
  return actual.map((name, index) => {
    if (index < star) return names[index] ?? name
    const fromEnd = actual.length - index
    return fromEnd <= after ? (names[names.length - fromEnd] ?? name) : name
  })
}

const list = (items: readonly Expression[]): string => items.map(print).join(', ')

function print(value: Expression): string {
  switch (value.kind) {
    case 'field':
      return value.path.join('.')
    case 'star':
      return [...value.table, '*'].join('.')
    case 'string':
      return `'${value.value}'`
    case 'number':
      return value.text
    case 'bool':
      return String(value.value)
    case 'null':
      return 'NULL'
    case 'arithmetic':
    case 'compare':
      return `${value.name}(${print(value.left)}, ${print(value.right)})`
    case 'logic':
      return `${value.name}(${list(value.items)})`
    case 'not':
      return `not(${print(value.of)})`
    case 'isNull':
      return `${value.negated ? 'isNotNull' : 'isNull'}(${print(value.of)})`
    case 'between':
      return `${print(value.of)}${value.negated ? ' NOT' : ''} BETWEEN ${print(value.low)} AND ${print(value.high)}`
    case 'in':
      return `${value.negated ? 'notIn' : 'in'}(${print(value.of)}, ${print(value.among)})`
    case 'interval':
      return `toInterval(${print(value.amount)}, ${value.unit})`
    case 'lambda':
      return `${value.parameters.join(', ')} -> ${print(value.body)}`
    case 'array':
      return `[${list(value.items)}]`
    case 'tuple':
      return `tuple(${list(value.items)})`
    case 'element':
      return `${print(value.of)}[${print(value.at)}]`
    case 'subquery':
      return 'subquery'
    default:
      return printed(value)
  }
}

function printed(value: Extract<Expression, { kind: 'call' | 'case' | 'cast' }>): string {
  if (value.kind === 'cast') return `${value.to}(${print(value.of)}${value.to === 'toDateTime' ? ", 'UTC'" : ''})`
  if (value.kind === 'case') {
    const branches = value.whens.flatMap(({ condition, result }) => [condition, result])
    return `${value.of ? 'caseWithExpression' : 'multiIf'}(${list([...(value.of ? [value.of] : []), ...branches, value.otherwise])})`
  }
  const parameters = value.parameters ? `(${list(value.parameters)})` : ''
  const call = `${value.name}${parameters}(${value.distinct ? 'DISTINCT ' : ''}${list(value.arguments)})`
  return value.over === undefined ? call : `${call} OVER ${typeof value.over === 'string' ? value.over : '(…)'}`
}
