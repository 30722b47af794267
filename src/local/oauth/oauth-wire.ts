import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { isObject } from '../fields.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

// No key stands behind these bodies; metadata with keys and a software statement fit many times over.
const LONGEST_BODY = 65_536

/** The parameters of a request, from its form or its JSON; only texts count. */
export type Parameters = Readonly<Record<string, string>>

/** An answer in the shape of RFC 6749, which is not the API's (fact sheet: cross-cutting 4). */
export class OAuthError extends Error {
  readonly status: number
  readonly error: string
  constructor(error: string, description: string, status = 400) {
    super(description)
    this.name = 'OAuthError'
    this.error = error
    this.status = status
  }
}

/** JSON that no cache keeps. */
export const toAnswer = (body: unknown, status = 200): Response =>
  Response.json(body, { status, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' } })

/** Runs a handler and tells its refusals. */
export const answering =
  (run: (request: Request) => Promise<Response> | Response) =>
  async (request: Request): Promise<Response> => {
    try {
      return await run(request)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      return toAnswer({ error: error.error, error_description: error.message }, error.status)
    }
  }

/** Refuses a body over 64 KiB, before it is read where its length is told, else while it is read. */
export const limitBody: MiddlewareHandler = bodyLimit({
  maxSize: LONGEST_BODY,
  onError: ({ req }) => {
    const error = /\/register\/?$/.test(req.path) ? 'invalid_client_metadata' : 'invalid_request'
    return toAnswer({ error, error_description: `The body is longer than ${LONGEST_BODY} bytes.` }, 413)
  },
})

const typeOf = (request: Request): string =>
  (request.headers.get('content-type') ?? '').replace(/;.*/, '').trim().toLowerCase()

const requireType = (request: Request, types: readonly string[], code: string): void => {
  if (!types.includes(typeOf(request))) throw new OAuthError(code, `The body must be ${types.join(' or ')}.`)
}

/** A JSON object from a request. Throws `code`, also for another content type: a web page can send those unasked. */
export const readJson = async (request: Request, code: string): Promise<Readonly<Record<string, unknown>>> => {
  requireType(request, [JSON_TYPE], code)
  const value: unknown = await request.json().catch(() => undefined)
  if (isObject(value)) return value
  throw new OAuthError(code, 'The body is not a JSON object.')
}

/** The fields of a form. Throws `invalid_request`. */
export const readForm = async (request: Request): Promise<URLSearchParams> => {
  requireType(request, [FORM], 'invalid_request')
  return new URLSearchParams(await request.text())
}

/** Form or JSON, as the token endpoint takes both. Throws `invalid_request`. */
export const readParameters = async (request: Request): Promise<Parameters> => {
  requireType(request, [FORM, JSON_TYPE], 'invalid_request')
  const isForm = typeOf(request) === FORM
  const pairs = isForm ? [...(await readForm(request))] : Object.entries(await readJson(request, 'invalid_request'))
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
}

/** The token after `Bearer`, if there is one. */
export const bearerOf = (request: Request): string | undefined =>
  /^Bearer +(\S+)\s*$/.exec(request.headers.get('authorization') ?? '')?.[1]
