import type { OpenRoute } from '../route.ts'
import { userById } from '../seed.ts'
import { REGISTRATIONS, Throttle } from '../throttle.ts'
import type { World } from '../world.ts'
import { decide, showConsent } from './authorization.ts'
import { authorizationServer, openidConfiguration, protectedResource } from './discovery.ts'
import { findLive } from './grants.ts'
import { answering, bearerOf, OAuthError, toAnswer } from './oauth-wire.ts'
import { register } from './registration.ts'
import { giveTokens, introspect, revokeToken } from './token-endpoint.ts'

const originOf = (request: Request): string => new URL(request.url).origin

/** `GET /oauth/userinfo/`: who granted the token; name and address only with their scopes. */
const userInfo = (world: World, request: Request): Response => {
  const grant = findLive(world, bearerOf(request) ?? '')?.grant
  const user = userById(grant?.userId ?? null)
  if (grant === undefined || user === undefined || !grant.scopes.includes('openid')) {
    throw new OAuthError('invalid_token', 'A token with the scope openid is needed as bearer.', 401)
  }
  const profile = { name: `${user.firstName} ${user.lastName}`, given_name: user.firstName, family_name: user.lastName }
  return toAnswer({
    sub: user.uuid,
    ...(grant.scopes.includes('profile') ? profile : {}),
    ...(grant.scopes.includes('email') ? { email: user.email, email_verified: true } : {}),
  })
}

const get = (path: string, run: (request: Request) => Response | Promise<Response>): OpenRoute => ({
  method: 'GET',
  path,
  run: answering(run),
})

const post = (path: string, run: (request: Request) => Promise<Response>): OpenRoute => ({
  method: 'POST',
  path,
  run: answering(run),
})

/** The authorization server of this origin and its documents (fact sheet: cross-cutting 4). */
export const oauthDoors = (world: World): readonly OpenRoute[] => {
  const throttle = new Throttle(world.clock)
  return [
    get('/.well-known/oauth-authorization-server', (request) => Response.json(authorizationServer(originOf(request)))),
    get('/.well-known/openid-configuration', (request) => Response.json(openidConfiguration(originOf(request)))),
    get('/.well-known/oauth-protected-resource', (request) => Response.json(protectedResource(originOf(request)))),
    get('/.well-known/jwks.json', () => Response.json({ keys: [] })),
    get('/oauth/authorize', (request) => showConsent(world, request)),
    get('/oauth/userinfo', (request) => userInfo(world, request)),
    post('/oauth/authorize', (request) => decide(world, request)),
    post('/oauth/token', (request) => giveTokens(world, request)),
    post('/oauth/introspect', (request) => introspect(world, request)),
    post('/oauth/revoke', (request) => revokeToken(world, request)),
    post('/oauth/register', async (request) => {
      // Everybody comes from this machine, so all share one address's budget.
      if (world.throttles) for (const limit of REGISTRATIONS) throttle.hit(limit, 'loopback')
      return register(world, request)
    }),
  ]
}
