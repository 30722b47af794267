/** The authorization server from discovery to revocation, as a client meets it over HTTP. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Client as Connection } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askAdmin } from './admin-door.ts'
import { type Client, startClient } from './http-client.ts'

const CALLBACK = 'http://127.0.0.1:7777/callback'
let directory: string
let client: Client
let origin: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'oauth-'))
  client = await startClient({ admin: true, directory })
  origin = client.local.origin
})
afterAll(async () => {
  await client.local.close()
  await rm(directory, { recursive: true })
})

interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

const read = async (response: Response): Promise<Reply> => {
  const text = await response.text()
  // Compared with literals right away.
  const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  return { status: response.status, body, headers: response.headers }
}

const post = async (path: string, body: unknown, bearer?: string): Promise<Reply> =>
  read(
    await fetch(`${origin}/oauth/${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...(body instanceof URLSearchParams ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: body instanceof URLSearchParams ? body : JSON.stringify(body),
    }),
  )

const get = async (path: string, bearer: unknown): Promise<Reply> =>
  read(await fetch(`${origin}${path}`, { headers: { authorization: `Bearer ${String(bearer)}` } }))

const advance = (ms: number) => askAdmin(client, 'POST', 'clock', { advance_ms: ms })

const register = async (more: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
  const reply = await post('register/', { redirect_uris: [CALLBACK], client_name: 'Test', ...more })
  expect(reply.status).toBe(201)
  return reply.body
}

const verifier = randomBytes(32).toString('base64url')
const challenge = createHash('sha256').update(verifier).digest('base64url')

const asked = (clientId: unknown, more: Record<string, string> = {}): URLSearchParams =>
  new URLSearchParams({
    response_type: 'code',
    client_id: String(clientId),
    redirect_uri: CALLBACK,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: 's t&te',
    ...more,
  })

/** Reads the page and submits its form, as a person who agrees does. */
const consent = async (
  clientId: unknown,
  more: Record<string, string> = {},
  change: (form: URLSearchParams) => void = () => undefined,
): Promise<Response> => {
  const page = await (await fetch(`${origin}/oauth/authorize/?${asked(clientId, more)}`)).text()
  const form = new URLSearchParams()
  const decoded = (text = ''): string => text.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
  for (const [input] of page.matchAll(/<input [^>]*>/g)) {
    if (!/type="hidden"| checked/.test(input)) continue
    form.append(/name="([^"]*)"/.exec(input)?.[1] ?? '', decoded(/value="([^"]*)"/.exec(input)?.[1]))
  }
  form.set('personal_api_key', client.local.key)
  form.set('decision', 'allow')
  change(form)
  return fetch(`${origin}/oauth/authorize/`, { method: 'POST', body: form, redirect: 'manual' })
}

const codeOf = async (...given: Parameters<typeof consent>): Promise<string> => {
  const location = (await consent(...given)).headers.get('location')
  return new URL(location ?? '').searchParams.get('code') ?? ''
}

const exchange = (clientId: unknown, code: string, more: Record<string, string> = {}) =>
  post(
    'token/',
    new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: String(clientId),
      code,
      redirect_uri: CALLBACK,
      code_verifier: verifier,
      ...more,
    }),
  )

const refresh = (clientId: unknown, token: unknown) =>
  post('token', { grant_type: 'refresh_token', client_id: clientId, refresh_token: token })

const signIn = async (scope: string, change?: (form: URLSearchParams) => void) => {
  const { client_id: id } = await register()
  const { body } = await exchange(id, await codeOf(id, { scope }, change))
  return { id, access: body.access_token, refresh: body.refresh_token, body }
}

