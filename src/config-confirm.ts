import { ConfigError, type Flags } from './command-line.ts'
import type { ConfirmSettings, Unasked } from './confirm/policy.ts'

type Env = Readonly<Record<string, string | undefined>>

/** 32 bytes, which a seal's key should have, as text. */
const SHORTEST_KEY = 32

const toUnasked = (text: string): Unasked => {
  if (text === 'refuse' || text === 'preview') return text
  throw new ConfigError(`--unasked: ${text} is no policy; it is refuse or preview, such as --unasked preview`)
}

/** How changes are approved. @throws ConfigError */
export const toConfirmSettings = ({ confirm, unasked = [] }: Flags): ConfirmSettings => {
  const all = unasked.filter((text) => !text.includes('='))
  if (all.length > 1) throw new ConfigError('--unasked is given twice for all calls')
  const [policy] = all
  const each = unasked.filter((text) => text.includes('=')).map((text) => text.split('='))
  return {
    writes: confirm === 'writes',
    unasked: policy === undefined ? undefined : toUnasked(policy),
    unaskedOf: new Map(each.map(([tool = '', word = '']) => [tool, toUnasked(word)])),
  }
}

/** What replicas seal confirmations with. @throws ConfigError that does not repeat it */
export const toSealingKey = ({ MCP_SEALING_KEY: text, REDIS_URL }: Env): Buffer | undefined => {
  if (text === undefined || text === '') {
    if (REDIS_URL)
      throw new ConfigError(
        'REDIS_URL needs MCP_SEALING_KEY, the same for all replicas: what one has sealed the others open. Make one with: openssl rand -base64 32',
      )
    return undefined
  }
  if (text.length < SHORTEST_KEY)
    throw new ConfigError('MCP_SEALING_KEY is shorter than 32 characters; make one with: openssl rand -base64 32')
  if (!REDIS_URL)
    throw new ConfigError(
      'MCP_SEALING_KEY is for several replicas and needs REDIS_URL, where it is recorded that a confirmation was used: without it one would count once on every replica',
    )
  return Buffer.from(text)
}
