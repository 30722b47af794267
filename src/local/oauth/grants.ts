import { randomUUID } from 'node:crypto'
import { unauthenticated } from '../errors.ts'
import { type ApiKey, hash, newToken } from '../keys.ts'
import { userById } from '../seed.ts'
import { timestamp, type World } from '../world.ts'
import type { GrantRecord, Terms, TokenRecord } from './oauth-state.ts'

/** Seconds an access token lives (fact sheet: cross-cutting 3). */
export const ACCESS_SECONDS = 3600

const REFRESH_MS = 30 * 86_400_000
/** How long a rotated refresh token is still taken, for clients whose answer was lost. */
const GRACE_MS = 120_000

/** The two secrets of one exchange, and what they stand for. */
export interface Issued {
  readonly access: string
  readonly refresh: string
  readonly grant: GrantRecord
}

const drop = <T>(list: T[], isGone: (item: T) => boolean): void => {
  const kept = list.filter((item) => !isGone(item))
  list.splice(0, list.length, ...kept)
}

const add = (world: World, kind: TokenRecord['kind'], grant: string, lifeMs: number): string => {
  const token = newToken(kind === 'access' ? 'pha_' : 'phr_')
  const mask = `${token.slice(0, 4)}...${token.slice(-4)}`
  const expiresAt = world.clock() + lifeMs
  world.store.state.oauth.tokens.push({ hash: hash(token), mask, kind, grant, expiresAt, usedAt: null })
  return token
}

/** Tokens are told to be expired for as long as they could have been refreshed; then they are forgotten. */
const prune = (world: World): void => {
  const { oauth } = world.store.state
  const now = world.clock()
  drop(oauth.codes, ({ expiresAt }) => expiresAt <= now)
  drop(oauth.tokens, ({ expiresAt }) => expiresAt <= now - REFRESH_MS)
  drop(oauth.grants, ({ id }) => !oauth.tokens.some(({ grant }) => grant === id))
}

const issuePair = (world: World, grant: GrantRecord): Issued => {
  const issued = {
    access: add(world, 'access', grant.id, ACCESS_SECONDS * 1000),
    refresh: add(world, 'refresh', grant.id, REFRESH_MS),
    grant,
  }
  prune(world)
  return issued
}

/** Starts a family of tokens. */
export const issue = (world: World, terms: Terms): Issued => {
  const { clientId, userId, scopes, scopedTeams, scopedOrganizations } = terms
  const grant: GrantRecord = {
    id: randomUUID(),
    clientId,
    userId,
    scopes,
    scopedTeams,
    scopedOrganizations,
    createdAt: timestamp(world),
  }
  world.store.state.oauth.grants.push(grant)
  return issuePair(world, grant)
}

/** Removes a family with all its tokens. */
const revokeFamily = (world: World, grant: string): void => {
  const { oauth } = world.store.state
  drop(oauth.tokens, (token) => token.grant === grant)
  drop(oauth.grants, ({ id }) => id === grant)
}

const tokenRecord = (world: World, token: string, kind?: TokenRecord['kind']): TokenRecord | undefined =>
  world.store.state.oauth.tokens.find(
    (record) => record.hash === hash(token) && (kind === undefined || record.kind === kind),
  )

const grantOf = (world: World, record: TokenRecord | undefined): GrantRecord | undefined =>
  world.store.state.oauth.grants.find(({ id }) => id === record?.grant)

/**
 * Exchanges a refresh token for a new pair; undefined when it is not good for one. A second use after the grace time
 * is taken for theft and ends the whole family. Upstream answers a repeat within the grace time with the same pair;
 * only hashes are kept here, so it gets another one of the same family.
 */
export const refresh = (world: World, token: string, clientId: string): Issued | undefined => {
  const record = tokenRecord(world, token, 'refresh')
  const grant = grantOf(world, record)
  const now = world.clock()
  if (record === undefined || grant?.clientId !== clientId || record.expiresAt <= now) return undefined
  if (record.usedAt !== null && now > record.usedAt + GRACE_MS) {
    revokeFamily(world, grant.id)
    return undefined
  }
  record.usedAt ??= now
  return issuePair(world, grant)
}

/** Ends an access token, or with a refresh token its whole family. Unknown tokens and other applications' are left. */
export const revoke = (world: World, token: string, clientId: string): void => {
  const record = tokenRecord(world, token)
  const grant = grantOf(world, record)
  if (record === undefined || grant?.clientId !== clientId) return
  if (record.kind === 'refresh') revokeFamily(world, grant.id)
  else drop(world.store.state.oauth.tokens, (other) => other === record)
}

/** A token that is alive, with its grant. */
export const findLive = (
  world: World,
  token: string,
): { readonly record: TokenRecord; readonly grant: GrantRecord } | undefined => {
  const record = tokenRecord(world, token)
  const grant = grantOf(world, record)
  if (record === undefined || grant === undefined || record.expiresAt <= world.clock()) return undefined
  return { record, grant }
}

const failed = (detail: string) => unauthenticated(detail, 'authentication_failed')

/** An access token as a credential. Throws the 401s of fact sheet: cross-cutting 3.1, in its order. */
export const authenticateToken = (world: World, token: string): ApiKey => {
  const record = tokenRecord(world, token, 'access')
  const grant = grantOf(world, record)
  if (record === undefined || grant === undefined) throw failed('Invalid access token.')
  if (record.expiresAt <= world.clock()) throw failed('Access token has expired.')
  const user = userById(grant.userId)
  if (user === undefined) throw failed('User associated with access token not found.')
  if (!user.isActive) throw failed('User associated with access token is disabled.')
  const client = world.store.state.oauth.clients.find(({ id }) => id === grant.clientId)
  if (client === undefined) throw failed('Access token is not associated with a valid application.')
  return {
    kind: 'oauth',
    id: record.hash.slice(0, 16),
    label: client.name ?? client.id,
    mask: record.mask,
    scopes: grant.scopes,
    scopedTeams: grant.scopedTeams,
    scopedOrganizations: grant.scopedOrganizations,
    createdAt: grant.createdAt,
    user,
    lastUsedAt: null,
  }
}
