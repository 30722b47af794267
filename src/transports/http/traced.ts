import type { Incoming, MessageSpan, Tracing } from '../../tracing/tracing.ts'
import { interestOf, onEnd } from './listen-stream.ts'

/** An error is a sentence or two; what is longer is a result, and not worth reading once more. */
const LARGEST_ERROR = 16 * 1024

/** The code of a JSON-RPC error, if the text is one. */
const codeOf = (text: string): number | undefined => {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    // Part of a message, which then is no short one.
    return undefined
  }
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'number' ? code : undefined
}

/** Reads along, for the error that an answer may be: alone, or in an event of a stream. */
const readAlong = (span: MessageSpan, { body, status, headers }: Response): Response => {
  if (status >= 400) span.failed(String(status))
  if (body === null) return new Response(null, { status, headers })
  const seen = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      if (chunk.byteLength > LARGEST_ERROR) return
      for (const line of new TextDecoder().decode(chunk).split('\n')) {
        const code = codeOf(line.replace(/^data: /, ''))
        if (code !== undefined) span.failed(String(code), code)
      }
    },
  })
  return new Response(body.pipeThrough(seen), { status, headers })
}

/** Answers a message as a part of a trace, where there is tracing. */
export const traced = async (
  tracing: Tracing | undefined,
  incoming: Incoming,
  work: () => Promise<Response>,
): Promise<Response> => {
  // A request without a message opens or ends a stream, and a batch has no one method.
  if (tracing === undefined || incoming.message === undefined || Array.isArray(incoming.message)) return work()
  const span = tracing.begin(incoming)
  try {
    const response = await span.within(work)
    if (interestOf(incoming.message) === undefined) return onEnd(readAlong(span, response), () => span.end())
    // A subscription lasts for hours; its beginning is what there is to see.
    if (response.status >= 400) span.failed(String(response.status))
    span.end()
    return response
  } catch (error) {
    span.failed('fault')
    span.end()
    throw error
  }
}
