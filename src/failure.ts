import type { Body } from './body.ts'
import type { HttpFailure } from './http/failure.ts'
import type { Json, Operation } from './operation.ts'
import type { Redactor } from './redact.ts'
import { type Changed, ToolError } from './tool-error.ts'

/** What a failure has to be told about besides the reply. */
export interface FailedCall {
  readonly operation: Operation
  readonly input: Json
  readonly project: number
  /** The configured PostHog, such as `https://us.posthog.com`. */
  readonly origin: string
  /** The tool that lists the ids of this kind of object, if there is one. */
  readonly listTool: string | undefined
  /** Masks secrets; applied before a quote is cut, so that no half of one survives the cut. */
  readonly redactor: Redactor
}

/** The longest piece of PostHog's own words in an error. */
const LONGEST_QUOTE = 400
/** No field has a longer name. */
const LONGEST_NAME = 100

const CLOUD_REGIONS = ['https://us.posthog.com', 'https://eu.posthog.com']

/**
 * One tool error for any unsuccessful reply, whatever shape its body has (fact sheet: cross-cutting 6).
 * @param said body of the reply; only the fields PostHog documents are quoted, bounded, never a page or a stack
 */
export const toReplyError = (
  call: FailedCall,
  reply: { readonly status: number; readonly retryAfterSeconds?: number | undefined },
  said: Body,
): ToolError => {
  const words = wordsOf(said)
  const what = (short: string) =>
    `${call.operation.name}: PostHog answered ${reply.status} (${short}) for project ${call.project}${quote(words, call)}`
  const changed = changedBy(call.operation, reply.status)
  const error = (short: string, next: string) =>
    new ToolError(what(short) + residueOf(call.operation, reply.status), { next, changed })
  switch (reply.status) {
    case 400:
    case 409:
    case 413:
    case 415:
    case 422:
      return error(reply.status === 409 ? 'conflict' : 'refused input', 'Correct the input it names and call again')
    case 401:
      return error('key refused', adviceFor401(call.origin))
    case 402:
      return error('over the plan', 'Someone with billing access has to raise the limit in the PostHog app')
    case 403:
      return error('forbidden', adviceFor403(call, words.detail))
    case 404:
      return error('not found', adviceFor404(call, words.detail))
    case 405:
      return error('method not allowed', call.operation.instead ?? 'This PostHog release does not offer this operation')
    case 429:
      return error('too many requests', adviceFor429(reply.retryAfterSeconds))
    case 501:
      return error('not available here', 'This PostHog does not offer the operation; no retry will help')
    case 512:
    case 513:
      return error('query too heavy', withLook(call, changed, 'Narrow the SQL: a shorter time range or fewer columns'))
    default:
      return reply.status < 500 && reply.status >= 300
        ? error(
            'unexpected',
            `Check POSTHOG_HOST (now ${call.origin}): it should be the app, such as https://us.posthog.com`,
          )
        : error('server error', adviceForUnknown(call, changed, reply.retryAfterSeconds))
  }
}

/** An error for a success status whose body is not what the API sends. */
export const toBodyError = (call: FailedCall, status: number, said: Body): ToolError => {
  const changed = call.operation.effect === 'read' ? 'nothing' : 'unknown'
  const told =
    said.kind === 'html'
      ? 'a web page instead of data'
      : said.kind === 'other'
        ? 'a reply that is not whole JSON'
        : 'a reply of another form than this operation has'
  return new ToolError(`${call.operation.name}: ${call.origin} answered ${status} with ${told}`, {
    changed,
    next:
      said.kind === 'html'
        ? withLook(
            call,
            changed,
            `Check POSTHOG_HOST (now ${call.origin}): it should be the app, such as https://us.posthog.com`,
          )
        : adviceForUnknown(call, changed, undefined),
  })
}

/** An error for a body that reports a failure under a success status (fact sheet: managed warehouse 3.2, sources 2.13). */
export const toDisguisedFailure = (call: FailedCall, status: number, body: unknown): ToolError | undefined => {
  if (typeof body !== 'object' || body === null) return undefined
  const { exception, has_content, success, error, query_status } = body as Json
  const why =
    typeof exception === 'string' && exception !== '' && has_content !== true
      ? `the export failed: "${bounded(exception, call)}"`
      : success === false
        ? `it did not succeed${typeof error === 'string' ? `: "${bounded(error, call)}"` : ''}`
        : status === 202 && query_status !== undefined
          ? 'the query is still running and has no rows yet'
          : undefined
  if (why === undefined) return undefined
  const changed = call.operation.effect === 'read' ? 'nothing' : 'unknown'
  return new ToolError(`${call.operation.name}: PostHog answered ${status}, but ${why}`, {
    changed,
    next: withLook(call, changed, 'Read the reason; the same call fails the same way until it is dealt with'),
  })
}

/** An error for a request that got no reply. */
export const toTransportError = (call: FailedCall, failure: HttpFailure): ToolError => {
  const changed: Changed = call.operation.effect === 'read' || failure.executed === 'no' ? 'nothing' : 'unknown'
  return new ToolError(`${call.operation.name}: ${failure.message}`, {
    changed,
    next: adviceForFailure(call, failure, changed),
  })
}

