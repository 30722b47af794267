import { readBody } from '../body.ts'
import { type HttpClient, HttpFailure, type HttpReply } from '../http/client.ts'
import { toObject } from '../schema/reply-parts.ts'
import { type Caller, type Callers, type Held, NO_TOKEN, type Refusal, toHash, toToken } from './caller.ts'
import type { CallerPool, Kept } from './caller-pool.ts'

/** How long PostHog's word on a credential counts; a revoked one works no longer than that, and a look more. */
export const TRUST_MS = 5 * 60_000
/** A wrong one is not asked about again and again. */
export const DISTRUST_MS = 30_000
/** How often it is looked whether who is being served has to be asked about again. */
export const LOOK_MS = 30_000
const MOST_VERDICTS = 10_000
const DEADLINE_MS = 10_000
const LARGEST_REPLY = 256 * 1024
const KEY_PATH = '/api/personal_api_keys/@current'

/** What PostHog says of a credential: the scopes it really has. */
interface Verdict {
  readonly scopes: readonly string[] | undefined
  readonly until: number
}

/** Whom parts are made for. */
export interface PosthogGuest {
  readonly id: string
  readonly name: string
  readonly credential: string
  readonly scopes: readonly string[]
  /** To be told when PostHog does not take the credential in a call. */
  refused(): void
}

/** How callers with credentials of PostHog's own are let in. */
export interface PosthogCallersOptions {
  readonly http: Pick<HttpClient, 'as'>
  readonly pool: CallerPool
  /** Take OAuth tokens that were issued for PostHog: token passthrough, which MCP's authorization spec forbids. */
  readonly passOAuth: boolean
  make(guest: PosthogGuest): Kept
  readonly now?: () => number
}

const WRONG: Refusal = {
  status: 401,
  error: 'invalid_token',
  description: 'PostHog does not accept this credential here: wrong, revoked, expired, or of the other region',
}
const NO_OAUTH: Refusal = {
  status: 401,
  error: 'invalid_token',
  description: 'Bring a personal API key (phx_...); OAuth tokens of PostHog are not taken here',
}
const UNREACHABLE: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'PostHog could not be asked about the credential',
}
const RETRY_SECONDS = 5

/**
 * Callers who bring their own PostHog credential. It is checked at PostHog, its verdict is kept for minutes under its
 * hash, and it lives only in the parts of its caller, and as long as they do. With a verdict end the parts that were made
 * under another one.
 */
export class PosthogCallers implements Callers {
  readonly isOpen = false
  readonly #options: PosthogCallersOptions
  readonly #now: () => number
  readonly #verdicts = new Map<string, Verdict>()
  readonly #asking = new Map<string, Promise<Verdict | Refusal>>()
  readonly #credentials = new WeakMap<Caller, { readonly id: string; readonly credential: string }>()
  readonly #timer: NodeJS.Timeout

  constructor(options: PosthogCallersOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  async identify(authorization: string | undefined): Promise<Held | Refusal> {
    const credential = toToken(authorization)
    if (credential === undefined) return NO_TOKEN
    if (credential.startsWith('pha_') && !this.#options.passOAuth) return NO_OAUTH
    const id = toHash(credential).toString('hex')
    const verdict = this.#known(id) ?? (await this.#ask(id, credential))
    if ('status' in verdict) return verdict
    const { scopes } = verdict
    if (scopes === undefined) return WRONG
    return this.#options.pool.take(toKey(id, scopes), () => this.#make(id, credential, scopes))
  }

  close(): Promise<void> {
    clearInterval(this.#timer)
    return this.#options.pool.close()
  }

  #make(id: string, credential: string, scopes: readonly string[]): Kept {
    const kept = this.#options.make({
      id: `posthog:${id.slice(0, 32)}`,
      name: `${credential.slice(0, 4)}${id.slice(0, 8)}`,
      credential,
      scopes,
      refused: () => void this.#verdicts.delete(id),
    })
    this.#credentials.set(kept.caller, { id, credential })
    return kept
  }

