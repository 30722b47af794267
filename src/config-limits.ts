import type { Catalogue } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import type { LimitFlags } from './command-line-limits.ts'
import { type Limits, reasonAgainst } from './limits.ts'
import { letWrite, TOOLSETS } from './tiers.ts'

/** What the operator allows. @throws ConfigError for flags that contradict each other */
export const toLimits = ({ readOnly, tier, tools, toolsets, excludeTools }: LimitFlags): Limits => {
  if (readOnly && letWrite(tier)) throw new ConfigError('--read-only is --tier read: leave it out, or the other --tier')
  const wrong = toolsets?.find((name) => !TOOLSETS.some((toolset) => toolset === name))
  if (wrong !== undefined) throw new ConfigError(`--toolsets: there is no ${wrong}; there are ${TOOLSETS.join(', ')}`)
  return { readOnly, tiers: tier, tools, toolsets, excludeTools }
}

/**
 * Holds what the operator allows to the tools there are.
 * @throws ConfigError for a name that is no tool, or when nothing is left
 */
export const checkLimits = (all: Catalogue, limits: Limits): void => {
  const named = [
    ['--tools', limits.tools],
    ['--exclude-tools', limits.excludeTools],
  ] as const
  for (const [flag, names] of named) {
    const wrong = names?.find((name) => !all.has(name))
    if (wrong !== undefined) throw new ConfigError(`${flag}: there is no tool ${wrong}; the README lists them`)
  }
  if ([...all.values()].every((tool) => reasonAgainst(tool, limits) !== undefined))
    throw new ConfigError('No tool is left: widen --tier (or --read-only), --toolsets, --tools or --exclude-tools')
}
