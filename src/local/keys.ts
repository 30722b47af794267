import { createHash, randomBytes } from 'node:crypto'
import { type Owner, USERS, type User } from './seed.ts'

/** What a key may do; empty lists mean no restriction (fact sheet: cross-cutting 3). */
export interface KeySpec {
  readonly label: string
  readonly scopes: readonly string[]
  readonly owner?: Owner
  readonly projects?: readonly number[]
  readonly organizations?: readonly string[]
}

/** A key or an OAuth token as the API knows it: never its value, which exists only where it was made. */
export interface ApiKey {
  readonly kind: 'personal' | 'oauth'
  readonly id: string
  readonly label: string
  readonly mask: string
  readonly scopes: readonly string[]
  readonly scopedTeams: readonly number[]
  readonly scopedOrganizations: readonly string[]
  readonly createdAt: string
  readonly user: User
  lastUsedAt: string | null
}

/** What is kept of a secret. */
export const hash = (token: string): string => createHash('sha256').update(token).digest('hex')

/** A fresh secret with the prefix of its kind; `phx_` is a personal key (fact sheet: cross-cutting 3). */
export const newToken = (prefix = 'phx_'): string =>
  `${prefix}${randomBytes(32).toString('base64url').replace(/[-_]/g, '0')}`

/** The keys of one process, found by hash, as upstream keeps them. */
export class KeyRing {
  readonly #byHash = new Map<string, ApiKey>()

  /** Makes `token` valid with the given rights. */
  add(token: string, spec: KeySpec, createdAt: string): void {
    this.#byHash.set(hash(token), {
      kind: 'personal',
      id: hash(token).slice(0, 16),
      label: spec.label,
      mask: `phx_...${token.slice(-4)}`,
      scopes: spec.scopes,
      scopedTeams: spec.projects ?? [],
      scopedOrganizations: spec.organizations ?? [],
      createdAt,
      user: USERS[spec.owner ?? 'admin'],
      lastUsedAt: null,
    })
  }

  /** The key behind a token, if it is one of ours. */
  find(token: string): ApiKey | undefined {
    return this.#byHash.get(hash(token))
  }
}
