import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ElicitRequestFormParams,
  inputRequired,
  inputResponse,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { Asked } from '../call.ts'
import { ANSWER_MS, type Form, type Person, type Reply } from '../confirm/person.ts'
import type { Browser, Link, Went } from '../pages/browser.ts'
import { PAGE_MS } from '../pages/page.ts'
import { waitFor } from '../request-scope.ts'
import type { Era } from '../server.ts'

/** The one question of a round. */
const KEY = 'confirm'

/** An empty `elicitation` means forms: it is how the capability began. */
const showsForms = ({ elicitation }: ClientCapabilities = {}): boolean =>
  elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined)

const toParams = ({ message, schema }: Form): ElicitRequestFormParams => ({
  mode: 'form',
  message,
  // The SDK spells out every kind of field; ours are two of them.
  requestedSchema: schema as ElicitRequestFormParams['requestedSchema'],
})

/** What the client can do, as each request says. The SDK has checked it, but its type does not name the keys. */
const declaredIn = (envelope: Readonly<Record<string, unknown>> | undefined): ClientCapabilities | undefined =>
  envelope?.[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined

/** The way to whoever sits behind this request's client; undefined where it does not say that it can ask them. */
export const toPerson = (server: Server, era: Era, { mcpReq }: ServerContext): Person | undefined => {
  if (era === 'modern') {
    if (!showsForms(declaredIn(mcpReq.envelope))) return undefined
    return { way: 'rounds', state: mcpReq.requestState(), reply: toReply(mcpReq.inputResponses) }
  }
  if (!showsForms(server.getClientCapabilities())) return undefined
  const ask = (form: Form, ending: AbortSignal): Promise<Reply> => {
    const signal = AbortSignal.any([mcpReq.signal, ending])
    // On the stream of this call: the SDK would use the other one of a session, which not every client opens.
    const options = { timeout: ANSWER_MS, signal, relatedRequestId: mcpReq.id }
    return waitFor(() => mcpReq.elicitInput(toParams(form), options)).then(
      ({ action, content }) => ({ action, content }),
      // The time was up, the client failed, or its answer did not fit the form: nobody approved anything.
      () => ({ action: 'silence' }),
    )
  }
  return { way: 'push', ask }
}

const toReply = (responses: ServerContext['mcpReq']['inputResponses']): Reply | undefined => {
  const view = inputResponse(responses, KEY)
  return view.kind === 'elicit' ? { action: view.action, content: view.content } : undefined
}

/** The link of a round. */
const PAGE = 'page'

/** The way to a browser of whoever sits behind this request's client; undefined where it does not say that there is one. */
export const toBrowser = (server: Server, era: Era, { mcpReq }: ServerContext): Browser | undefined => {
  if (era === 'modern') {
    if (declaredIn(mcpReq.envelope)?.elicitation?.url === undefined) return undefined
    const view = inputResponse(mcpReq.inputResponses, PAGE)
    return { way: 'rounds', went: view.kind === 'elicit' ? view.action : undefined }
  }
  if (server.getClientCapabilities()?.elicitation?.url === undefined) return undefined
  const open = ({ message, url, id }: Link, ending: AbortSignal): Promise<Went> => {
    const signal = AbortSignal.any([mcpReq.signal, ending])
    const options = { timeout: PAGE_MS, signal, relatedRequestId: mcpReq.id }
    return mcpReq.elicitInput({ mode: 'url', message, url, elicitationId: id }, options).then(
      ({ action }) => action,
      () => 'silence',
    )
  }
  const finished = (id: string): void => {
    // Who has left need not be told.
    server
      .createElicitationCompletionNotifier(id, { relatedRequestId: mcpReq.id })()
      .catch(() => undefined)
  }
  return { way: 'push', open, finished }
}

/** A question, or a link, in the protocol's words. */
export const toQuestion = (asked: Asked) => {
  if ('link' in asked) {
    const { message, url } = asked.link
    return inputRequired({ inputRequests: { [PAGE]: inputRequired.elicitUrl({ message, url }) } })
  }
  const { form, state } = asked
  return inputRequired({ inputRequests: { [KEY]: inputRequired.elicit(toParams(form)) }, requestState: state })
}
