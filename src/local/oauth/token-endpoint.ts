import { createHash, timingSafeEqual } from 'node:crypto'
import { hash } from '../keys.ts'
import type { World } from '../world.ts'
import { ACCESS_SECONDS, findLive, type Issued, issue, refresh, revoke } from './grants.ts'
import type { ClientRecord, CodeRecord } from './oauth-state.ts'
import { bearerOf, OAuthError, type Parameters, readParameters, toAnswer } from './oauth-wire.ts'

const sameText = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

/** The application that asks. Throws `invalid_client`. */
const readClient = (world: World, { client_id, client_secret }: Parameters): ClientRecord => {
  const client = world.store.state.oauth.clients.find(({ id }) => id === client_id)
  const isKnown =
    client !== undefined && (client.secretHash === null || sameText(hash(client_secret ?? ''), client.secretHash))
  if (!isKnown) throw new OAuthError('invalid_client', 'The client or its secret is wrong.', 401)
  return client
}

const isVerified = (code: CodeRecord, verifier: string): boolean =>
  /^[\w.~-]{43,128}$/.test(verifier) &&
  sameText(createHash('sha256').update(verifier).digest('base64url'), code.challenge)

/** Takes a code out of the state: it can be exchanged once, by its own application, with its verifier. */
const exchange = (world: World, client: ClientRecord, given: Parameters): Issued | undefined => {
  const { codes } = world.store.state.oauth
  const at = codes.findIndex((code) => code.hash === hash(given.code ?? ''))
  const code = codes[at]
  if (code === undefined || code.clientId !== client.id || code.expiresAt <= world.clock()) return undefined
  if (code.redirectUri !== given.redirect_uri || !isVerified(code, given.code_verifier ?? '')) return undefined
  codes.splice(at, 1)
  return issue(world, code)
}

const toTokens = ({ access, refresh: refreshToken, grant }: Issued, origin: string): Response =>
  toAnswer({
    access_token: access,
    token_type: 'Bearer',
    expires_in: ACCESS_SECONDS,
    refresh_token: refreshToken,
    scope: grant.scopes.join(' '),
    scoped_teams: grant.scopedTeams,
    scoped_organizations: grant.scopedOrganizations,
    posthog_base_url: origin,
  })

/** `POST /oauth/token/`: codes and refresh tokens against a pair of tokens. */
export const giveTokens = async (world: World, request: Request): Promise<Response> => {
  const given = await readParameters(request)
  const client = readClient(world, given)
  const type = given.grant_type ?? ''
  if (!['authorization_code', 'refresh_token'].includes(type)) {
    throw new OAuthError('unsupported_grant_type', 'The local warehouse takes authorization_code and refresh_token.')
  }
  if (!client.grantTypes.includes(type)) {
    throw new OAuthError('unauthorized_client', `The application is not registered for ${type}.`)
  }
  const issued =
    type === 'refresh_token' ? refresh(world, given.refresh_token ?? '', client.id) : exchange(world, client, given)
  // A refused refresh may have ended its family.
  await world.store.save()
  if (issued === undefined) throw new OAuthError('invalid_grant', 'The code or token is wrong, expired or used.')
  return toTokens(issued, new URL(request.url).origin)
}

/** `POST /oauth/revoke/` (RFC 7009): 200 without body, also for a token nobody knows. */
export const revokeToken = async (world: World, request: Request): Promise<Response> => {
  const given = await readParameters(request)
  revoke(world, given.token ?? '', readClient(world, given).id)
  await world.store.save()
  return new Response(null, { status: 200 })
}

/**
 * `POST /oauth/introspect/`: any token may ask about itself; about another one it needs the scope `introspection`.
 * Whatever is not alive is `{"active": false}` and nothing more.
 */
export const introspect = async (world: World, request: Request): Promise<Response> => {
  const { token = '' } = await readParameters(request)
  const bearer = bearerOf(request)
  const asker = bearer === undefined ? undefined : findLive(world, bearer)
  if (bearer === undefined || (bearer !== token && asker === undefined)) {
    throw new OAuthError('invalid_token', 'A token is needed as bearer.', 401)
  }
  if (bearer !== token && !asker?.grant.scopes.includes('introspection')) {
    throw new OAuthError('insufficient_scope', 'The scope introspection is needed.', 403)
  }
  const found = findLive(world, token)
  if (found === undefined) return toAnswer({ active: false })
  const { record, grant } = found
  const client = world.store.state.oauth.clients.find(({ id }) => id === grant.clientId)
  return toAnswer({
    active: true,
    scope: grant.scopes.join(' '),
    client_id: grant.clientId,
    client_name: client?.name ?? null,
    exp: Math.floor(record.expiresAt / 1000),
    scoped_teams: grant.scopedTeams,
    scoped_organizations: grant.scopedOrganizations,
  })
}
