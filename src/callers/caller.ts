import { createHash } from 'node:crypto'
import type { ResourceWatch } from '../schema/resource-watch.ts'
import type { MakeServer } from '../server.ts'

/** Whoever calls: what is theirs alone, and what a log may call them. */
export interface Caller {
  /** Tells callers apart, in this process and others; says nothing of their secret. */
  readonly id: string
  readonly name: string
  /** Whether a tool or a prompt of this name is offered: only such names may be told of in traces. */
  knows(name: string): boolean
  readonly makeServer: MakeServer
  /** The scopes a tool needs that the caller's credential lacks one of; undefined where that is no reason. */
  lacking(tool: string): readonly string[] | undefined
  /** What tells of changes to the caller's resources, where they have any. */
  readonly watch: ResourceWatch | undefined
}

/** A caller while a request of theirs is served: their parts are kept until it is released. */
export interface Held {
  readonly caller: Caller
  /** Once, when the last byte of the answer has left, or nobody wants it any more. */
  release(): void
}

/** Why a request is not served, in the words of RFC 6750. */
export interface Refusal {
  readonly status: 401 | 403 | 503
  readonly error: 'invalid_token' | 'insufficient_scope' | 'temporarily_unavailable' | undefined
  readonly description: string
  readonly scopes?: readonly string[]
  readonly retryAfterSeconds?: number
}

/** Says who calls, from the value of an `Authorization` header. */
export interface Callers {
  /** Whether callers bring a token at all. */
  readonly isOpen: boolean
  identify(authorization: string | undefined, signal: AbortSignal): Promise<Held | Refusal>
  close(): Promise<void>
}

/** Whether somebody is refused. */
export const isRefusal = (answer: Held | Refusal): answer is Refusal => 'status' in answer

/** The token of a header; `Bearer` in any case, as RFC 9110 has it. */
export const toToken = (authorization: string | undefined): string | undefined =>
  /^bearer +([\x21-\x7e]{1,4096})$/i.exec(authorization ?? '')?.[1]

/** What stands for a secret where the secret must not be: equal for equal secrets, of one length. */
export const toHash = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** Nobody said who they are. */
export const NO_TOKEN: Refusal = {
  status: 401,
  error: undefined,
  description: 'This server needs a token: Authorization: Bearer …',
}
