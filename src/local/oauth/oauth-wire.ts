import { isObject } from '../fields.ts'

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

/** A JSON object from a request. Throws `code`. */
export const readJson = async (request: Request, code: string): Promise<Readonly<Record<string, unknown>>> => {
  const value: unknown = await request.json().catch(() => undefined)
  if (isObject(value)) return value
  throw new OAuthError(code, 'The body is not a JSON object.')
}

/** Form or JSON, as the token endpoint takes both. */
export const readParameters = async (request: Request): Promise<Parameters> => {
  const isJson = /^application\/json\b/i.test(request.headers.get('content-type') ?? '')
  const pairs = isJson
    ? Object.entries(await readJson(request, 'invalid_request'))
    : [...new URLSearchParams(await request.text())]
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
}

/** The token after `Bearer`, if there is one. */
export const bearerOf = (request: Request): string | undefined =>
  /^Bearer +(\S+)\s*$/.exec(request.headers.get('authorization') ?? '')?.[1]
