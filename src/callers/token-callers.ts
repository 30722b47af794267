import type { AccessToken, AccessTokens, Ceiling } from './access-tokens.ts'
import { type Callers, NO_TOKEN, toToken } from './caller.ts'
import type { CallerPool, Kept } from './caller-pool.ts'

/** Callers who bring one of this server's own tokens; PostHog is called with the server's key. */
export const createTokenCallers = (
  tokens: AccessTokens,
  pool: CallerPool,
  make: (id: string, name: string, ceiling: Ceiling) => Kept,
): Callers => {
  // What a token that is no longer one had open ends with it.
  tokens.onChange((current) => {
    const ids = new Set(current.map(idOf))
    pool.retain((id) => ids.has(id))
  })
  return {
    isOpen: false,
    identify: async (authorization) => {
      const text = toToken(authorization)
      if (text === undefined) return NO_TOKEN
      const token = tokens.find(text)
      if (token === undefined)
        return { status: 401, error: 'invalid_token', description: 'This server does not know the token' }
      const id = idOf(token)
      return pool.take(id, () => make(id, token.name, token))
    },
    close: () => {
      tokens.close()
      return pool.close()
    },
  }
}

const idOf = (token: AccessToken): string => `token:${token.name}:${fingerprint(token)}`

/** Another secret or another ceiling under the same name is another caller. */
const fingerprint = ({ hash, readOnly, toolsets, tools, project, secrets }: AccessToken): string => {
  const all = [hash.toString('hex').slice(0, 16), readOnly, toolsets, tools, project, secrets]
  return Buffer.from(JSON.stringify(all)).toString('base64url')
}