describe('discovery', () => {
  test('a 401 names the document, the document the server, the server its endpoints', async () => {
    const refused = await fetch(`${origin}/api/users/@me/`)
    const metadata = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1]
    expect(metadata).toBe(`${origin}/.well-known/oauth-protected-resource`)
    expect((await read(await fetch(String(metadata)))).body).toEqual({
      resource: origin,
      authorization_servers: [origin],
      scopes_supported: expect.arrayContaining(['openid', 'warehouse_view:read']),
      bearer_methods_supported: ['header'],
      resource_documentation: 'https://posthog.com/docs/api',
    })
    const server = (await read(await fetch(`${origin}/.well-known/oauth-authorization-server`))).body
    expect(server).toMatchObject({
      issuer: origin,
      authorization_endpoint: `${origin}/oauth/authorize/`,
      token_endpoint: `${origin}/oauth/token/`,
      registration_endpoint: `${origin}/oauth/register/`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
      code_challenge_methods_supported: ['S256'],
    })
    expect(server.scopes_supported).not.toContain('*')
    expect((await read(await fetch(`${origin}/.well-known/openid-configuration`))).body).toMatchObject(server)
  })
})

const addresses = (count: number): string[] => Array.from({ length: count }, (_, at) => `https://x.dev/cb/${at}`)
const addressOf = (length: number): string => 'https://x.dev/cb?'.padEnd(length, 'x')

