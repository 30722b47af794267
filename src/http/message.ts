import type { HttpFailure } from './failure.ts'

/** A JSON body, sent as `application/json`. */
export interface JsonBody {
  readonly kind: 'json'
  readonly value: unknown
}

/** One file and its form fields, streamed as `multipart/form-data` with a known length; never held whole. */
export interface FileBody {
  readonly kind: 'file'
  readonly fields: Readonly<Record<string, string>>
  readonly fileName: string
  readonly contentType: string
  /** Bytes that `open` will yield, exactly; anything else ends the request as `unreadable`. */
  readonly size: number
  /** Opens the file from its start; called once for each attempt. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** One request to the configured origin. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Starts with one `/`, already percent-encoded, without query. */
  readonly path: string
  readonly query?: readonly (readonly [string, string])[]
  /** The path with names in the place of its values, such as `/api/projects/{project_id}/query/`: for measuring. */
  readonly route?: string
  readonly body?: JsonBody | FileBody
  /** Milliseconds for everything: waiting for a turn, every attempt, the pauses between, the redirect. */
  readonly deadlineMs: number
  /** The most bytes a reply's body may have. */
  readonly maxReplyBytes: number
  /** The caller's cancellation; it aborts the socket. */
  readonly signal: AbortSignal
  /** Follow exactly one 302 to storage. Without it a redirect is a reply like any other. */
  readonly storageRedirect?: boolean
}

/** Whatever the server (or the storage) said, any status included. */
export interface HttpReply {
  readonly status: number
  /** The Content-Type header as sent; empty when there was none. */
  readonly contentType: string
  /** Whole seconds, from either form of Retry-After; absent when there was none that can be read. */
  readonly retryAfterSeconds?: number
  /** What the server calls the request, from X-Request-Id; absent when it says nothing that has the form of an id. */
  readonly requestId?: string
  readonly body: Uint8Array
  /** True when the body came from the storage a redirect led to. */
  readonly fromStorage: boolean
  /** Requests that were made for this reply; 1 when nothing was repeated. */
  readonly attempts: number
}

/** Addresses (v4 or v6, as text) of a host name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

/** The proxy variables by their usual names; where both spellings are set the lower-case one wins, as in curl. */
export type ProxyEnv = Readonly<
  Partial<
    Record<'HTTPS_PROXY' | 'HTTP_PROXY' | 'NO_PROXY' | 'https_proxy' | 'http_proxy' | 'no_proxy', string | undefined>
  >
>

/** One attempt of a request to the configured origin. */
export interface Attempt {
  readonly method: HttpRequest['method']
  readonly origin: string
  readonly route: string | undefined
  /** From 1. */
  readonly count: number
}

/** Whoever is told of an attempt as it begins, and then of its end. */
export type Observe = (attempt: Attempt) => {
  /** What has to go with it. */
  readonly headers: Readonly<Record<string, string>>
  /** @param outcome the status, or why there is none */
  ended(outcome: number | HttpFailure): void
}

/** What the client is made from. */
export interface HttpConfig {
  /** Scheme, host and port, nothing more: `https://us.posthog.com`. The key goes nowhere else. */
  readonly origin: string
  /** Without one, requests go out without Authorization. */
  readonly apiKey: string | undefined
  readonly userAgent: string
  /** Requests on the wire at once, at least 1; more wait their turn in order. */
  readonly maxInFlight: number
  readonly env: ProxyEnv
  /** Origins storage redirects may lead to without being https or public: the local warehouse's own storage. */
  readonly storageOrigins?: readonly string[]
  /** Told of every attempt. */
  readonly observe?: Observe
  /** Stands in for the system's resolver in the check of storage addresses. */
  readonly resolve?: Resolve
}

/** The way out as one credential. */
export interface HttpSender {
  /**
   * Sends one request and gives back whatever was answered.
   * @throws HttpFailure when there is no reply to give back
   * @throws TypeError when the path is not one, before anything is sent
   */
  send(request: HttpRequest): Promise<HttpReply>
}

/** The one way out: one pool of connections, whoever uses it. */
export interface HttpClient extends HttpSender {
  /** The same way out with another key. @throws TypeError for a key that cannot be sent */
  as(apiKey: string): HttpSender
  /** Ends what is in flight (each call fails as `closed`) and closes every connection. */
  close(): Promise<void>
}
