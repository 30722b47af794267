import { type Command, InvalidArgumentError } from 'commander'
import { TIERS, type Tiers, TOOLSETS } from './tiers.ts'

/** The flags that say what is offered, as typed; absent ones are undefined. */
export type LimitFlags = Partial<{
  readOnly: boolean
  tier: Tiers
  tools: string[]
  toolsets: string[]
  excludeTools: string[]
  allowList: string
}>

const toList = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/** One `--tier`, beside those before it. */
const toTiers = (text: string, before: Tiers = {}): Tiers => {
  const [word = '', toolset] = text.split('=').reverse()
  const tier = TIERS.find((known) => known === word)
  const whose = toolset === undefined ? 'all' : TOOLSETS.find((known) => known === toolset)
  if (tier === undefined || whose === undefined || text.split('=').length > 2)
    throw new InvalidArgumentError(
      `It is ${TIERS.join(', ')}, or one of these for a toolset, such as ${TOOLSETS[2]}=write. Toolsets: ${TOOLSETS.join(', ')}.`,
    )
  if (before[whose] !== undefined && before[whose] !== tier)
    throw new InvalidArgumentError(`It was ${before[whose]} before; leave one out.`)
  return { ...before, [whose]: tier }
}

/** Flags that say which tools there are. */
export const addLimitFlags = (command: Command): Command =>
  command
    .option(
      '--tier <tier>',
      'the most that tools may do at worst: read, write or destructive; for one toolset: warehouse_tables=write (repeatable)',
      toTiers,
    )
    .option('--read-only', 'the same as --tier read')
    .option('--tools <names>', 'offer only these tools (comma-separated)', toList)
    .option('--toolsets <names>', `offer only these toolsets: ${TOOLSETS.join(', ')}`, toList)
    .option('--exclude-tools <names>', 'offer all but these tools (comma-separated)', toList)

/** The file of an unattended agent. */
export const addAllowListFlag = (command: Command): Command =>
  command.option('--allow-list <file>', 'offer only the tools in this file, which allow-list writes')
