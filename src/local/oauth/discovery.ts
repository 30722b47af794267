import { SCOPES } from './oauth-scopes.ts'

type Document = Readonly<Record<string, unknown>>

/**
 * RFC 8414. Upstream also offers jwt-bearer, private_key_jwt and client metadata documents; what is not served here is
 * not advertised either, because clients choose by this list.
 */
export const authorizationServer = (origin: string): Document => ({
  issuer: origin,
  authorization_endpoint: `${origin}/oauth/authorize/`,
  token_endpoint: `${origin}/oauth/token/`,
  userinfo_endpoint: `${origin}/oauth/userinfo/`,
  revocation_endpoint: `${origin}/oauth/revoke/`,
  introspection_endpoint: `${origin}/oauth/introspect/`,
  registration_endpoint: `${origin}/oauth/register/`,
  jwks_uri: `${origin}/.well-known/jwks.json`,
  scopes_supported: SCOPES,
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_methods_supported: ['none', 'client_secret_post'],
  code_challenge_methods_supported: ['S256'],
  service_documentation: 'https://posthog.com/docs/api',
  client_id_metadata_document_supported: false,
})

/** The same for OpenID clients. Identity tokens are not issued, so the claims are those of the userinfo endpoint. */
export const openidConfiguration = (origin: string): Document => ({
  ...authorizationServer(origin),
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  claims_supported: ['sub', 'name', 'given_name', 'family_name', 'email', 'email_verified'],
})

/** RFC 9728. */
export const protectedResource = (origin: string): Document => ({
  resource: origin,
  authorization_servers: [origin],
  scopes_supported: SCOPES,
  bearer_methods_supported: ['header'],
  resource_documentation: 'https://posthog.com/docs/api',
})
