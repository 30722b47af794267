import type { Catalogue, Tool } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import type { Config } from './config.ts'

/** The tools of one caller: what is listed is what can be called. */
export interface Surface {
  readonly offered: Catalogue
  /** Why a known tool is not offered; undefined for one that is, or that nobody knows. */
  whyNot(name: string): string | undefined
  /** The scopes of a tool that only the caller's credential keeps from being offered. */
  lacking(name: string): readonly string[] | undefined
}

/** What the operator allows, or a token. */
export interface Limits {
  readonly readOnly?: boolean | undefined
  readonly tools?: readonly string[] | undefined
  readonly toolsets?: readonly string[] | undefined
}

/** What one caller's token allows, within what the operator does; `scopes` are those of their PostHog credential. */
export interface CallerLimits extends Limits {
  readonly scopes?: readonly string[] | undefined
}

/**
 * Cuts the catalogue down to what the operator and the caller's token allow.
 * @throws ConfigError for a name in `--tools` that is no tool, or when the operator leaves nothing
 */
export const toSurface = (
  all: Catalogue,
  config: Pick<Config, 'readOnly' | 'tools' | 'toolsets'>,
  caller: CallerLimits = {},
): Surface => {
  const wrong = config.tools?.find((name) => !all.has(name))
  if (wrong !== undefined) throw new ConfigError(`--tools: there is no tool ${wrong}; the README lists them`)
  const barred = new Map([...all].map(([name, tool]) => [name, reasonAgainst(tool, config)]))
  if ([...barred.values()].every((reason) => reason !== undefined))
    throw new ConfigError('No tool is left: widen --tools, --toolsets or --read-only')
  for (const [name, tool] of all) barred.set(name, barred.get(name) ?? ofToken(reasonAgainst(tool, caller)))
  const whyNot = (name: string): string | undefined => {
    const tool = all.get(name)
    return tool && (barred.get(name) ?? lacks(tool, caller))
  }
  return {
    offered: new Map([...all].filter(([name]) => whyNot(name) === undefined)),
    whyNot,
    lacking: (name) => {
      const tool = all.get(name)
      return tool !== undefined && barred.get(name) === undefined && lacks(tool, caller) !== undefined
        ? tool.record.scopes
        : undefined
    },
  }
}

const reasonAgainst = ({ record }: Tool, { readOnly, tools, toolsets }: Limits): string | undefined => {
  // The tier, not only the effect: a read that needs a write scope can do more than its result shows.
  if (readOnly && (record.effect !== 'read' || record.tier !== 'read')) return '--read-only'
  if (toolsets !== undefined && !toolsets.includes(record.toolset)) return '--toolsets'
  if (tools !== undefined && !tools.includes(record.name)) return '--tools'
  return undefined
}

const ofToken = (flag: string | undefined): string | undefined =>
  flag && `${flag.replace('--', '').replace('-', '_')} of this token`

/** Write includes read of the same object, and `*` everything (fact sheet: cross-cutting 3.3). */
const lacks = ({ record }: Tool, { scopes }: CallerLimits): string | undefined => {
  if (scopes === undefined || scopes.includes('*')) return undefined
  const missing = record.scopes.find(
    (scope) => !scopes.includes(scope) && !scopes.includes(scope.replace(/:read$/, ':write')),
  )
  return missing && `the credential lacks the scope ${missing}`
}
