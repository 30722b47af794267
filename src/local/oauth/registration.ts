import { randomUUID } from 'node:crypto'
import { hash, newToken } from '../keys.ts'
import type { World } from '../world.ts'
import { SCOPES, toScopes } from './oauth-scopes.ts'
import type { ClientRecord } from './oauth-state.ts'
import { OAuthError, readJson, toAnswer } from './oauth-wire.ts'
import { redirectRefusal } from './redirects.ts'

type Metadata = Readonly<Record<string, unknown>>

const LONGEST_NAME = 255
// Anybody may register, and all of it is kept.
const MOST_REDIRECTS = 20
const LONGEST_REDIRECT = 512
// One who keeps registering must not fill the state file; the oldest unused application makes room.
const MOST_CLIENTS = 1_000

const wrong = (description: string): OAuthError => new OAuthError('invalid_client_metadata', description)

const wrongRedirect = (description: string): OAuthError => new OAuthError('invalid_redirect_uri', description)

const readRedirects = (value: unknown): readonly string[] => {
  if (!Array.isArray(value) || value.length === 0) {
    throw wrongRedirect('At least one redirect URI is needed.')
  }
  if (value.length > MOST_REDIRECTS) throw wrongRedirect(`No more than ${MOST_REDIRECTS} redirect URIs are kept.`)
  return value.map((uri: unknown) => {
    const refusal = redirectRefusal(uri)
    if (refusal !== undefined) throw wrongRedirect(refusal)
    const address = String(uri)
    if (address.length <= LONGEST_REDIRECT) return address
    throw wrongRedirect(`A redirect URI must not be longer than ${LONGEST_REDIRECT} characters.`)
  })
}

/** Names that could be taken for PostHog's own are refused. */
const readName = (value: unknown): string | null => {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw wrong('client_name must be a text.')
  if (value.length > LONGEST_NAME) throw wrong(`client_name must not be longer than ${LONGEST_NAME} characters.`)
  if (/^posthog/i.test(value.trim())) throw wrong('client_name must not start with PostHog.')
  const word = /official|verified|trusted/i.exec(value)?.[0]
  if (word !== undefined) throw wrong(`client_name must not contain ${word}.`)
  return value
}

const readList = (value: unknown, name: string, known: readonly string[], fallback: readonly string[]) => {
  if (value === undefined || value === null) return fallback
  if (!Array.isArray(value)) throw wrong(`${name} must be a list.`)
  const words = value.map((word: unknown) => {
    if (typeof word === 'string' && known.includes(word)) return word
    throw wrong(`${name} may hold ${known.join(', ')}.`)
  })
  return [...new Set(words)]
}

const readMethod = (value: unknown): ClientRecord['authMethod'] => {
  if (value === undefined || value === null || value === 'none') return 'none'
  if (value === 'client_secret_post') return value
  throw wrong('token_endpoint_auth_method is none or client_secret_post.')
}

const toClient = (metadata: Metadata, secret: string | null): ClientRecord => ({
  id: randomUUID(),
  redirectUris: readRedirects(metadata.redirect_uris),
  name: readName(metadata.client_name),
  grantTypes: readList(
    metadata.grant_types,
    'grant_types',
    ['authorization_code', 'refresh_token'],
    ['authorization_code', 'refresh_token'],
  ),
  authMethod: secret === null ? 'none' : 'client_secret_post',
  secretHash: secret === null ? null : hash(secret),
  scopes:
    typeof metadata.scope === 'string' ? toScopes(metadata.scope).filter((scope) => SCOPES.includes(scope)) : null,
})

const makeRoom = (world: World): void => {
  const { clients, grants } = world.store.state.oauth
  if (clients.length < MOST_CLIENTS) return
  const unused = clients.findIndex(({ id }) => !grants.some(({ clientId }) => clientId === id))
  clients.splice(Math.max(0, unused), 1)
}

/** `POST /oauth/register/` (RFC 7591): anybody may, and the answer has the secret once. */
export const register = async (world: World, request: Request): Promise<Response> => {
  const metadata = await readJson(request, 'invalid_client_metadata')
  const secret = readMethod(metadata.token_endpoint_auth_method) === 'none' ? null : newToken('')
  const responseTypes = readList(metadata.response_types, 'response_types', ['code'], ['code'])
  const client = toClient(metadata, secret)
  makeRoom(world)
  world.store.state.oauth.clients.push(client)
  await world.store.save()
  const body = {
    client_id: client.id,
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes,
    response_types: responseTypes,
    token_endpoint_auth_method: client.authMethod,
    client_id_issued_at: Math.floor(world.clock() / 1000),
    ...(client.name === null ? {} : { client_name: client.name }),
    ...(client.scopes === null ? {} : { scope: client.scopes.join(' ') }),
    ...(secret === null ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
  }
  return toAnswer(body, 201)
}
