import { unsupported } from './refusals.ts'
import type { Comparison, Expression } from './syntax.ts'

/** A side of a comparison, as it was read and as the engine gets it. */
export interface Side {
  readonly value: Expression
  readonly text: string
}

const isNull = ({ value }: Side): boolean => value.kind === 'null'
const isConstant = ({ value }: Side): boolean => ['string', 'number', 'bool', 'null'].includes(value.kind)
const isText = ({ value }: Side): boolean => value.kind === 'string'

const same: readonly Comparison[] = ['equals', 'like', 'ilike']
const different: readonly Comparison[] = ['notEquals', 'notLike', 'notILike']

const numberOf = ({ value }: Side): number | undefined => {
  if (value.kind === 'bool') return value.value ? 1 : 0
  const number = value.kind === 'number' ? Number(value.text) : Number.NaN
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined
}

/** PostHog compares two constants itself, and there a text never equals a number; the engine would convert it. */
function constantAnswer(name: Comparison, left: Side, right: Side): boolean | undefined {
  if (!isConstant(left) || !isConstant(right) || isNull(left) || isNull(right)) return undefined
  if (name !== 'equals' && name !== 'notEquals') {
    if (isText(left) === isText(right) || name.toLowerCase().includes('like')) return undefined
    throw unsupported('the order of a text and a number')
  }
  if (isText(left) !== isText(right)) return name === 'notEquals'
  const [one, other] = [numberOf(left), numberOf(right)]
  if (one === undefined || other === undefined) return undefined
  return (one === other) === (name === 'equals')
}

/**
 * Engine SQL of a comparison. In HogQL it is never NULL: two NULLs are equal and alike, one NULL differs from
 * everything. In JOIN … ON PostHog leaves it as it is.
 */
export function printComparison(name: Comparison, left: Side, right: Side, joining: boolean): string {
  const plain = `${name}(${left.text}, ${right.text})`
  const constant = constantAnswer(name, left, right)
  if (constant !== undefined) return constant ? '1' : '0'
  if (joining) return plain
  if (!same.includes(name) && !different.includes(name)) return `ifNull(${plain}, 0)`
  const [test, both, otherwise] = same.includes(name) ? ['isNull', 'and', '0'] : ['isNotNull', 'or', '1']
  if (isNull(right)) return `${test}(${left.text})`
  if (isNull(left)) return `${test}(${right.text})`
  if (isConstant(left) || isConstant(right)) return `ifNull(${plain}, ${otherwise})`
  return `ifNull(${plain}, ${both}(${test}(${left.text}), ${test}(${right.text})))`
}
