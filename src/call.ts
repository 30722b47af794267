import type { Answers } from './answers.ts'
import type { Audit } from './audit/audit.ts'
import type { CallMeans, carryOut } from './carry-out.ts'
import type { OperationTool, Tool } from './catalogue.ts'
import type { ConfirmMeans } from './confirm/confirmation.ts'
import { AskFirst, type Form, type Person } from './confirm/person.ts'
import { type Carry, createCarry } from './derived/derive.ts'
import type { AllowedFiles } from './files.ts'
import type { HttpSender } from './http/client.ts'
import { parseInput } from './input.ts'
import type { Json, Operation } from './operation.ts'
import { toOutgoing } from './outgoing.ts'
import { takeAsks } from './pages/asks.ts'
import { type Browser, GoFirst, type Link } from './pages/browser.ts'
import type { Desk } from './pages/desk.ts'
import type { Attempt, Seen } from './pages/enter.ts'
import { leaveToPerson } from './pages/leave-to-person.ts'
import type { Projects } from './project.ts'
import { createRedactors, type Redactor, secretsIn } from './redact.ts'
import { type ToolResult, toErrorResult, toResult, withNote } from './result.ts'
import { type CallerSecrets, type CallSecrets, noteOf } from './secrets/caller-secrets.ts'
import { type Handover, prepareDelivery } from './secrets/shown-once.ts'
import { StatusError } from './status-error.ts'
import { ToolError } from './tool-error.ts'

/** What calls are made with; one for the life of the process. */
export interface Means {
  readonly http: HttpSender
  readonly projects: Projects
  readonly files: AllowedFiles
  /** The configured PostHog, for advice in errors. */
  readonly origin: string
  /** The server's own key, masked wherever it might come back; absent when none is configured. */
  readonly apiKey: string | undefined
  /** What destructive calls are approved with. */
  readonly confirm: ConfirmMeans
  /** Where the caller's writes are written down; absent where none are. */
  readonly audit?: Audit | undefined
  /** What the caller may refer to, and whether secrets may be typed. */
  readonly secrets: CallerSecrets
  /** Where a password goes that PostHog shows once. */
  readonly handover: Handover
  /** The pages on which a person types what this caller's calls need. */
  readonly desk: Desk
}

/** What a log may know of a call: never its arguments, never its reply. */
export interface CallReport {
  readonly tool: string
  /** `asked`: the client was told to ask a person first. */
  readonly outcome: 'ok' | 'error' | 'asked'
  /** Of an error: a `ToolErrorKind`, `http_` and PostHog's status, or `fault` for one of ours. */
  readonly kind?: string
  /** HTTP status of the last reply, if one came. */
  readonly status?: number
  readonly milliseconds: number
}

/** What a call is made under. */
export interface CallContext {
  readonly signal: AbortSignal
  /** Tells whoever waits how it goes; absent where nobody asked. */
  progress?(message: string): void
  /** The way to whoever sits behind the client; absent where it cannot ask them. */
  readonly person?: Person | undefined
  /** The way to their browser; absent where the client cannot send them there. */
  readonly browser?: Browser | undefined
}

/** The client is to ask a person, and to call again with their answer and this state; or to send them to a page, and to call again. */
export type Asked = { readonly form: Form; readonly state: string } | { readonly link: Link }

/** One call of one tool, from its raw arguments to what the client is sent. Never throws. */
export type Call = (tool: Tool, args: Json, context: CallContext) => Promise<ToolResult | Asked>

/** Whether a call ended with a question. */
export const isAsked = (answer: ToolResult | Asked): answer is Asked => 'form' in answer || 'link' in answer

/** What of the process calls touch besides the API. */
export interface CallHooks {
  /** Called once for every call, with what it is answered. */
  report(call: CallReport, result: ToolResult): void
  /** Answers what is no single operation. @throws ToolError */
  readonly answer: Answers['answer']
  /** The schema of a project, for answers that are derived from it. */
  readonly schema: Pick<Answers['cache'], 'getWith'>
  /** Called after a write that was carried out, or may have been. */
  wrote(operation: Operation, project: number): void
}

/** The only path to the API. */
export const createCall = (means: Means, hooks: CallHooks): Call => {
  const redactorOf = createRedactors(means.apiKey ?? '')
  const carry = createCarry(means, hooks.schema)
  const make = async (tool: Tool, args: Json, context: RunContext): Promise<Outcome> => {
    const started = performance.now()
    const outcome = await run({ means, hooks, redactorOf, carry, make }, tool, args, context)
    const { result, status, kind, asked } = outcome
    const report: CallReport = {
      tool: tool.record.name,
      outcome: asked !== undefined ? 'asked' : result.isError === true ? 'error' : 'ok',
      ...(kind === undefined ? {} : { kind }),
      ...(status === undefined ? {} : { status }),
      milliseconds: Math.round(performance.now() - started),
    }
    hooks.report(report, result)
    return outcome
  }
  return async (tool, args, context) => {
    const { asked, result } = await make(tool, args, context)
    return asked ?? result
  }
}

