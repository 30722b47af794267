import { z } from 'zod'
import type { Described, Effect, Toolset } from './operation.ts'

/** What tools can be held to, from the least. */
export const TIERS = ['read', 'write', 'destructive'] as const satisfies readonly Effect[]

/** The toolsets: questions, and one for each REST resource. */
export const TOOLSETS: readonly Toolset[] = [
  'schema',
  'query',
  'warehouse_tables',
  'external_data_sources',
  'warehouse_saved_queries',
  'data_warehouse',
  'exports',
  'file_system',
]

/** The most that tools may do at worst, for all and for single toolsets; what neither names is not held to anything. */
export type Tiers = Readonly<Partial<Record<Toolset | 'all', Effect>>>

/** Ceilings as files have them: one word, or a word for each toolset. */
export const tiersSchema = z.union(
  [z.enum(TIERS).transform((all): Tiers => ({ all })), z.partialRecord(z.enum(['all', ...TOOLSETS]), z.enum(TIERS))],
  { error: `it is ${TIERS.join(', ')}, or an object such as {"all": "read", "warehouse_tables": "write"}` },
)

/** The worst that a tool can do, whatever its arguments: its effect, or what its scope lets it do where that is more. */
export const worstOf = ({ effect, tier }: Pick<Described, 'effect' | 'tier'>): Effect =>
  TIERS.indexOf(tier) > TIERS.indexOf(effect) ? tier : effect

/** The ceiling that a tool goes beyond, as one types it; undefined for one that stays below. */
export const beyond = (record: Pick<Described, 'effect' | 'tier' | 'toolset'>, tiers: Tiers): string | undefined => {
  const own = tiers[record.toolset]
  const most = own ?? tiers.all
  if (most === undefined || TIERS.indexOf(worstOf(record)) <= TIERS.indexOf(most)) return undefined
  return own === undefined ? most : `${record.toolset}=${own}`
}

/** Whether ceilings let more through than reads. */
export const letWrite = (tiers: Tiers = {}): boolean => Object.values(tiers).some((tier) => tier !== 'read')
