/** A registered application. Secrets are kept as hashes everywhere in this file. */
export interface ClientRecord {
  readonly id: string
  readonly name: string | null
  readonly redirectUris: readonly string[]
  readonly grantTypes: readonly string[]
  readonly authMethod: 'none' | 'client_secret_post'
  readonly secretHash: string | null
  /** The most it may ask for; null when it named no scopes at registration. */
  readonly scopes: readonly string[] | null
}

/** What a person granted to an application. An empty list of projects or organizations is no restriction. */
export interface Terms {
  /** null for a token without application (fact sheet: cross-cutting 3.1). */
  readonly clientId: string | null
  /** null for a person who is gone. */
  readonly userId: number | null
  readonly scopes: readonly string[]
  readonly scopedTeams: readonly number[]
  readonly scopedOrganizations: readonly string[]
}

/** An authorization code: five minutes, one use. Times are milliseconds since 1970. */
export interface CodeRecord extends Terms {
  readonly hash: string
  readonly redirectUri: string
  readonly challenge: string
  readonly expiresAt: number
}

/** A family of tokens: everything that came of one consent. Revoking removes it with its tokens. */
export interface GrantRecord extends Terms {
  readonly id: string
  readonly createdAt: string
}

/** One token. `usedAt` is when a refresh token was exchanged for the first time. */
export interface TokenRecord {
  readonly hash: string
  readonly mask: string
  readonly kind: 'access' | 'refresh'
  readonly grant: string
  readonly expiresAt: number
  usedAt: number | null
}

/** Everything of OAuth that survives a restart. */
export interface OAuthState {
  readonly clients: ClientRecord[]
  readonly codes: CodeRecord[]
  readonly grants: GrantRecord[]
  readonly tokens: TokenRecord[]
}

/** Nobody registered, nothing granted. */
export const emptyOAuthState = (): OAuthState => ({ clients: [], codes: [], grants: [], tokens: [] })
