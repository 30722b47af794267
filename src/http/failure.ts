/**
 * Why there is no reply:
 * - `timeout`, `cancelled`, `closed`: the deadline, the caller, or `close()` ended it.
 * - `busy`: the deadline passed while waiting for a turn behind other requests.
 * - `unreachable`: no connection (refused, no such host, no route, a proxy that refused).
 * - `tls`: the certificate or the handshake was not accepted.
 * - `reset`: the connection was lost, before or in the middle of the reply.
 * - `bad_reply`: what came is not HTTP, or compressed although that was not asked for.
 * - `too_large`: the body passed the request's cap.
 * - `redirect_refused`: a storage redirect that must not be followed.
 * - `unreadable`: the file to send could not be read, or its size changed meanwhile.
 */
export type FailureKind =
  | 'timeout'
  | 'cancelled'
  | 'closed'
  | 'busy'
  | 'unreachable'
  | 'tls'
  | 'reset'
  | 'bad_reply'
  | 'too_large'
  | 'redirect_refused'
  | 'unreadable'

/** `no` only where no complete request can have reached the server. */
export type Executed = 'no' | 'unknown'

interface FailureDetails {
  readonly kind: FailureKind
  readonly executed: Executed
  readonly message: string
  readonly status?: number
}

/**
 * A request without a reply. The message is a sentence of our own: errors of the library are never quoted or
 * kept as `cause`, because they can hold headers and URLs, which here means the key and presigned links.
 */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure'
  readonly kind: FailureKind
  readonly executed: Executed
  /** The status, when the reply had begun. */
  readonly status: number | undefined

  constructor(details: FailureDetails) {
    super(details.message)
    this.kind = details.kind
    this.executed = details.executed
    this.status = details.status
  }
}

/** How far an exchange had come when it failed. */
export interface Progress {
  /** `the server` or `the storage`, for the sentence. */
  readonly peer: string
  /** Whether any byte of the request can have left. */
  readonly sent: boolean
  readonly status: number | undefined
}

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|EPROTO$|UND_ERR_PRX_TLS$|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|INVALID_(CA|PURPOSE)|ERROR_IN_)/

const NOT_HTTP = 'PARSE_ERROR'
const MALFORMED: ReadonlySet<string> = new Set([
  NOT_HTTP,
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

/** What of a library's error can be shown: its code, or for a parse error, which has none, a name for it. */
const toCode = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'HTTPParserError') return NOT_HTTP
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'unknown'
}

const toUnsentFailure = (code: string, peer: string): HttpFailure =>
  TLS_CODE.test(code)
    ? new HttpFailure({
        kind: 'tls',
        executed: 'no',
        message: `The certificate of ${peer} was not accepted (${code}). Behind a proxy or with a private authority, set NODE_EXTRA_CA_CERTS.`,
      })
    : new HttpFailure({
        kind: 'unreachable',
        executed: 'no',
        message: `No connection to ${peer} could be made (${code}).`,
      })

/** Turns an error of undici or of a socket into a failure; only its code is kept. */
export const toFailure = (error: unknown, { peer, sent, status }: Progress): HttpFailure => {
  if (error instanceof HttpFailure) return error
  const code = toCode(error)
  if (!sent) return toUnsentFailure(code, peer)
  const executed = 'unknown'
  if (status !== undefined) {
    // A chunked body cut short is a parse error too, so after the status every error is a loss.
    const message = `The reply of ${peer} broke off after its status ${status} (${code}).`
    return new HttpFailure({ kind: 'reset', executed, message, status })
  }
  if (MALFORMED.has(code)) {
    const message = `What ${peer} answered is not HTTP (${code}).`
    return new HttpFailure({ kind: 'bad_reply', executed, message })
  }
  const message = `The connection to ${peer} was lost before it answered (${code}).`
  return new HttpFailure({ kind: 'reset', executed, message })
}
