import { type Callers, type Held, isRefusal, type Refusal } from '../../callers/caller.ts'
import { toRpcError } from './endpoint.ts'

/** Only what RFC 6750 lets stand in a challenge; a header with other characters could not be sent at all. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]|[\\"]/g, '?')}"`

/** The challenge of a refusal, with where a client learns whom to ask for a token (RFC 6750, RFC 9728). */
const toChallenge = ({ error, description, scopes }: Refusal, metadataUrl: string | undefined): string => {
  const parts = [
    error === undefined ? '' : `error=${quoted(error)}`,
    error === undefined ? '' : `error_description=${quoted(description)}`,
    scopes === undefined ? '' : `scope=${quoted(scopes.join(' '))}`,
    metadataUrl === undefined ? '' : `resource_metadata=${quoted(metadataUrl)}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'Bearer' : `Bearer ${parts.join(', ')}`
}

/**
 * A refusal as HTTP has it.
 * @param metadataUrl of the protected resource, where there is an authorization server
 * @param id of the message that was refused, where it was read
 */
export const toRefusal = (refusal: Refusal, metadataUrl: string | undefined, id?: unknown): Response => {
  const { status, description, retryAfterSeconds } = refusal
  const headers: Record<string, string> = {
    ...(status === 503 ? {} : { 'WWW-Authenticate': toChallenge(refusal, metadataUrl) }),
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
  }
  return toRpcError(status, status === 503 ? -32000 : -32001, description, headers, id)
}

/** Who calls, held, or the response that refuses. */
export const authenticate = async (
  callers: Callers,
  request: Request,
  metadataUrl: string | undefined,
): Promise<Held | Response> => {
  const answer = await callers.identify(request.headers.get('authorization') ?? undefined, request.signal)
  return isRefusal(answer) ? toRefusal(answer, metadataUrl) : answer
}
