import { checkAllowList, readAllowList } from './allow-list.ts'
import type { Catalogue } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import type { LimitFlags } from './command-line-limits.ts'
import { type OperatorLimits, reasonAgainst } from './limits.ts'
import { letWrite, TOOLSETS } from './tiers.ts'

/** What the operator allows. @throws ConfigError for flags that contradict each other, and for a wrong file */
export const toLimits = ({ readOnly, tier, tools, toolsets, excludeTools, allowList }: LimitFlags): OperatorLimits => {
  if (readOnly && letWrite(tier)) throw new ConfigError('--read-only is --tier read: leave it out, or the other --tier')
  const wrong = toolsets?.find((name) => !TOOLSETS.some((toolset) => toolset === name))
  if (wrong !== undefined) throw new ConfigError(`--toolsets: there is no ${wrong}; there are ${TOOLSETS.join(', ')}`)
  return {
    readOnly,
    tiers: tier,
    tools,
    toolsets,
    excludeTools,
    allowList: allowList === undefined ? undefined : readAllowList(allowList),
  }
}

/**
 * Holds what the operator allows to the tools there are.
 * @throws ConfigError for a name that is no tool, a pinned tool that changed, or when nothing is left
 */
export const checkLimits = (all: Catalogue, limits: OperatorLimits): void => {
  const named = [
    ['--tools', limits.tools],
    ['--exclude-tools', limits.excludeTools],
  ] as const
  for (const [flag, names] of named) {
    const wrong = names?.find((name) => !all.has(name))
    if (wrong !== undefined) throw new ConfigError(`${flag}: there is no tool ${wrong}; the README lists them`)
  }
  if (limits.allowList !== undefined) checkAllowList(all, limits.allowList)
  if ([...all.values()].every((tool) => reasonAgainst(tool, limits) !== undefined))
    throw new ConfigError(
      'No tool is left: widen --tier (or --read-only), --toolsets, --tools, --exclude-tools or --allow-list',
    )
}
