const BLOCKED = ['javascript:', 'data:', 'file:', 'blob:', 'vbscript:']
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

/** Why an address cannot be redirected to, or undefined (fact sheet: cross-cutting 4, redirect URIs). */
export const redirectRefusal = (uri: unknown): string | undefined => {
  if (typeof uri !== 'string' || /\s/.test(uri) || !URL.canParse(uri)) return 'A redirect URI is not an address.'
  const { protocol, hostname, hash } = new URL(uri)
  if (BLOCKED.includes(protocol)) return `Redirect URIs with ${protocol} are not allowed.`
  if (protocol === 'http:' && !LOOPBACK.includes(hostname)) return 'Redirect URIs with http must be on loopback.'
  if (hash !== '') return 'A redirect URI must not have a fragment.'
  return undefined
}

const withoutPort = (uri: string): string | undefined => {
  const url = new URL(uri)
  if (url.protocol !== 'http:' || !['127.0.0.1', '[::1]'].includes(url.hostname)) return undefined
  url.port = ''
  return url.href
}

/** Whether a registered address covers another: the same text, or the same loopback address on another port (RFC 8252). */
export const coversRedirect = (registered: string, asked: string): boolean => {
  if (registered === asked) return true
  if (redirectRefusal(asked) !== undefined) return false
  const bare = withoutPort(registered)
  return bare !== undefined && bare === withoutPort(asked)
}
