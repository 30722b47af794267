const plainHost = /^(?:[a-z0-9._-]+|\[[0-9a-f:]+\])$/

/**
 * The one reading of a bucket's address: its host is what may be checked, and the engine gets it written out anew.
 * Undefined for texts that other readers, the engine's among them, take for another host.
 */
export function toBucketUrl(text: string): URL | undefined {
  // A backslash is a slash here and part of a name there; control characters vanish here and are refused there.
  if (/[\\\p{Cc}]/u.test(text) || !URL.canParse(text)) return undefined
  const authority = /^https?:\/\/([^/?#]+)/i.exec(text)?.[1]
  if (authority === undefined || authority.includes('@')) return undefined
  const url = new URL(text)
  // A name with a dot at its end is the same name to a resolver and another one to a list of names.
  url.hostname = url.hostname.replace(/\.+$/, '')
  return plainHost.test(url.hostname) ? url : undefined
}

/** Whether a path may reach the engine: `*` is the only pattern, and nothing is hidden in percent signs. */
export function isPlainPath({ pathname, search, hash }: URL): boolean {
  if (search !== '' || hash !== '' || /%2a/i.test(pathname)) return false
  try {
    return !/[{}|?]|::/.test(decodeURIComponent(pathname))
  } catch {
    return false
  }
}
