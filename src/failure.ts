import {
  adviceFor401,
  adviceFor403,
  adviceFor404,
  adviceFor429,
  adviceForConflict,
  adviceForFailure,
  adviceForHost,
  adviceForInput,
  adviceForUnknown,
  withLook,
} from './advice.ts'
import type { Body } from './body.ts'
import type { HttpFailure } from './http/failure.ts'
import type { Json, Operation } from './operation.ts'
import type { Redactor } from './redact.ts'
import { countHidden } from './text/hidden.ts'
import { quote } from './text/line.ts'
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
    `${call.operation.name}: PostHog answered ${reply.status} (${short}) for project ${call.project}${toWords(words, call)}`
  const changed = changedBy(call.operation, reply.status)
  const residue = residueOf(call.operation, reply.status)
  const error = (short: string, next: string) => new ToolError(what(short), { next, changed, ...residue })
  switch (reply.status) {
    case 400:
    case 413:
    case 415:
    case 422:
      return error('refused input', adviceForConflict(call, words.detail) ?? adviceForInput(call, words.attr))
    case 409:
      return error('conflict', 'The state of the object does not allow it: look at it first, wait if it is changing')
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
      return reply.status < 500
        ? error('unexpected', adviceForHost(call.origin))
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
        ? withLook(call, changed, adviceForHost(call.origin))
        : adviceForUnknown(call, changed, undefined),
  })
}

/** An error for what object storage answered in place of a file; PostHog and the key have no part in it. */
export const toStorageError = ({ operation }: FailedCall, status: number): ToolError =>
  new ToolError(`${operation.name}: the storage that PostHog pointed to answered ${status}`, {
    next: 'Call again: PostHog then makes a fresh link',
  })

/** An error for a body that reports a failure under a success status (fact sheet: managed warehouse 3.2, sources 2.13). */
export const toDisguisedFailure = (call: FailedCall, status: number, body: unknown): ToolError | undefined => {
  if (typeof body !== 'object' || body === null) return undefined
  const { exception, has_content, success, error, query_status } = body as Json
  const why =
    typeof exception === 'string' && exception !== '' && has_content !== true
      ? `the export failed: ${said(exception, call)}`
      : success === false
        ? `it did not succeed${typeof error === 'string' ? `: ${said(error, call)}` : ''}`
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
    kind: failure.kind,
    changed,
    next: adviceForFailure(call, failure, changed),
  })
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

const toWords = ({ detail, attr }: ReturnType<typeof wordsOf>, call: FailedCall): string => {
  if (detail === undefined) return ''
  return `${attr === undefined ? '' : ` about ${inputName(attr, call)}`}: ${said(inOurWords(detail, call), call)}`
}

/** Hand-written errors name a field in their text instead of `attr` (fact sheet: managed warehouse 1.1). */
const inOurWords = (detail: string, { operation }: FailedCall): string =>
  Object.entries(operation.names ?? {}).reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), detail)

/** Upstream joins nested fields with `__`; said in the words of our input (fact sheet: cross-cutting 6). */
const inputName = (attr: string, { operation: { names = {} }, redactor }: FailedCall): string => {
  const [head = '', ...rest] = redactor.text(attr).split('__')
  const name = [
    (Object.hasOwn(names, head) ? names[head] : undefined) ?? head,
    ...rest.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)),
  ].join('')
  return /^[\w.[\]-]{1,64}$/.test(name) ? name : quote(name, LONGEST_NAME)
}

/** PostHog's words, or a piece of data. Masked as a whole, so that no half of a secret survives the cut. */
export const said = (text: string, { redactor }: Pick<FailedCall, 'redactor'>, longest = LONGEST_QUOTE): string =>
  quote(redactor.text(text), longest, countHidden(text))

/** A write is not executed when PostHog refused it; from 500 on nobody knows, except where it is not offered at all. */
const changedBy = ({ effect }: Operation, status: number): Changed =>
  effect !== 'read' && status >= 500 && status !== 501 ? 'unknown' : 'nothing'

const residueOf = ({ residue }: Operation, status: number): { readonly residue?: string } =>
  residue !== undefined && status === 400 ? { residue } : {}
