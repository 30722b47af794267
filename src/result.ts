import type { AllowedFiles } from './files.ts'
import type { HttpReply } from './http/client.ts'
import type { Effect, Json, Operation } from './operation.ts'
import type { Redactor } from './redact.ts'
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

/** What a successful call came back with. */
export type Answer =
  | { readonly kind: 'data'; readonly schema: Json; readonly call: AnsweredCall }
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

/** The result of a success, masked. @throws ToolError when a file can go nowhere */
export const toResult = async (answer: Answer, redactor: Redactor, operation: Operation): Promise<ToolResult> => {
  if (answer.kind === 'file') return toFileResult(answer, redactor)
  const { schema, call } = answer
  const options = { ...(operation.reveals ? { reveals: operation.reveals } : {}) }
  const masked = redactor.value(toStructured(operation, schema, call), options) as Json
  const structured = operation.reveals
    ? {
        ...masked,
        sensitive: `${operation.reveals.join(', ')}: shown only here. Hand it over, do not store it in the chat.`,
      }
    : masked
  return { content: [{ type: 'text', text: JSON.stringify(structured) }], structuredContent: structured }
}

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

const toFileResult = async (answer: Extract<Answer, { kind: 'file' }>, redactor: Redactor): Promise<ToolResult> => {
  const { reply, files, input, project } = answer
  const type = reply.contentType.split(';')[0]?.trim() || 'application/octet-stream'
  const bytes = reply.body.byteLength
  const about = { ...(input.id === undefined ? {} : { id: input.id }), content_type: type, bytes, project_id: project }
  if (typeof input.save_to === 'string')
    return toBlocks({ ...about, saved_to: await files.write(input.save_to, reply.body) })
  if (/^image\/(png|jpeg|gif|webp)$/.test(type) && bytes <= LARGEST_IMAGE)
    return toBlocks(about, { type: 'image', data: Buffer.from(reply.body).toString('base64'), mimeType: type })
  if (/^(text\/|application\/(json|x-ndjson))/.test(type) && bytes <= LARGEST_TEXT)
    return toBlocks({ ...about, text: redactor.text(new TextDecoder().decode(reply.body)) })
  throw new ToolError(`The file is there (${type}, ${bytes} bytes) but too large or not readable as text`, {
    next: 'Call again with save_to, a file name in a folder this server may use',
  })
}

const toBlocks = (structured: Json, image?: Block): ToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(structured) }, ...(image ? [image] : [])],
  structuredContent: structured,
})
