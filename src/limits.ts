import type { AllowList } from './allow-list.ts'
import type { Tool } from './catalogue.ts'
import { beyond, type Tiers, worstOf } from './tiers.ts'

/** What the operator allows, or a token; each only takes away. */
export interface Limits {
  /** Short for reads alone. */
  readonly readOnly?: boolean | undefined
  readonly tiers?: Tiers | undefined
  readonly tools?: readonly string[] | undefined
  readonly toolsets?: readonly string[] | undefined
  readonly excludeTools?: readonly string[] | undefined
}

/** What the operator alone can say. */
export interface OperatorLimits extends Limits {
  readonly allowList?: AllowList | undefined
}

/** The flag that keeps a tool from being offered; undefined where none does. */
export const reasonAgainst = ({ record }: Tool, limits: OperatorLimits): string | undefined => {
  const { readOnly, tiers = {}, toolsets, tools, excludeTools, allowList } = limits
  if (readOnly && worstOf(record) !== 'read') return '--read-only'
  const ceiling = beyond(record, tiers)
  if (ceiling !== undefined) return `--tier ${ceiling}`
  if (toolsets !== undefined && !toolsets.includes(record.toolset)) return '--toolsets'
  if (tools !== undefined && !tools.includes(record.name)) return '--tools'
  if (excludeTools?.includes(record.name)) return '--exclude-tools'
  if (allowList === undefined) return undefined
  return allowList.pins.has(record.name) && beyond(record, allowList.tiers) === undefined ? undefined : '--allow-list'
}
