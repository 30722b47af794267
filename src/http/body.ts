import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { HttpFailure } from './failure.ts'
import type { FileBody, JsonBody } from './message.ts'

/** A body ready for one attempt, with the headers that describe it. */
export interface EncodedBody {
  readonly headers: Readonly<Record<string, string>>
  readonly content: Buffer | Readable
}

// As browsers do (HTML standard, multipart/form-data encoding): only what would end the quoted name is escaped.
const toQuoted = (name: string): string => name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')

const unreadable = (message: string): HttpFailure =>
  // Not executed: the body stays shorter than announced, so no server has a complete request to act on.
  new HttpFailure({ kind: 'unreadable', executed: 'no', message })

async function* fileBytes(body: FileBody): AsyncGenerator<Uint8Array> {
  let seen = 0
  try {
    for await (const chunk of body.open()) {
      seen += chunk.byteLength
      if (seen > body.size) break
      yield chunk
    }
  } catch {
    // The error itself is not passed on: it names a path of this machine.
    throw unreadable('The file could not be read to its end.')
  }
  if (seen !== body.size) throw unreadable('The size of the file changed while it was being sent.')
}

async function* formBytes(head: Buffer, body: FileBody, tail: Buffer): AsyncGenerator<Uint8Array> {
  yield head
  yield* fileBytes(body)
  yield tail
}

const encodeFile = (body: FileBody): EncodedBody => {
  if (/[^\x20-\x7e]/.test(body.contentType)) throw new TypeError('The content type of the file is not one.')
  const boundary = `form-${randomUUID()}`
  const parts = Object.entries(body.fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${toQuoted(name)}"\r\n\r\n${value}\r\n`,
  )
  const file = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${toQuoted(body.fileName)}"\r\nContent-Type: ${body.contentType}\r\n\r\n`
  const head = Buffer.from(parts.join('') + file)
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.byteLength + body.size + tail.byteLength),
    },
    content: Readable.from(formBytes(head, body, tail), { objectMode: false }),
  }
}

/**
 * Encodes a body for one attempt.
 * @throws TypeError for a value JSON cannot hold or a content type with control characters
 */
export const encodeBody = (body: JsonBody | FileBody): EncodedBody => {
  if (body.kind === 'file') return encodeFile(body)
  const content = Buffer.from(JSON.stringify(body.value))
  return { headers: { 'content-type': 'application/json' }, content }
}
