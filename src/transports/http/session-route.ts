import type { Caller } from '../../callers/caller.ts'
import type { Forwarder } from '../../http/forward.ts'
import type { RedisPlaces } from '../../replicas/session-places.ts'
import { sessionNotFound, toRpcError } from './endpoint.ts'
import type { Sessions } from './sessions.ts'

/** The response of the replica that has the session of a request; undefined where this one is to answer. */
export type SessionRoute = (request: Request, caller: Caller) => Promise<Response | undefined>

/** One process answers everything. */
export const answerHere: SessionRoute = async () => undefined

/** Says that a request was passed on. It is not passed on again, so that none can go round in circles. */
const HOP = 'x-mcp-replica-hop'

/**
 * Sends requests to the replica that has their session. The caller is known here already, and is asked for again there:
 * the mark of a hop gives nobody anything, for limits too are counted there alone.
 */
export const createSessionRoute =
  (sessions: Sessions, places: RedisPlaces, { forward }: Forwarder): SessionRoute =>
  async (request, caller) => {
    const id = request.headers.get('mcp-session-id')
    if (id === null || sessions.has(id) || request.headers.has(HOP)) return undefined
    const place = await places.find(id)
    if (place === 'unknown')
      return toRpcError(503, -32000, 'It cannot be told now where the session is; try again', { 'Retry-After': '2' })
    // Somebody else's is answered like one that is not there.
    if (place === undefined || place.caller !== caller.id) return undefined
    const response = await forward(request, place.address, { [HOP]: '1' })
    if (response === 'lost')
      return toRpcError(502, -32000, 'The replica with this session went away; the call may have been carried out')
    if (response === 'gone' || response.status === 404) places.mistaken(id)
    return response === 'gone' ? sessionNotFound() : response
  }