/** A call of a client, or one that a person sent from a page. */
export interface RunContext extends CallContext {
  readonly seen?: Seen
  /** Secrets among what was typed, whatever their fields are called. */
  readonly typed?: readonly string[]
}

interface Runner {
  readonly means: Means
  readonly hooks: CallHooks
  /** What masks the secrets of one call, and the server's key. */
  redactorOf(secrets: readonly string[]): Redactor
  readonly carry: Carry
  /** Makes a call and reports it. */
  make(tool: Tool, args: Json, context: RunContext): Promise<Outcome>
}

/** How a call ended. */
export interface Outcome {
  /** Instead of a result. */
  readonly asked?: Asked
  readonly result: ToolResult
  readonly status?: number | undefined
  readonly kind?: string
  readonly failed?: Attempt['failed']
}

/** The one exit: whatever comes out of a call, result or error, is masked here. */
const run = async (runner: Runner, tool: Tool, args: Json, context: RunContext): Promise<Outcome> => {
  const { means, redactorOf } = runner
  const paths = tool.record.secrets ?? []
  const { seen, typed = [] } = context
  let redactor = redactorOf(typed)
  try {
    const secrets = [...typed, ...secretsIn(args, paths)]
    redactor = redactorOf(secrets)
    const left = seen === undefined ? takeAsks(tool.record, args) : undefined
    if (left !== undefined && 'operation' in tool)
      return await leaveToPerson(runner, tool, left, { ...context, redactor })
    const marked = means.secrets.mark(tool.record, args)
    const input = parseInput(tool.input, marked.args)
    // Once more: a payload written as text shows its parts only after parsing.
    const known = [...secrets, ...secretsIn(input, paths)]
    redactor = redactorOf(known)
    const opened = await means.secrets.open(tool.record, marked, input, seen !== undefined)
    if (opened.values.length > 0) redactor = redactorOf([...known, ...opened.values])
    return await perform(runner, tool, input, { ...context, redactor, secrets: opened })
  } catch (error) {
    if (error instanceof AskFirst) return { result: { content: [] }, asked: toAsked(error, redactor) }
    if (error instanceof GoFirst) return { result: { content: [] }, asked: { link: error.link } }
    const status = error instanceof StatusError ? error.status : undefined
    const result = toErrorResult(error, redactor, tool.record.effect)
    return { result, status, kind: kindOf(error), failed: toFailed(error, redactor) }
  }
}

const toFailed = (error: unknown, redactor: Redactor): Attempt['failed'] =>
  error instanceof ToolError
    ? { changed: error.changed, says: redactor.sentence(error.message) }
    : { changed: 'unknown', says: 'This server failed on that call.' }

/** Answers a question, or carries out an operation, with what is known to be right. */
const perform = async (
  runner: Runner,
  tool: Tool,
  input: Json,
  context: CallMeans & CallContext & { readonly secrets: CallSecrets },
): Promise<Outcome> => {
  const { means, hooks } = runner
  const { redactor } = context
  if ('question' in tool) {
    const { json, text } = await hooks.answer(tool, input, context)
    // Masked where it was made, and once more here: this is the one way out.
    const structured = toOutgoing(json, redactor)
    return { result: { content: [{ type: 'text', text: redactor.sentence(text) }], structuredContent: structured } }
  }
  const delivery = await prepareDelivery(means.handover, tool.operation, means.desk)
  const { answer, status } = await carryOutWrite(runner, tool, input, context).catch(async (error: unknown) => {
    await delivery?.discard()
    throw error
  })
  const result = await toResult(answer, redactor, tool.operation, delivery)
  return { result: withNote(result, noteOf(context.secrets, means.secrets.names)), status }
}

/** A question leaves like any other answer: masked. The state is ours, and says nothing. */
const toAsked = ({ form, state }: AskFirst, redactor: Redactor): Asked => ({
  form: { ...form, message: redactor.sentence(form.message) },
  state,
})

const kindOf = (error: unknown): string => {
  if (error instanceof StatusError) return `http_${error.status}`
  return error instanceof ToolError ? error.kind : 'fault'
}

/** Carries out an operation; of a write that was, or may have been, whoever keeps what it changed is told. */
const carryOutWrite = async (
  { means, hooks, carry }: Runner,
  tool: OperationTool,
  input: Json,
  context: CallMeans,
): ReturnType<typeof carryOut> => {
  const { operation } = tool
  const tell = async (): Promise<void> => {
    // Known by now; and a caller who has left does not undo the write.
    const target = await means.projects.targetOf(input, new AbortController().signal).catch(() => undefined)
    if (target !== undefined) hooks.wrote(operation, target.project)
  }
  try {
    const done = await carry(tool, input, context)
    if (operation.effect !== 'read') await tell()
    return done
  } catch (error) {
    if (error instanceof ToolError && error.changed === 'unknown') await tell()
    throw error
  }
}
