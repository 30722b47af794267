import { Transform, type TransformCallback } from 'node:stream'

const NEWLINE = 0x0a
/** Enough of a message's start and end to find its id in. */
const EDGE = 512

/**
 * Passes whole lines on, and answers for those the protocol cannot take: one that is too long (the SDK's transport
 * would close the connection) and one that is not JSON (it would be dropped without an answer).
 */
export class LineLimit extends Transform {
  readonly #limit: number
  readonly #answer: (message: unknown) => void
  #parts: Buffer[] = []
  #length = 0
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)

  constructor(limit: number, answer: (message: unknown) => void) {
    super()
    this.#limit = limit
    this.#answer = answer
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE)) {
      this.#take(rest.subarray(0, end))
      this.#finishLine()
      rest = rest.subarray(end + 1)
    }
    this.#take(rest)
    done()
  }

  override _flush(done: TransformCallback): void {
    // A last line without its newline is no message.
    done()
  }

  #take(piece: Buffer): void {
    this.#length += piece.length
    if (this.#length <= this.#limit) {
      this.#parts.push(piece)
      return
    }
    const seen = this.#parts.length > 0 ? Buffer.concat([...this.#parts, piece]) : piece
    this.#parts = []
    if (this.#head.length === 0) this.#head = Buffer.from(seen.subarray(0, EDGE))
    this.#tail = Buffer.concat([this.#tail, seen.subarray(-EDGE)]).subarray(-EDGE)
  }

  #finishLine(): void {
    if (this.#length > this.#limit)
      this.#refuse(-32600, `Message too large: at most ${this.#limit} bytes`, this.#edges())
    else this.#passOn(Buffer.concat(this.#parts))
    this.#parts = []
    this.#length = 0
    this.#head = Buffer.alloc(0)
    this.#tail = Buffer.alloc(0)
  }

  #passOn(line: Buffer): void {
    const text = line.toString('utf8').trim()
    if (text === '') return
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      this.#refuse(-32700, 'Parse error: a message is one line of JSON', '')
      return
    }
    if (typeof message === 'object' && message !== null && 'jsonrpc' in message) this.push(`${text}\n`)
    else this.#refuse(-32600, 'Invalid Request: a message is a JSON-RPC 2.0 object', text)
  }

  #edges(): string {
    return `${this.#head.toString('utf8')}\n${this.#tail.toString('utf8')}`
  }

  #refuse(code: number, message: string, edges: string): void {
    // Clients write the id first or last; found at neither edge, JSON-RPC wants null.
    const id =
      /^\s*\{(?:"jsonrpc":"2\.0",)?"id":(\d+|"[^"]{1,200}")/.exec(edges)?.[1] ??
      /"id":\s*(\d+|"[^"]{1,200}")\s*\}\s*$/.exec(edges)?.[1]
    this.#answer({ jsonrpc: '2.0', id: id === undefined ? null : JSON.parse(id), error: { code, message } })
  }
}
