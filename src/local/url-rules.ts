import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { toBucketUrl } from './engine/bucket-url.ts'
import { type ApiError, invalid } from './errors.ts'
import type { LocalFiles } from './local-files.ts'

/** The storage host of uploaded files. `.invalid` never resolves: these URLs are names, not addresses. */
export const OWN_HOST = 'local-warehouse.storage.invalid'
const OWN_BUCKET = 'local-warehouse'

const internal = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  internal.addSubnet(net, prefix, 'ipv4')
}
for (const [net, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  internal.addSubnet(net, prefix, 'ipv6')
}

/** The IPv4 address inside a 6to4 address, `2002:aabb:ccdd::`. */
const from6to4 = (address: string): string | undefined => {
  const parts = /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/i.exec(address)
  if (parts?.[1] === undefined || parts[2] === undefined) return undefined
  const bytes = [parts[1], parts[2]].flatMap((part) => {
    const number = Number.parseInt(part, 16)
    return [number >> 8, number & 255]
  })
  return bytes.join('.')
}

/** Whether an address is private, loopback, link-local or reserved; mapped and 6to4 forms are unwrapped. */
export const isInternal = (address: string): boolean => {
  if (isIP(address) === 4) return internal.check(address, 'ipv4')
  const tunnelled = from6to4(address)
  if (tunnelled !== undefined) return internal.check(tunnelled, 'ipv4')
  // BlockList checks an IPv4-mapped address against the IPv4 rules by itself.
  return internal.check(address, 'ipv6')
}

/** The address spelled in a wildcard-DNS name such as `10.0.0.1.nip.io`; no question is sent anywhere. */
const spelledOut = (host: string): string | undefined =>
  /(?:^|[.-])((?:\d{1,3}[.-]){3}\d{1,3})\.(?:nip|sslip)\.io$/i.exec(host)?.[1]?.replaceAll('-', '.')

const addressesOf = async (host: string): Promise<readonly string[]> => {
  if (host.endsWith('.invalid')) return []
  const spelled = spelledOut(host)
  if (spelled !== undefined) return [spelled]
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    return []
  }
}

const wrong = (detail: string): ApiError => invalid(detail, 'url_pattern')

/** Rule 4, and PostHog's own buckets (rule 1), which look at host and first path segment. */
const checkBucket = ({ hostname: host, pathname }: URL): void => {
  const bucket = pathname.split('/')[1] ?? ''
  if (host === OWN_HOST || host.startsWith(`${OWN_BUCKET}.`) || bucket === OWN_BUCKET) {
    throw wrong('This URL points at storage that PostHog manages. Use your own bucket.')
  }
  if (!/^s3([.-][a-z0-9-]+)*\.amazonaws\.com$/i.test(host)) return
  if (/[*?{[]/.test(bucket)) throw wrong('URL pattern bucket must be an exact name, without wildcards.')
  if (bucket.includes('%')) throw wrong('URL pattern bucket must not be percent-encoded.')
}

/** Rules 5 to 8: where the host leads. */
const checkHost = async (host: string): Promise<void> => {
  const NO_INTERNAL = 'URL pattern hostname must not resolve to internal IP ranges.'
  if (host === 'localhost' || host.endsWith('.localhost')) throw wrong('URL pattern hostname is not allowed.')
  const literal = host.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0) {
    if (isInternal(literal)) throw wrong(NO_INTERNAL)
    return
  }
  const addresses = await addressesOf(host)
  if (addresses.length === 0) throw wrong('URL pattern hostname could not be resolved.')
  if (addresses.some(isInternal)) throw wrong(NO_INTERNAL)
}

const checkFile = async (text: string, files: LocalFiles): Promise<void> => {
  if (!URL.canParse(text)) throw wrong('URL pattern must include a valid hostname.')
  const found = await files.resolve(new URL(text))
  if ('path' in found) return
  if (found.refusal === 'off') throw wrong('URL pattern must use https.')
  throw wrong(
    found.refusal === 'outside'
      ? 'The local warehouse reads files only below the folders it was started with.'
      : "The provided file doesn't exist in the bucket",
  )
}

/**
 * The rules of `url_pattern` in upstream's order (fact sheet: tables 2.2). Two doors exist only
 * here and only when opened at start: files below allowed folders, and plain-http buckets wherever they are.
 * Throws 400 on `url_pattern`.
 */
export const checkUrl = async (text: string, files: LocalFiles, seedEra = false): Promise<void> => {
  // The older release looks for its bucket before anything else, and has no rules for bucket names.
  if (seedEra && text.includes(OWN_HOST)) throw wrong('Cant use this bucket')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  const http = scheme === 'http' && files.httpBuckets
  if (scheme !== 'https' && scheme !== 'file' && !http) throw wrong('URL pattern must use https.')
  if (scheme === 'file') return checkFile(text, files)
  const url = toBucketUrl(text)
  if (url === undefined) throw wrong('URL pattern must include a valid hostname.')
  if (!seedEra) checkBucket(url)
  if (!http) await checkHost(url.hostname)
}
