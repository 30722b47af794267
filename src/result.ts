import type { AllowedFiles } from './files.ts'
import type { HttpReply } from './http/client.ts'
import type { Effect, Json, Operation } from './operation.ts'
import { toOutgoing } from './outgoing.ts'
import type { Redactor } from './redact.ts'
import type { Delivery } from './secrets/shown-once.ts'
import { type AnsweredCall, toStructured } from './shape.ts'
import { ToolError } from './tool-error.ts'

/** One block of a tool result. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }

/** What a client is sent for a tool call. */
export interface ToolResult {
  // Mutable and open, because the SDK's result type is.
  [key: string]: unknown
  content: Block[]
  structuredContent?: Json
  isError?: boolean
}

/** What an answer was computed from that PostHog keeps from API keys, and what it leaves open. */
export interface DerivedFrom {
  readonly from: readonly string[]
  readonly notKnown: readonly string[]
}

/** What a successful call came back with. */
export type Answer =
  | { readonly kind: 'data'; readonly schema: Json; readonly call: AnsweredCall; readonly derived?: DerivedFrom }
  | {
      readonly kind: 'file'
      readonly reply: HttpReply
      readonly files: AllowedFiles
      readonly input: Json
      readonly project: number
    }

/** Text files up to this many bytes are shown as text; larger ones would fill a model's context. */
const LARGEST_TEXT = 20_000
/** Images up to this many bytes go into the result; hosts refuse much larger ones. */
const LARGEST_IMAGE = 3_000_000

/**
 * The result of a success, masked.
 * @param delivery hands over what is shown only once, of an operation that has that
 * @throws ToolError when a file can go nowhere, or such a value could not be handed over
 */
export const toResult = async (
  answer: Answer,
  redactor: Redactor,
  operation: Operation,
  delivery: Delivery | undefined,
): Promise<ToolResult> => {
  if (answer.kind === 'file') return toFileResult(answer, redactor)
  const structured = withOrigin(toStructured(operation, answer.schema, answer.call), answer.derived)
  // Before it is handed over: what is revealed is all that may differ then.
  const safe = toOutgoing(structured, redactor, operation.reveals)
  return toBlocks(delivery === undefined ? safe : await delivery.deliver(safe))
}

const withOrigin = (structured: Json, derived: DerivedFrom | undefined): Json =>
  derived === undefined
    ? structured
    : { ...structured, derived: true, derived_from: derived.from, not_known: derived.notKnown }

/** The result of a failure, masked; an error that is nobody's on purpose tells nothing of itself. */
export const toErrorResult = (error: unknown, redactor: Redactor, effect: Effect): ToolResult => {
  const told =
    error instanceof ToolError
      ? error
      : new ToolError('This server failed on that call (a fault of its own)', {
          next: 'Report it with the tool name',
          changed: effect === 'read' ? 'nothing' : 'unknown',
        })
  return { content: [{ type: 'text', text: redactor.sentence(told.text) }], isError: true }
}

/** The same result with a word of ours to its caller. */
export const withNote = (result: ToolResult, note: string | undefined): ToolResult =>
  note === undefined ? result : toBlocks({ ...result.structuredContent, secrets_note: note })

const toFileResult = async (answer: Extract<Answer, { kind: 'file' }>, redactor: Redactor): Promise<ToolResult> => {
  const { reply, files, input, project } = answer
  const type = /^[\w.+-]{1,60}\/[\w.+-]{1,60}/.exec(reply.contentType.trim())?.[0] ?? 'application/octet-stream'
  const bytes = reply.body.byteLength
  const about = { ...(input.id === undefined ? {} : { id: input.id }), content_type: type, bytes, project_id: project }
  if (typeof input.save_to === 'string')
    return toBlocks(toOutgoing({ ...about, saved_to: await files.write(input.save_to, reply.body) }, redactor))
  if (/^image\/(png|jpeg|gif|webp)$/.test(type) && bytes <= LARGEST_IMAGE)
    return toBlocks(about, { type: 'image', data: Buffer.from(reply.body).toString('base64'), mimeType: type })
  if (/^(text\/|application\/(json|x-ndjson))/.test(type) && bytes <= LARGEST_TEXT)
    return toBlocks(toTextFile(about, new TextDecoder().decode(reply.body), redactor))
  throw new ToolError(`The file is there (${type}, ${bytes} bytes) but too large or not readable as text`, {
    next: 'Call again with save_to, a file name in a folder this server may use',
  })
}

/** Masked as free text, which a field called `text` is not by itself. */
const toTextFile = (about: Json, text: string, redactor: Redactor): Json => ({
  ...toOutgoing({ ...about, text }, redactor),
  text: redactor.text(text),
})

const toBlocks = (structured: Json, image?: Block): ToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(structured) }, ...(image ? [image] : [])],
  structuredContent: structured,
})