describe('registration', () => {
  test('a public and a confidential application', async () => {
    const open = await register({ client_name: undefined })
    expect(open).toEqual({
      client_id: expect.any(String),
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      client_id_issued_at: expect.any(Number),
    })
    expect(await register({ token_endpoint_auth_method: 'client_secret_post' })).toMatchObject({
      client_name: 'Test',
      client_secret: expect.stringMatching(/^\w{40,}$/),
      client_secret_expires_at: 0,
    })
  })

  test.each([
    ['a name like ours', { client_name: 'PostHog helper' }, 'invalid_client_metadata'],
    ['a name with a claim', { client_name: 'The Verified one' }, 'invalid_client_metadata'],
    ['a long name', { client_name: 'x'.repeat(256) }, 'invalid_client_metadata'],
    ['a strange method', { token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    ['a strange grant', { grant_types: ['password'] }, 'invalid_client_metadata'],
    ['no address', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['white space', { redirect_uris: ['https://x.dev/a b'] }, 'invalid_redirect_uri'],
    ['script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['data', { redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    ['a file', { redirect_uris: ['file:///etc/passwd'] }, 'invalid_redirect_uri'],
    ['plain http elsewhere', { redirect_uris: ['http://x.dev/cb'] }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uris: ['https://x.dev/cb#x'] }, 'invalid_redirect_uri'],
    ['too many addresses', { redirect_uris: addresses(21) }, 'invalid_redirect_uri'],
    ['a long address', { redirect_uris: [addressOf(513)] }, 'invalid_redirect_uri'],
  ])('%s is refused', async (_why, more, error) => {
    const reply = await post('register/', { redirect_uris: ['https://x.dev/cb'], client_name: 'Test', ...more })
    expect(reply).toMatchObject({ status: 400, body: { error, error_description: expect.any(String) } })
  })

  test.each(['https://x.dev/cb', 'http://localhost:1/cb', 'http://[::1]/cb', 'cursor://anysphere/cb'])(
    '%s is allowed',
    async (uri) => expect((await register({ redirect_uris: [uri] })).redirect_uris).toEqual([uri]),
  )

  test('twenty addresses and one of 512 characters are allowed, and a repeated word is kept once', async () => {
    expect((await register({ redirect_uris: addresses(20) })).redirect_uris).toEqual(addresses(20))
    const grants = Array.from({ length: 500 }, () => 'refresh_token')
    const made = await register({ redirect_uris: [addressOf(512)], grant_types: grants })
    expect([made.redirect_uris, made.grant_types]).toEqual([[addressOf(512)], ['refresh_token']])
  })
})

describe('bodies nobody has vouched for', () => {
  const send = async (path: string, type: string | undefined, body: string): Promise<Reply> =>
    read(
      await fetch(`${origin}/oauth/${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: type === undefined ? {} : { 'content-type': type },
        body: new TextEncoder().encode(body),
      }),
    )
  const metadata = JSON.stringify({ redirect_uris: [CALLBACK] })

  test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp'])(
    'metadata of type %s is refused',
    async (type) =>
      expect(await send('register/', type, metadata)).toMatchObject({
        status: 400,
        body: { error: 'invalid_client_metadata', error_description: 'The body must be application/json.' },
      }),
  )

  test('metadata may say its character set', async () => {
    expect((await send('register', 'Application/JSON; charset=utf-8', metadata)).status).toBe(201)
  })

  test.each(['token/', 'revoke/', 'introspect/', 'authorize/'])('%s takes no other type either', async (path) => {
    expect(await send(path, 'text/plain', 'token=x&grant_type=refresh_token')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_description: expect.stringContaining('x-www-form-urlencoded') },
    })
  })

  /** On a connection of its own: one whose body was not read to its end is not one to ask again on. */
  const sendLong = async (path: string, body: string | Iterable<string>, headers: Record<string, string> = {}) => {
    const connection = new Connection(origin)
    const reply = await connection.request({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : Readable.from(body),
    })
    const answer = { status: reply.statusCode, body: await reply.body.json() }
    await connection.destroy()
    return answer
  }

  test.each([
    ['register/', 'invalid_client_metadata'],
    ['token/', 'invalid_request'],
    ['revoke/', 'invalid_request'],
    ['introspect/', 'invalid_request'],
    ['authorize/', 'invalid_request'],
  ])('%s ends at 64 KiB, whether or not the length is told', async (path, error) => {
    const refused = { status: 413, body: { error, error_description: 'The body is longer than 65536 bytes.' } }
    const parts = [...Array.from({ length: 64 }, () => 'x'.repeat(1_024)), 'x']
    expect(await sendLong(`/oauth/${path}`, parts)).toEqual(refused)
    expect(await sendLong(`/oauth/${path}`, parts.join(''))).toEqual(refused)
    expect((await sendLong(`/oauth/${path}`, parts.slice(1))).status).toBe(400)
  })

  test('the admin door reads no long body, and none without its token', async () => {
    const flood = 'x'.repeat(1_048_577)
    const token = String(client.local.adminToken)
    expect((await sendLong('/_admin/faults', flood, { 'x-admin-token': 'wrong' })).status).toBe(403)
    expect((await sendLong('/_admin/faults', flood, { 'x-admin-token': token })).status).toBe(413)
  })

  test('a call for a file has a file’s length only as a form', async () => {
    const reply = await sendLong('/api/projects/1/warehouse_tables/file/', 'x'.repeat(20_971_521))
    expect(reply).toMatchObject({ status: 413, body: { code: 'request_too_large' } })
  })
})

describe('consent', () => {
  test('a code goes to the application with its state', async () => {
    const { client_id: id } = await register()
    const location = new URL((await consent(id, { scope: 'openid query:read' })).headers.get('location') ?? '')
    expect(`${location.origin}${location.pathname}`).toBe(CALLBACK)
    expect(Object.fromEntries(location.searchParams)).toEqual({ code: expect.any(String), state: 's t&te' })
  })

  test('it takes a key, and a refusal is told', async () => {
    const { client_id: id } = await register()
    const wrong = await consent(id, {}, (form) => form.set('personal_api_key', 'phx_wrong'))
    expect([wrong.status, wrong.headers.get('location')]).toEqual([200, null])
    expect(await wrong.text()).toContain('This is not a personal API key of this local warehouse.')
    const denied = await consent(id, {}, (form) => form.set('decision', 'deny'))
    expect(denied.headers.get('location')).toBe(`${CALLBACK}?error=access_denied&state=s+t%26te`)
  })

  test('names are shown as text', async () => {
    const { client_id: id } = await register({ client_name: '<script>x</script>' })
    const page = await fetch(`${origin}/oauth/authorize/?${asked(id, { state: '"><b>' })}`)
    const text = await page.text()
    expect(text).toContain('&lt;script&gt;x&lt;/script&gt; wants access')
    expect(text).not.toContain('<b>')
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  test.each<[string, Record<string, string>, string]>([
    ['no PKCE', { code_challenge: '' }, 'invalid_request'],
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['an implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['the star', { scope: '*' }, 'invalid_scope'],
    ['an unknown scope', { scope: 'openid nope:read' }, 'invalid_scope'],
  ])('%s goes back as an error', async (_why, more, error) => {
    const { client_id: id } = await register()
    const response = await fetch(`${origin}/oauth/authorize/?${asked(id, more)}`, { redirect: 'manual' })
    const location = new URL(response.headers.get('location') ?? '')
    expect([response.status, location.searchParams.get('error')]).toEqual([302, error])
    expect(location.searchParams.get('state')).toBe('s t&te')
  })

  test('nothing is sent to an address that was not registered', async () => {
    const { client_id: id } = await register()
    const elsewhere = await fetch(
      `${origin}/oauth/authorize/?${asked(id, { redirect_uri: 'https://evil.example/' })}`,
      { redirect: 'manual' },
    )
    expect([elsewhere.status, elsewhere.headers.get('location')]).toEqual([400, null])
    const unknown = await fetch(`${origin}/oauth/authorize/?${asked('nobody')}`, { redirect: 'manual' })
    expect([unknown.status, unknown.headers.get('location')]).toEqual([400, null])
    // RFC 8252: a native application listens where it can.
    const otherPort = `http://127.0.0.1:9999/callback`
    expect((await fetch(`${origin}/oauth/authorize/?${asked(id, { redirect_uri: otherPort })}`)).status).toBe(200)
  })
})

describe('tokens', () => {
  test('a code becomes a token that works, within its scopes and the projects of the key', async () => {
    const { access, body } = await signIn('openid warehouse_table:read query:read')
    expect(body).toEqual({
      access_token: expect.stringMatching(/^pha_/),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^phr_/),
      scope: 'openid warehouse_table:read query:read',
      scoped_teams: [1],
      scoped_organizations: [],
      posthog_base_url: origin,
    })
    expect((await get('/api/projects/1/warehouse_tables/', access)).status).toBe(200)
    expect((await get('/api/projects/2/warehouse_tables/', access)).body.detail).toBe(
      'API key does not have access to the requested project: ID 2.',
    )
    expect((await get('/api/projects/1/warehouse_saved_queries/', access)).body.detail).toBe(
      "API key missing required scope 'warehouse_view:read'",
    )
    expect((await get('/oauth/userinfo/', access)).body).toEqual({ sub: '0194d642-0000-7000-8000-000000000001' })
  })

  test('a person can leave out scopes', async () => {
    const { body } = await signIn('openid warehouse_table:read query:read', (form) => {
      form.delete('granted')
      form.append('granted', 'query:read')
    })
    expect(body.scope).toBe('query:read')
  })

  test('an application gets no more than it registered for', async () => {
    const { client_id: id } = await register({ scope: 'openid query:read * nope' })
    const { body } = await exchange(id, await codeOf(id, { scope: 'openid query:read warehouse_view:write' }))
    expect(body.scope).toBe('openid query:read')
  })

  test('without a scope it is openid, and opens nothing', async () => {
    const { client_id: id } = await register()
    const { body } = await exchange(id, await codeOf(id))
    expect(body.scope).toBe('openid')
    const reply = await get('/api/projects/1/warehouse_tables/', body.access_token)
    expect(reply.status).toBe(403)
    expect(reply.body.detail).toBe("API key missing required scope 'warehouse_table:read'")
  })

  test('a code works once, for its application, with its verifier and address', async () => {
    const { client_id: id } = await register()
    const { client_id: other } = await register()
    const code = await codeOf(id)
    const refused = { status: 400, body: { error: 'invalid_grant' } }
    expect(await exchange(other, code)).toMatchObject(refused)
    expect(await exchange(id, code, { code_verifier: 'x'.repeat(43) })).toMatchObject(refused)
    expect(await exchange(id, code, { redirect_uri: 'https://x.dev/cb' })).toMatchObject(refused)
    expect(await exchange(id, 'nope')).toMatchObject(refused)
    const granted = await exchange(id, code)
    expect([granted.status, granted.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await exchange(id, code)).toMatchObject(refused)
  })

  test('a code lives five minutes', async () => {
    const { client_id: id } = await register()
    const [young, old] = [await codeOf(id), await codeOf(id)]
    await advance(299_000)
    expect((await exchange(id, young)).status).toBe(200)
    await advance(2_000)
    expect(await exchange(id, old)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })

  test('a confidential application needs its secret', async () => {
    const { client_id: id, client_secret: secret } = await register({
      token_endpoint_auth_method: 'client_secret_post',
    })
    const code = await codeOf(id)
    expect(await exchange(id, code)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    expect((await exchange(id, code, { client_secret: String(secret) })).status).toBe(200)
    expect(await post('token/', { grant_type: 'password', client_id: id, client_secret: secret })).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    })
  })

  test('an access token lives an hour', async () => {
    const { access } = await signIn('user:read')
    await advance(3_599_000)
    expect((await get('/api/users/@me/', access)).status).toBe(200)
    await advance(1_000)
    expect(await get('/api/users/@me/', access)).toMatchObject({
      status: 401,
      body: {
        type: 'authentication_error',
        code: 'authentication_failed',
        detail: 'Access token has expired.',
        attr: null,
      },
    })
  })
})

describe('refreshing', () => {
  test('rotates, forgives a repeat for two minutes, and ends the family after', async () => {
    const { id, access, refresh: first } = await signIn('user:read')
    const second = await refresh(id, first)
    expect(second).toMatchObject({ status: 200, body: { scope: 'user:read', expires_in: 3600 } })
    expect(second.body.refresh_token).not.toBe(first)
    await advance(119_000)
    const repeated = await refresh(id, first)
    expect(repeated.status).toBe(200)
    for (const token of [access, second.body.access_token, repeated.body.access_token]) {
      expect((await get('/api/users/@me/', token)).status).toBe(200)
    }
    await advance(2_000)
    expect(await refresh(id, first)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    for (const token of [access, second.body.access_token, repeated.body.access_token]) {
      expect((await get('/api/users/@me/', token)).body.detail).toBe('Invalid access token.')
    }
    expect((await refresh(id, second.body.refresh_token)).status).toBe(400)
  })

  test('is for the application it was given to, and for thirty days', async () => {
    const { id, refresh: token } = await signIn('user:read')
    const { client_id: other } = await register()
    expect((await refresh(other, token)).status).toBe(400)
    await advance(30 * 86_400_000 - 5_000)
    const renewed = await refresh(id, token)
    expect(renewed.status).toBe(200)
    await advance(30 * 86_400_000)
    expect((await refresh(id, renewed.body.refresh_token)).status).toBe(400)
  })
})

describe('introspection and revocation', () => {
  test('a token about itself', async () => {
    const { id, access } = await signIn('openid query:read')
    expect(await post('introspect', { token: access }, String(access))).toMatchObject({
      status: 200,
      body: {
        active: true,
        scope: 'openid query:read',
        client_id: id,
        client_name: 'Test',
        scoped_teams: [1],
        scoped_organizations: [],
      },
    })
    expect(await post('introspect', { token: 'pha_x' }, 'pha_x')).toMatchObject({
      status: 200,
      body: { active: false },
    })
    expect((await post('introspect', { token: access })).status).toBe(401)
    const other = await signIn('openid')
    expect((await post('introspect', { token: access }, String(other.access))).status).toBe(403)
  })

  test('revoking a refresh token ends its family, an access token only itself', async () => {
    const { id, access, refresh: token } = await signIn('user:read')
    expect((await post('revoke/', { token: access, client_id: id })).status).toBe(200)
    expect((await get('/api/users/@me/', access)).status).toBe(401)
    const renewed = await refresh(id, token)
    expect(renewed.status).toBe(200)
    expect((await post('revoke/', { token, client_id: id })).status).toBe(200)
    expect((await get('/api/users/@me/', renewed.body.access_token)).status).toBe(401)
    expect((await post('revoke/', { token: 'phr_unknown', client_id: id })).status).toBe(200)
    expect((await post('revoke/', { token, client_id: 'nobody' })).status).toBe(401)
  })
})

describe('tokens as credentials', () => {
  const make = async (more: Record<string, unknown>) =>
    (await askAdmin(client, 'POST', 'tokens', { scopes: ['user:read', 'query:read'], ...more })).body.access_token

  test.each([
    ['a person who is gone', { owner: null }, 'User associated with access token not found.'],
    ['a person who is disabled', { owner: 'disabled' }, 'User associated with access token is disabled.'],
    ['no application', { application: false }, 'Access token is not associated with a valid application.'],
  ])('%s is a 401', async (_why, more, detail) => {
    expect(await get('/api/users/@me/', await make(more))).toMatchObject({
      status: 401,
      body: { type: 'authentication_error', code: 'authentication_failed', detail, attr: null },
    })
  })

  test('the rows that are only theirs', async () => {
    const detail = async (path: string, more: Record<string, unknown>) =>
      (await get(path, await make(more))).body.detail
    const session = '/api/projects/1/data_warehouse/job_stats/'
    expect(await detail(session, { scopes: [] })).toBe('OAuth token has no scopes and cannot access this resource')
    expect(await detail(session, {})).toBe('This action does not support personal API key access')
    // Without restrictions the scope comes before the project, with them after it.
    const unknown = '/api/projects/999999/exports/'
    expect(await detail(unknown, {})).toBe("API key missing required scope 'export:read'")
    expect(await detail(unknown, { projects: [1] })).toBe('Project not found.')
    // The member's organization refuses personal keys, not tokens.
    expect(await detail('/api/projects/3/query/x/', { owner: 'member' })).toBe('Query x not found for team 3')
    expect(await detail('/api/organizations/', { projects: [1] })).toBe(
      'API keys with scoped projects are only supported on project-based endpoints.',
    )
    expect(await detail('/api/projects/1/query/x/', { owner: 'outsider' })).toBe(
      "You don't have access to the project.",
    )
    expect(await detail('/api/projects/@current/query/x/', { owner: 'newcomer' })).toBe(
      'This endpoint requires a current project to be set on your account.',
    )
    expect(await detail('/api/personal_api_keys/@current/', {})).toBe('Authentication credentials were not provided.')
  })

  test('access control leaves a viewer the reads and a barred person nothing', async () => {
    const scopes = ['warehouse_view:write', 'query:read']
    const views = '/api/projects/1/warehouse_saved_queries/'
    const viewer = await make({ owner: 'viewer', scopes })
    expect((await get(views, viewer)).status).toBe(200)
    const made = await client.call('POST', views, { name: 'x' }, String(viewer))
    expect(made).toMatchObject({
      status: 403,
      body: {
        type: 'authentication_error',
        code: 'permission_denied',
        detail: 'You do not have editor access to this resource.',
        attr: null,
      },
    })
    const barred = await make({ owner: 'barred', scopes })
    expect((await get(views, barred)).body.detail).toBe('You do not have viewer access to this resource.')
  })
})

test('a restart keeps applications and tokens, and no secret is on disk', async () => {
  const { id, access, refresh: token } = await signIn('user:read')
  await client.local.close()
  client = await startClient({ admin: true, directory })
  origin = client.local.origin
  expect((await get('/api/users/@me/', access)).status).toBe(200)
  expect((await refresh(id, token)).status).toBe(200)
  const state = await readFile(join(directory, 'state.json'), 'utf8')
  expect(state).toContain(String(id))
  for (const secret of [access, token]) expect(state).not.toContain(String(secret))
})
