import { lookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { isPublicAddress } from './address.ts'
import type { Deadline } from './deadline.ts'
import { exchange, type RawReply } from './exchange.ts'
import { HttpFailure } from './failure.ts'
import type { HttpConfig, Resolve } from './message.ts'
import { createAgent } from './proxy.ts'

/** What one hop to storage may use. */
export interface StorageHop {
  readonly maxReplyBytes: number
  readonly deadline: Deadline
}

/** The far end of the one redirect that is followed. */
export interface Storage {
  /**
   * Fetches what a 302's Location names, without any credential of ours. Its URL is a secret (whoever has it
   * has the file), so it appears in nothing this throws or returns.
   * @throws HttpFailure `redirect_refused` unless it is https to public addresses only, and not a further redirect
   */
  fetch(location: string | string[] | undefined, hop: StorageHop): Promise<RawReply>
  close(): Promise<void>
}

const refused = (why: string): HttpFailure =>
  new HttpFailure({ kind: 'redirect_refused', executed: 'unknown', message: `The redirect was not followed: ${why}.` })

const toTarget = (location: string | string[] | undefined, trusted: ReadonlySet<string>): URL => {
  if (typeof location !== 'string') throw refused('it names no single address')
  if (!URL.canParse(location)) throw refused('its address is not absolute')
  const url = new URL(location)
  if (url.username !== '' || url.password !== '') throw refused('its address holds a login')
  if (url.protocol !== 'https:' && !trusted.has(url.origin)) throw refused('its address is not https')
  return url
}

const systemResolve: Resolve = async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address)

const toPublicAddresses = async (hostname: string, resolve: Resolve): Promise<readonly string[]> => {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(literal) === 0 ? await resolve(hostname) : [literal]
  if (addresses.length === 0 || !addresses.every(isPublicAddress)) {
    throw refused('its host is not on the public internet')
  }
  return addresses
}

/**
 * A look-up for `net.connect` that checks what it hands over. The check and the connection share one DNS
 * answer, so a name that changes its address between the two gains nothing.
 */
export const createCheckedLookup =
  (resolve: Resolve): LookupFunction =>
  (hostname, options, callback) => {
    toPublicAddresses(hostname, resolve).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        if (options.all || first === undefined) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }

const untilEnd = <T>(work: Promise<T>, deadline: Deadline): Promise<T> =>
  new Promise((resolve, reject) => {
    const onEnd = (): void => reject(deadline.failure('unknown'))
    deadline.signal.addEventListener('abort', onEnd, { once: true })
    if (deadline.signal.aborted) onEnd()
    work.then(resolve, reject).finally(() => deadline.signal.removeEventListener('abort', onEnd))
  })

const checkHost = async (url: URL, resolve: Resolve, deadline: Deadline): Promise<void> => {
  try {
    await untilEnd(toPublicAddresses(url.hostname, resolve), deadline)
  } catch (error) {
    if (error instanceof HttpFailure) throw error
    const message = 'The host of the storage has no address.'
    throw new HttpFailure({ kind: 'unreachable', executed: 'unknown', message })
  }
}

/**
 * Makes the storage end. The host is checked twice: before anything is sent, and in the look-up of the connection
 * itself. Behind a proxy only the first check can be made here, because the proxy looks the name up again.
 * Trusted origins are reached through `plain`, the pool of the API, unchecked.
 */
export const createStorage = (config: HttpConfig, plain: Dispatcher): Storage => {
  const trusted: ReadonlySet<string> = new Set(config.storageOrigins)
  const resolve = config.resolve ?? systemResolve
  const checked = createAgent({ env: config.env, lookup: createCheckedLookup(resolve) })
  const fetch: Storage['fetch'] = async (location, { maxReplyBytes, deadline }) => {
    const url = toTarget(location, trusted)
    const isTrusted = trusted.has(url.origin)
    if (!isTrusted) await checkHost(url, resolve, deadline)
    const reply = await exchange({
      dispatcher: isTrusted ? plain : checked,
      peer: 'the storage',
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { 'user-agent': config.userAgent, accept: '*/*' },
      maxReplyBytes,
      deadline,
    })
    if (reply.status >= 300 && reply.status < 400) throw refused('the storage redirects again')
    return reply
  }
  return { fetch, close: () => checked.destroy() }
}
