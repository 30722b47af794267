/** What a client may still send of a body that was refused, in bytes, before the line is cut. */
const MOST = 256 * 1024 * 1024

/**
 * Takes the rest of a body that nobody wants. A client that is answered while it sends sees a broken line in place of the
 * answer.
 */
export const drain = async ({ body }: Request): Promise<void> => {
  if (body === null || body.locked) return
  const reader = body.getReader()
  try {
    for (let size = 0; size < MOST; ) {
      const { done, value } = await reader.read()
      if (done) return
      size += value.byteLength
    }
  } catch {
    // The client has gone; there is nobody to answer.
  }
}
