import { refusesKeys } from './advice.ts'
import { underAudit } from './audit/under-audit.ts'
import { type Body, readBody } from './body.ts'
import type { Means } from './call.ts'
import type { OperationTool } from './catalogue.ts'
import { approve } from './confirm/approve.ts'
import type { Person } from './confirm/person.ts'
import { type FailedCall, toBodyError, toDisguisedFailure, toTransportError } from './failure.ts'
import { HttpFailure, type HttpReply } from './http/client.ts'
import { CONFIRMATION } from './json-schema.ts'
import type { Json } from './operation.ts'
import type { Seen } from './pages/enter.ts'
import type { Redactor } from './redact.ts'
import { type ApiRequest, type Target, toPath, toRequest, toRoute } from './request.ts'
import type { Answer } from './result.ts'
import type { CallSecrets } from './secrets/caller-secrets.ts'
import { send } from './send.ts'
import { isExpected } from './shape.ts'
import { KeysRefused, StatusError } from './status-error.ts'
import { ToolError } from './tool-error.ts'
import { jsonOf, whyNot } from './why-not.ts'

/** Sends one request of the call that is under way. */
export type Ask = (request: ApiRequest) => Promise<HttpReply>

/** How one call of one tool is made. */
export interface CallMeans {
  readonly signal: AbortSignal
  readonly redactor: Redactor
  /** The way to whoever sits behind the client; absent where it cannot ask them. */
  readonly person?: Person | undefined
  /** Where a person typed its secrets, if they did. */
  readonly seen?: Seen | undefined
  /** What its arguments refer to; absent for calls that nobody's arguments went into. */
  readonly secrets?: CallSecrets
}

/** What a call came back with. */
export interface CarriedOut {
  readonly answer: Answer
  readonly status: number
  /** What PostHog calls the request, if it says. */
  readonly posthogRequest: string | undefined
}

/**
 * Makes the requests of one call: the guard's read, those that show what would be lost, the request itself, its
 * successor where the route is gone, and the read that explains a missing object.
 * @param input checked inputs, with the project still in them
 * @throws ToolError for anything but success, AskFirst where a person is to be asked before
 */
export const carryOut = async (
  means: Means,
  tool: OperationTool,
  input: Json,
  context: CallMeans,
): Promise<CarriedOut> => {
  const { call, named, target, token } = await prepare(means, tool, input, context)
  const { operation } = tool
  const look = asRead(call)
  const { secrets } = context
  const ask: Ask = (request) => askOnce(means, call, secrets?.fill(request) ?? request, context.signal)
  const read: Ask = (request) => askOnce(means, look, request, context.signal)
  const request = built(() => toRequest(operation, call.input, target))
  const approved = await approve({
    means,
    call,
    look,
    target,
    ask: read,
    person: context.person,
    seen: context.seen,
    token,
    check: async () => (await secrets?.check({ call, project: target, read })) ?? [],
    named: secrets?.named,
  })
  return underAudit(means, { tool, input, context, confirmed: approved.confirmed }, async () => {
    if (approved.refused !== undefined) throw approved.refused
    const reply = await askOrSuccessor(call, request, target, ask)
    const isRefused = reply.status === 403 && refusesKeys(String(jsonOf(reply)?.detail))
    if (isRefused) means.confirm.refusals.add(operation.name)
    if (reply.status < 200 || reply.status > 299) {
      const Failed = isRefused ? KeysRefused : StatusError
      throw new Failed(await whyNot(call, reply, target, read), reply.status, reply.retryAfterSeconds, reply.requestId)
    }
    const answer = toAnswer(means, tool, { call, named, target, reply })
    return { answer, status: reply.status, posthogRequest: reply.requestId }
  })
}

/** A reply as it came, success or not, with what an error about it needs to know. */
export interface Exchange {
  readonly status: number
  readonly retryAfterSeconds?: number | undefined
  readonly body: Body
  readonly call: FailedCall
}

/**
 * Sends the one request of a record and judges nothing: for calls whose failures have a form of their own.
 * @throws ToolError when there is no reply
 */
export const exchange = async (
  means: Means,
  tool: OperationTool,
  input: Json,
  context: CallMeans,
): Promise<Exchange> => {
  const { call, target } = await prepare(means, tool, input, context)
  const request = built(() => toRequest(tool.operation, call.input, target))
  const { status, retryAfterSeconds, body, contentType } = await askOnce(means, call, request, context.signal)
  return { status, retryAfterSeconds, body: readBody(body, contentType, tool.operation.exact), call }
}

