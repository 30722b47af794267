import { toRpcError } from './endpoint.ts'
import { LARGEST_BODY } from './sessions.ts'

/** A message, or the response that refuses what came instead. */
export type ReadMessage = { readonly message: unknown } | { readonly refused: Response }

/** Whoever sends more than may be kept still learns why not, if it is no more than this. */
const MOST_READ = 4 * LARGEST_BODY

/** A body up to the limit. Of a larger one nothing is kept; it is read so that its sender gets to read the answer. */
const readBounded = async (request: Request): Promise<Uint8Array | undefined> => {
  const chunks: Uint8Array[] = []
  let size = 0
  if (request.body === null) return new Uint8Array()
  for await (const chunk of request.body) {
    size += chunk.byteLength
    if (size > MOST_READ) return undefined
    if (size > LARGEST_BODY) chunks.length = 0
    else chunks.push(chunk)
  }
  return size > LARGEST_BODY ? undefined : Buffer.concat(chunks)
}

const tooLarge = (): Response => toRpcError(413, -32600, `The message has more than ${LARGEST_BODY} bytes`)

/** The JSON of a POST; undefined for a request that carries none. */
export const readMessage = async (request: Request): Promise<ReadMessage> => {
  if (request.method !== 'POST') return { message: undefined }
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type))
    return { refused: toRpcError(415, -32000, 'Content-Type must be application/json') }
  if (Number(request.headers.get('content-length') ?? 0) > MOST_READ) return { refused: tooLarge() }
  // A sender that left in the middle is no fault of this server.
  const bytes = await readBounded(request).catch(() => null)
  if (bytes === null) return { refused: toRpcError(400, -32700, 'The body did not arrive') }
  if (bytes === undefined) return { refused: tooLarge() }
  try {
    return { message: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return { refused: toRpcError(400, -32700, 'The body is not JSON') }
  }
}
