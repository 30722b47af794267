import { ToolError } from './tool-error.ts'

/** A tool error with the HTTP status it came from, for the log. */
export class StatusError extends ToolError {
  readonly status: number
  /** How long PostHog asks to wait, in seconds, if it does. */
  readonly retryAfterSeconds: number | undefined
  /** What PostHog calls the request, if it says. */
  readonly posthogRequest: string | undefined

  constructor(error: ToolError, status: number, retryAfterSeconds?: number, posthogRequest?: string) {
    const { next, changed, residue } = error
    super(error.message, { next, changed, ...(residue === undefined ? {} : { residue }) })
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
    this.posthogRequest = posthogRequest
  }
}

/** PostHog lets no key call this, whatever its scopes (fact sheet: cross-cutting 3.2, row 2). */
export class KeysRefused extends StatusError {}
