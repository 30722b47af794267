import { hasScope } from '../auth.ts'
import { type ApiKey, hash, newToken } from '../keys.ts'
import { PROJECTS } from '../seed.ts'
import type { World } from '../world.ts'
import { consentPage, errorPage } from './consent-page.ts'
import { IDENTITY_SCOPES, SCOPES, toScopes } from './oauth-scopes.ts'
import type { ClientRecord } from './oauth-state.ts'
import { readForm } from './oauth-wire.ts'
import { coversRedirect } from './redirects.ts'

/** How long a code can be exchanged (fact sheet: cross-cutting 4). */
const CODE_MS = 300_000

const KEPT = [
  'response_type',
  'client_id',
  'redirect_uri',
  'code_challenge',
  'code_challenge_method',
  'scope',
  'state',
] as const

interface Ask {
  readonly client: ClientRecord
  readonly redirectUri: string
  readonly challenge: string
  readonly scopes: readonly string[]
}

const redirect = (uri: string, answer: Readonly<Record<string, string | null>>): Response => {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(answer)) if (value !== null) url.searchParams.set(name, value)
  return new Response(null, { status: 302, headers: { Location: url.href, 'Cache-Control': 'no-store' } })
}

/** What is asked for, cut to the application's ceiling; without `scope` it is `openid` and opens nothing. */
const scopesOf = (client: ClientRecord, text: string | null): readonly string[] | undefined => {
  const asked = toScopes(text ?? '')
  if (asked.some((scope) => !SCOPES.includes(scope))) return undefined
  const { scopes: ceiling } = client
  const kept = ceiling === null ? asked : asked.filter((scope) => ceiling.includes(scope))
  return asked.length === 0 ? ['openid'] : kept
}

const mistakeOf = (params: URLSearchParams): readonly [error: string, description: string] | undefined => {
  if (params.get('response_type') !== 'code') return ['unsupported_response_type', 'response_type must be code.']
  if (!params.get('code_challenge')) return ['invalid_request', 'Code challenge required.']
  // Left out it means `plain` (RFC 7636), which is refused like the word itself.
  if (params.get('code_challenge_method') !== 'S256') return ['invalid_request', 'Transform algorithm not supported.']
  return undefined
}

/** Either what is asked, or the answer to a wrong request; only a known address is ever redirected to. */
const readAsk = async (world: World, params: URLSearchParams): Promise<Ask | Response> => {
  const client = world.store.state.oauth.clients.find(({ id }) => id === params.get('client_id'))
  if (client === undefined) {
    return errorPage(
      'The client_id is unknown. Register the application at /oauth/register/; the local warehouse reads no client metadata documents.',
    )
  }
  const asked = params.get('redirect_uri') ?? (client.redirectUris.length === 1 ? (client.redirectUris[0] ?? '') : '')
  if (!client.redirectUris.some((uri) => coversRedirect(uri, asked))) {
    return errorPage('The redirect_uri is not one of the application’s.')
  }
  const state = params.get('state')
  const mistake = mistakeOf(params)
  if (mistake !== undefined) return redirect(asked, { error: mistake[0], error_description: mistake[1], state })
  const scopes = scopesOf(client, params.get('scope'))
  if (scopes === undefined)
    return redirect(asked, { error: 'invalid_scope', error_description: 'Unknown scope.', state })
  return { client, redirectUri: asked, challenge: params.get('code_challenge') ?? '', scopes }
}

const show = (ask: Ask, params: URLSearchParams, complaint?: string): Promise<Response> =>
  consentPage({
    application: ask.client.name ?? 'An application without a name',
    scopes: ask.scopes,
    fields: Object.fromEntries(KEPT.flatMap((name) => (params.has(name) ? [[name, params.get(name) ?? '']] : []))),
    projects: PROJECTS,
    ...(complaint === undefined ? {} : { complaint }),
  })

/** `GET /oauth/authorize/`: the page, or an error. */
export const showConsent = async (world: World, request: Request): Promise<Response> => {
  const params = new URL(request.url).searchParams
  const ask = await readAsk(world, params)
  return ask instanceof Response ? ask : show(ask, params)
}

const teamsOf = (key: ApiKey, chosen: readonly string[]): readonly number[] => {
  const ids = chosen.map(Number).filter((id) => PROJECTS.some((project) => project.id === id))
  if (ids.length === 0) return key.scopedTeams
  return key.scopedTeams.length === 0 ? ids : ids.filter((id) => key.scopedTeams.includes(id))
}

/** A code for what the person left checked and its key itself may do. */
const grant = (world: World, ask: Ask, key: ApiKey, form: URLSearchParams): string => {
  const code = newToken('')
  const granted = form.getAll('granted')
  world.store.state.oauth.codes.push({
    hash: hash(code),
    clientId: ask.client.id,
    userId: key.user.id,
    scopes: ask.scopes.filter(
      (scope) => granted.includes(scope) && (IDENTITY_SCOPES.includes(scope) || hasScope(key, scope)),
    ),
    scopedTeams: teamsOf(key, form.getAll('project')),
    scopedOrganizations: key.scopedOrganizations,
    redirectUri: ask.redirectUri,
    challenge: ask.challenge,
    expiresAt: world.clock() + CODE_MS,
  })
  return code
}

/** `POST /oauth/authorize/`: what the person decided. */
export const decide = async (world: World, request: Request): Promise<Response> => {
  const form = await readForm(request)
  const ask = await readAsk(world, form)
  if (ask instanceof Response) return ask
  const state = form.get('state')
  if (form.get('decision') !== 'allow') return redirect(ask.redirectUri, { error: 'access_denied', state })
  const key = world.keys.find((form.get('personal_api_key') ?? '').trim())
  if (key?.user.isActive !== true) return show(ask, form, 'This is not a personal API key of this local warehouse.')
  const projects = form.getAll('project')
  if (projects.length > 0 && teamsOf(key, projects).length === 0) {
    return show(ask, form, 'The key does not have access to the chosen projects.')
  }
  const code = grant(world, ask, key, form)
  await world.store.save()
  return redirect(ask.redirectUri, { code, state })
}
