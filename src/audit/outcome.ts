import { StatusError } from '../status-error.ts'
import { ToolError } from '../tool-error.ts'

/**
 * How a write ended:
 * - `done`: PostHog carried it out.
 * - `refused`: this server did not send it (a look before it, a person, a file that may not be read).
 * - `failed`: PostHog refused it, or could not be reached; nothing was changed but what `residue` says.
 * - `unknown`: it was sent, and nobody knows whether it was carried out.
 */
export type Ending = 'done' | 'refused' | 'failed' | 'unknown'

/** What is written down of an ending. */
export interface Outcome {
  readonly outcome: Ending
  /** HTTP status of PostHog's answer, if it gave one. */
  readonly status?: number | undefined
  /** Of what has no status: the kind of the error. */
  readonly kind?: string | undefined
  /** What a refused write may have left behind. */
  readonly residue?: string | undefined
  /** PostHog's own id of the request, where its answer has one. */
  readonly posthogRequest?: string | undefined
}

/** How a write ended that came to an error. */
export const toOutcome = (error: unknown): Outcome => {
  if (!(error instanceof ToolError)) return { outcome: 'unknown', kind: 'fault' }
  const { changed, residue, kind } = error
  if (error instanceof StatusError) {
    const { status, posthogRequest } = error
    return { outcome: changed === 'unknown' ? 'unknown' : 'failed', status, residue, posthogRequest }
  }
  if (changed === 'unknown') return { outcome: 'unknown', kind }
  return { outcome: kind === 'refused' || kind === 'input' || kind === 'sql' ? 'refused' : 'failed', kind }
}
