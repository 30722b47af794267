import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import type { EncodedBody } from './body.ts'
import type { Deadline } from './deadline.ts'
import { type FailureKind, HttpFailure, toFailure } from './failure.ts'

/** One request on the wire: no retry, no redirect. */
export interface Exchange {
  readonly dispatcher: Dispatcher
  /** For sentences: `the server` or `the storage`. */
  readonly peer: string
  readonly origin: string
  /** With its query. */
  readonly path: string
  readonly method: Dispatcher.HttpMethod
  readonly headers: Readonly<Record<string, string>>
  readonly content?: EncodedBody['content']
  readonly maxReplyBytes: number
  readonly deadline: Deadline
}

/** One reply, read to its end. */
export interface RawReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

interface Settle {
  resolve(reply: RawReply): void
  reject(failure: HttpFailure): void
}

/**
 * Follows one exchange through undici's callbacks. It sits at this level, below `request()`, because only here
 * it is known whether the request was handed to a socket: before `onRequestStart` nothing was sent.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange
  readonly #settle: Settle
  readonly #chunks: Buffer[] = []
  #controller: Dispatcher.DispatchController | undefined
  #status: number | undefined
  #headers: IncomingHttpHeaders = {}
  #size = 0
  #settled = false

  constructor(exchange: Exchange, settle: Settle) {
    this.#exchange = exchange
    this.#settle = settle
    exchange.deadline.signal.addEventListener('abort', this.#onEnd, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici may start a request again on another connection; what was sent once is never sent twice unasked.
    if (this.#controller !== undefined && !this.#settled) this.fail(new Error('started twice'))
    this.#controller = controller
    if (this.#settled) controller.abort(new Error('settled'))
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    const encoding = headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity' && encoding !== '') {
      this.#refuse('bad_reply', `${this.#exchange.peer} compressed its reply although it was asked not to`)
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.byteLength
    this.#chunks.push(chunk)
    const { maxReplyBytes, peer } = this.#exchange
    if (this.#size > maxReplyBytes) {
      this.#refuse('too_large', `the reply of ${peer} has more than ${maxReplyBytes} bytes`)
    }
  }

  onResponseEnd(): void {
    if (this.#settled || this.#status === undefined) return
    this.#stop()
    this.#settle.resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(error)
  }

  /** Ends the exchange, and its connection where there is one. */
  fail(error: unknown): void {
    if (this.#settled) return
    this.#stop()
    this.#chunks.length = 0
    const { peer } = this.#exchange
    const sent = this.#controller !== undefined
    const failure = toFailure(error, { peer, sent, status: this.#status })
    this.#controller?.abort(failure)
    this.#settle.reject(failure)
  }

  #refuse(kind: FailureKind, what: string): void {
    const message = `${what.charAt(0).toUpperCase()}${what.slice(1)}.`
    const begun = this.#status === undefined ? {} : { status: this.#status }
    this.fail(new HttpFailure({ kind, executed: 'unknown', message, ...begun }))
  }

  readonly #onEnd = (): void => {
    this.fail(this.#exchange.deadline.failure(this.#controller === undefined ? 'no' : 'unknown'))
  }

  #stop(): void {
    this.#settled = true
    this.#exchange.deadline.signal.removeEventListener('abort', this.#onEnd)
  }
}

/**
 * Makes one exchange and reads the reply to its end, counting its bytes.
 * @throws HttpFailure
 */
export const exchange = (spec: Exchange): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    if (spec.deadline.signal.aborted) {
      reject(spec.deadline.failure('no'))
      return
    }
    const handler = new ExchangeHandler(spec, { resolve, reject })
    const { dispatcher, origin, path, method, content } = spec
    // Compression is not asked for, so the bytes counted are the bytes held and no bomb can unfold.
    const headers = { ...spec.headers, 'accept-encoding': 'identity' }
    try {
      dispatcher.dispatch({ origin, path, method, headers, body: content ?? null }, handler)
    } catch (error) {
      handler.fail(error)
    }
  })
