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

/** The flag that keeps a tool from being offered; undefined where none does. */
export const reasonAgainst = ({ record }: Tool, limits: Limits): string | undefined => {
  const { readOnly, tiers = {}, toolsets, tools, excludeTools } = limits
  if (readOnly && worstOf(record) !== 'read') return '--read-only'
  const ceiling = beyond(record, tiers)
  if (ceiling !== undefined) return `--tier ${ceiling}`
  if (toolsets !== undefined && !toolsets.includes(record.toolset)) return '--toolsets'
  if (tools !== undefined && !tools.includes(record.name)) return '--tools'
  if (excludeTools?.includes(record.name)) return '--exclude-tools'
  return undefined
}
