/** An answer other than success. `body` null means no body at all (fact sheet: tables 1.3, family D). */
export class ApiError extends Error {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`HTTP ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.body = body
    this.headers = headers
  }
}

type Kind = 'validation_error' | 'invalid_request' | 'authentication_error' | 'throttled_error' | 'server_error'

const standard = (
  status: number,
  type: Kind,
  code: string,
  detail: string,
  attr: string | null = null,
  more: { readonly extra?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
): ApiError =>
  new ApiError(
    status,
    { type, code, detail, attr, ...(more.extra === undefined ? {} : { extra: more.extra }) },
    more.headers,
  )

/** 400 of a field or of the whole body (`attr` null); codes in fact sheet: cross-cutting 6. */
export const invalid = (
  detail: string,
  attr: string | null = null,
  code = 'invalid_input',
  extra?: unknown,
): ApiError => standard(400, 'validation_error', code, detail, attr, { extra })

/** 400 for a body that is not JSON. `why` has Python's form: the sheet's example quotes it. */
export const unparsable = (why: string): ApiError =>
  standard(400, 'invalid_request', 'parse_error', `JSON parse error - ${why}`)

/** 401 without usable credentials, or with wrong ones (fact sheet: cross-cutting 3.1). */
export const unauthenticated = (
  detail = 'Authentication credentials were not provided.',
  code: 'not_authenticated' | 'authentication_failed' = 'not_authenticated',
): ApiError => standard(401, 'authentication_error', code, detail, null, { headers: { 'WWW-Authenticate': 'Bearer' } })

/** 403 (fact sheet: cross-cutting 3.2). */
export const denied = (detail: string): ApiError => standard(403, 'authentication_error', 'permission_denied', detail)

/** 404; a missing row and an invisible one read the same. */
export const notFound = (detail = 'Not found.'): ApiError => standard(404, 'invalid_request', 'not_found', detail)

/** 405, only seen where a session would be allowed at all. */
export const wrongMethod = (method: string): ApiError =>
  standard(405, 'invalid_request', 'method_not_allowed', `Method "${method}" not allowed.`)

/** 415 with the offending type. */
export const wrongMedia = (type: string): ApiError =>
  standard(415, 'invalid_request', 'unsupported_media_type', `Unsupported media type "${type}" in request.`)

/** 413; the sheet names the 20 MiB limit but no body, so the standard shape is used. */
export const tooLarge = (): ApiError =>
  standard(413, 'invalid_request', 'request_too_large', 'Request body exceeded 20971520 bytes.')

/** 429 with `Retry-After` in whole seconds (fact sheet: cross-cutting 7). */
export const throttled = (seconds: number): ApiError =>
  standard(
    429,
    'throttled_error',
    'throttled',
    `Request was throttled. Expected available in ${seconds} seconds.`,
    null,
    { headers: { 'Retry-After': String(seconds) } },
  )

/** 429 of the concurrency gate, which has no `Retry-After` (fact sheet: cross-cutting 7). */
export const crowded = (slots: number, key: string, task: string): ApiError =>
  standard(
    429,
    'throttled_error',
    'throttled',
    `Exceeded maximum concurrency limit: ${slots} for key: ${key} and task: ${task}`,
  )

/** 500 without a cause the caller may see. */
export const crashed = (): ApiError => standard(500, 'server_error', 'error', 'A server error occurred.')

/** 501 for operations the local warehouse does not have yet; not an upstream status. */
export const notServed = (what: string): ApiError =>
  standard(501, 'server_error', 'not_implemented', `The local warehouse does not serve ${what} yet.`)

/** 503 of a full queue or a worker being replaced (text in fact sheet: cross-cutting 9.4). */
export const busy = (): ApiError =>
  standard(
    503,
    'server_error',
    'error',
    "Queries are a little too busy right now. We're working to free up resources. Please try again later.",
  )

/** Family B of the tables sheet, `{message}`. */
export const saying = (message: string): ApiError => new ApiError(400, { message })

/** Family C of the tables sheet, `{error}`. */
export const erring = (error: string): ApiError => new ApiError(400, { error })
