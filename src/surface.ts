import type { Catalogue, Tool } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import type { Config } from './config.ts'

/** The tools of this process: what is listed is what can be called. */
export interface Surface {
  readonly offered: Catalogue
  /** Why a known tool is not offered; undefined for one that is, or that nobody knows. */
  whyNot(name: string): string | undefined
}

/**
 * Cuts the catalogue down to what the operator allows.
 * @throws ConfigError for a name in `--tools` that is no tool, or when nothing is left
 */
export const toSurface = (all: Catalogue, config: Pick<Config, 'readOnly' | 'tools' | 'toolsets'>): Surface => {
  const wrong = config.tools?.find((name) => !all.has(name))
  if (wrong !== undefined) throw new ConfigError(`--tools: there is no tool ${wrong}; the README lists them`)
  const reasons = new Map([...all.values()].map((tool) => [tool.record.name, reasonAgainst(tool, config)]))
  const offered = new Map([...all].filter(([name]) => reasons.get(name) === undefined))
  if (offered.size === 0) throw new ConfigError('No tool is left: widen --tools, --toolsets or --read-only')
  return { offered, whyNot: (name) => reasons.get(name) }
}

const reasonAgainst = (
  { record }: Tool,
  { readOnly, tools, toolsets }: Pick<Config, 'readOnly' | 'tools' | 'toolsets'>,
): string | undefined => {
  // The tier, not only the effect: a read that needs a write scope can do more than its result shows.
  if (readOnly && (record.effect !== 'read' || record.tier !== 'read')) return '--read-only'
  if (toolsets !== undefined && !toolsets.includes(record.toolset)) return '--toolsets'
  if (tools !== undefined && !tools.includes(record.name)) return '--tools'
  return undefined
}