  /** Streams bring their credential once, and would outlive it. Where PostHog says nothing, it is asked at the next look. */
  #look(): void {
    for (const caller of this.#options.pool.held()) {
      const known = this.#credentials.get(caller)
      if (known === undefined || this.#known(known.id) !== undefined) continue
      // A fault of this server shows at the next request too, where it is told.
      this.#ask(known.id, known.credential).catch(() => undefined)
    }
  }

  #known(id: string): Verdict | undefined {
    const verdict = this.#verdicts.get(id)
    if (verdict !== undefined && verdict.until > this.#now()) return verdict
    this.#verdicts.delete(id)
    return undefined
  }

  /** Once, however many requests come with it at the same time. */
  #ask(id: string, credential: string): Promise<Verdict | Refusal> {
    const asked = this.#asking.get(id)
    if (asked !== undefined) return asked
    const answer = this.#check(credential)
      .then((verdict) => {
        if (!('status' in verdict)) this.#remember(id, verdict)
        return verdict
      })
      .finally(() => this.#asking.delete(id))
    this.#asking.set(id, answer)
    return answer
  }

  #remember(id: string, verdict: Verdict): void {
    const [oldest] = this.#verdicts.keys()
    if (this.#verdicts.size >= MOST_VERDICTS && oldest !== undefined) this.#verdicts.delete(oldest)
    this.#verdicts.set(id, verdict)
    const { scopes } = verdict
    const current = scopes && toKey(id, scopes)
    this.#options.pool.retain((key) => key === current || !key.startsWith(id))
  }

  async #check(credential: string): Promise<Verdict | Refusal> {
    const isOAuth = credential.startsWith('pha_')
    const reply = await this.#send(credential, isOAuth).catch((error: unknown) => {
      if (error instanceof HttpFailure || error instanceof TypeError) return undefined
      throw error
    })
    const verdict = reply && toVerdict(reply, isOAuth)
    if (verdict === undefined) return { ...UNREACHABLE, retryAfterSeconds: reply?.retryAfterSeconds ?? RETRY_SECONDS }
    const { scopes } = verdict
    return { scopes, until: this.#now() + (scopes === undefined ? DISTRUST_MS : TRUST_MS) }
  }

  /** A key tells of itself; a token is looked into with itself (fact sheet: cross-cutting 4, 5). */
  #send(credential: string, isOAuth: boolean): Promise<HttpReply> {
    const shared = { deadlineMs: DEADLINE_MS, maxReplyBytes: LARGEST_REPLY, signal: new AbortController().signal }
    const sender = this.#options.http.as(credential)
    return isOAuth
      ? sender.send({
          ...shared,
          method: 'POST',
          path: '/oauth/introspect',
          route: '/oauth/introspect',
          body: { kind: 'json', value: { token: credential } },
        })
      : sender.send({ ...shared, method: 'GET', path: KEY_PATH, route: KEY_PATH })
  }
}

/** Other scopes are other tools, and so other parts. */
const toKey = (id: string, scopes: readonly string[]): string => `${id} ${[...scopes].sort().join(' ')}`

/** What PostHog said; undefined when it said nothing about the credential, such as a proxy's page or a 500. */
const toVerdict = (reply: HttpReply, isOAuth: boolean): Pick<Verdict, 'scopes'> | undefined => {
  if (reply.status === 401 || reply.status === 403) return { scopes: undefined }
  if (reply.status !== 200) return undefined
  const body = readBody(reply.body, reply.contentType)
  const { scopes, scope, active } = toObject(body.kind === 'json' ? body.value : undefined)
  if (isOAuth) {
    if (active === false) return { scopes: undefined }
    return active === true && typeof scope === 'string' ? { scopes: scope.split(' ').filter(Boolean) } : undefined
  }
  return Array.isArray(scopes) ? { scopes: scopes.filter((each) => typeof each === 'string') } : undefined
}