/** A call as far as it only looks, for what has to be known before it can be made. @throws ToolError */
export const prepareLook = async (
  means: Means,
  tool: OperationTool,
  input: Json,
  context: CallMeans,
): Promise<{ readonly call: FailedCall; readonly target: Target; readonly read: Ask }> => {
  const { call, target } = await prepare(means, tool, input, context)
  const look = asRead(call)
  return { call, target, read: (request) => askOnce(means, look, request, context.signal) }
}

const prepare = async (
  means: Means,
  { operation, listTool }: OperationTool,
  input: Json,
  { signal, redactor }: CallMeans,
): Promise<{
  readonly call: FailedCall
  readonly named: Json
  readonly target: Target
  readonly token: string | undefined
}> => {
  if (means.apiKey === undefined) throw noKey()
  const target = await means.projects.targetOf(input, signal)
  const { project_id, environment_id, [CONFIRMATION]: token, ...own } = input
  const named = Object.fromEntries(Object.entries({ project_id, environment_id }).filter(([, id]) => id !== undefined))
  const { origin } = means
  const call = { operation, input: own, project: target.project, origin, listTool, redactor }
  return { call, named, target, token: typeof token === 'string' ? token : undefined }
}

/**
 * The call as far as it only looks: whatever goes wrong then, nothing was changed and nothing was left behind; and
 * nothing upstream connects or runs then, so it waits no longer than any read.
 */
const asRead = (call: FailedCall): FailedCall => {
  const { residue: _residue, hint: _hint, deadline: _deadline, ...operation } = call.operation
  return { ...call, operation: { ...operation, effect: 'read' } }
}

const noKey = (): ToolError =>
  new ToolError('No PostHog key is configured', {
    next: 'The operator sets POSTHOG_PERSONAL_API_KEY (a personal API key, phx_…), or starts the server with --local to try it without an account',
  })

/** What cannot be a path never leaves. */
const built = <T>(build: () => T): T => {
  try {
    return build()
  } catch (error) {
    if (error instanceof RangeError) throw new ToolError(error.message, { next: 'Use an id from a list' })
    throw error
  }
}

const askOnce = async (
  means: Means,
  call: FailedCall,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<HttpReply> => {
  try {
    return await send(means, call.operation, request, signal)
  } catch (error) {
    throw error instanceof HttpFailure ? toTransportError(call, error) : error
  }
}

const askOrSuccessor = async (call: FailedCall, request: ApiRequest, target: Target, ask: Ask): Promise<HttpReply> => {
  const reply = await ask(request)
  const { successor } = call.operation
  if (successor === undefined || !isGone(reply)) return reply
  const path = toPath(target, successor.path, call.input)
  const route = toRoute(target, successor.path)
  return ask({ method: request.method, path, route, query: [], json: successor.body(call.input) })
}

/** A later PostHog renamed the route (fact sheet: managed warehouse gotcha 30). */
const isGone = (reply: HttpReply): boolean =>
  reply.status === 404 && /^endpoint not found/i.test(String(jsonOf(reply)?.detail))

const toAnswer = (
  means: Means,
  { operation, definition }: OperationTool,
  {
    call,
    named,
    target,
    reply,
  }: { readonly call: FailedCall; readonly named: Json; readonly target: Target; readonly reply: HttpReply },
): Answer => {
  const { input } = call
  const isPage = !reply.fromStorage && reply.contentType.includes('text/html')
  if (operation.reply.kind === 'file' && !isPage)
    return { kind: 'file', reply, files: means.files, input, project: target.project }
  const body = readBody(reply.body, reply.contentType)
  const failed = (error: ToolError) => new StatusError(error, reply.status, undefined, reply.requestId)
  if (body.kind === 'html' || body.kind === 'other') throw failed(toBodyError(call, reply.status, body))
  const value = body.kind === 'json' ? body.value : undefined
  const disguised = toDisguisedFailure(call, reply.status, value)
  if (disguised) throw failed(disguised)
  if (!isExpected(operation.reply, value)) throw failed(toBodyError(call, reply.status, body))
  return {
    kind: 'data',
    schema: definition.outputSchema,
    call: { input, named, target, status: reply.status, body: value },
  }
}
