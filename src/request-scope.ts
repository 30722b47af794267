import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context } from '@opentelemetry/api'

/** The HTTP request that work is done for. */
export interface RequestScope {
  /** Its id: in its response, and in every line that is logged for it. */
  readonly request: string
  /** The span that what is done belongs to, where there is tracing. */
  readonly trace?: Context
}

const scopes = new AsyncLocalStorage<RequestScope | undefined>()

/** Does the work for a request, whatever it waits for. */
export const inScope = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work)

/** Does what outlives the request that happened to begin it. */
export const outOfScope = <T>(work: () => T): T => scopes.run(undefined, work)

/** The request that is being worked for, if it is one. */
export const currentScope = (): RequestScope | undefined => scopes.getStore()