const adviceForFailure = (call: FailedCall, failure: HttpFailure, changed: Changed): string => {
  switch (failure.kind) {
    case 'cancelled':
      return changed === 'unknown' ? adviceForUnknown(call, changed, undefined) : 'Call again if it is still wanted'
    case 'unreachable':
    case 'tls':
      return `Check POSTHOG_HOST (now ${call.origin}), the network and the proxy settings, then call again`
    case 'too_large':
      if (changed === 'unknown') return adviceForUnknown(call, changed, undefined)
      return 'Ask for less: a smaller limit, a narrower search, or one object instead of a list'
    case 'redirect_refused':
      return `Download it in the PostHog app at ${call.origin}`
    default:
      return adviceForUnknown(call, changed, undefined)
  }
}

/** PostHog's words in the order the fact sheet gives (cross-cutting 6), and the field they are about. */
const wordsOf = (said: Body): { readonly detail: string | undefined; readonly attr: string | undefined } => {
  if (said.kind !== 'json' || typeof said.value !== 'object' || said.value === null)
    return { detail: undefined, attr: undefined }
  const body = said.value as Json
  const found = [body.detail, body.error, body.message].find(
    (words) => typeof words === 'string' && words.trim() !== '',
  )
  return {
    detail: typeof found === 'string' ? found : undefined,
    attr: typeof body.attr === 'string' ? body.attr : undefined,
  }
}

const quote = ({ detail, attr }: ReturnType<typeof wordsOf>, call: FailedCall): string => {
  if (detail === undefined) return ''
  return `${attr === undefined ? '' : ` about ${inputName(attr, call)}`}: "${bounded(detail, call)}"`
}

/** Upstream joins nested fields with `__`; said in the words of our input (fact sheet: cross-cutting 6). */
const inputName = (attr: string, call: FailedCall): string => {
  const { names = {} } = call.operation
  const line = toLine(attr, call)
  const short = line.length <= LONGEST_NAME ? line : `${line.slice(0, LONGEST_NAME)}…`
  const [head = short, ...rest] = short.split('__')
  return [
    (Object.hasOwn(names, head) ? names[head] : undefined) ?? head,
    ...rest.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)),
  ].join('')
}

/** One line, masked, without control characters. */
const toLine = (text: string, { redactor }: FailedCall): string =>
  redactor
    .text(text)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()

/** One line, cut with a mark. */
const bounded = (text: string, call: FailedCall): string => {
  const line = toLine(text, call)
  return line.length <= LONGEST_QUOTE ? line : `${line.slice(0, LONGEST_QUOTE)} …(cut)`
}

/** A write is not executed when PostHog refused it; from 500 on nobody knows, except where it is not offered at all. */
const changedBy = ({ effect }: Operation, status: number): Changed =>
  effect !== 'read' && status >= 500 && status !== 501 ? 'unknown' : 'nothing'

const residueOf = ({ residue }: Operation, status: number): string =>
  residue !== undefined && (status === 400 || status >= 500) ? `. ${residue}` : ''

const adviceFor401 = (origin: string): string => {
  const other = CLOUD_REGIONS.find((region) => region !== origin)
  const region = CLOUD_REGIONS.includes(origin)
    ? ` The key may also belong to the other region: then set POSTHOG_HOST=${other}.`
    : ''
  return `Check POSTHOG_PERSONAL_API_KEY; make a personal API key (phx_…) at ${origin}/settings/user-api-keys.${region}`
}

const adviceFor403 = (call: FailedCall, detail = ''): string => {
  const scope = /missing required scope '([a-z_]+:[a-z]+)'/.exec(detail)?.[1]
  if (scope !== undefined)
    return `The key lacks the scope ${scope}. Make a key that has it at ${call.origin}/settings/user-api-keys (this tool needs: ${call.operation.scopes.join(', ') || scope}), and do not retry before`
  if (/does not support personal api key/i.test(detail))
    return `PostHog does not let API keys call this, whatever their scopes: do not retry. ${call.operation.instead ?? 'Use the PostHog app'}`
  if (/does not have access to the requested project/i.test(detail))
    return 'Use a project the key is made for, or another key'
  if (/editor access|viewer access/i.test(detail))
    return "The key's owner lacks the role in PostHog; a project admin can grant it"
  return 'A PostHog admin has to allow it; retrying does not help'
}

const adviceFor404 = (call: FailedCall, detail = ''): string => {
  if (/^project not found/i.test(detail)) return `Check the project id ${call.project}: this key knows no such project`
  if (/^endpoint not found/i.test(detail))
    return `This PostHog release does not have the route. ${call.operation.instead ?? 'Use the PostHog app, or a newer release'}`
  const where = call.listTool === undefined ? '' : `Take an id from ${call.listTool}. `
  return `${where}It may not exist, or this key may not see it; this does not mean that it was deleted`
}

const adviceFor429 = (seconds: number | undefined): string =>
  seconds === undefined ? 'Wait a minute, then call again' : `Wait ${seconds} seconds, then call again`

/** Advice of its own for a failure; a write that may have been carried out is looked for all the same. */
const withLook = (call: FailedCall, changed: Changed, advice: string): string =>
  changed === 'unknown' ? `${advice}. ${adviceForUnknown(call, changed, undefined)}` : advice

const adviceForUnknown = ({ operation }: FailedCall, changed: Changed, seconds: number | undefined): string => {
  const wait = seconds === undefined ? '' : ` PostHog asks to wait ${seconds} seconds.`
  if (changed === 'nothing') return `Call again in a moment.${wait}`
  const note = operation.checkNote === undefined ? '' : ` ${operation.checkNote}`
  return `Do not repeat it blindly; look first with ${operation.check}.${note}${wait}`
}
