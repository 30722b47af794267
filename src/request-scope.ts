import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context } from '@opentelemetry/api'

/** The HTTP request that work is done for. */
export interface RequestScope {
  /** Its id: in its response, and in every line that is logged for it. */
  readonly request: string
  /** The span that what is done belongs to, where there is tracing. */
  readonly trace?: Context
  /** Does what may take a person minutes, and leaves its turn to others meanwhile. */
  readonly withoutTurn?: <T>(work: () => Promise<T>) => Promise<T>
}

const scopes = new AsyncLocalStorage<RequestScope | undefined>()

/** Does the work for a request, whatever it waits for. */
export const inScope = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work)

/** Does the work in a turn, which it can give back for a while. */
export const withTurn = <T>(without: NonNullable<RequestScope['withoutTurn']>, work: () => T): T => {
  const scope = scopes.getStore()
  return scope === undefined ? work() : scopes.run({ ...scope, withoutTurn: without }, work)
}

/** Waits for somebody; others may have the turn of this request meanwhile, where it has one. */
export const waitFor = <T>(work: () => Promise<T>): Promise<T> => {
  const without = scopes.getStore()?.withoutTurn
  return without === undefined ? work() : without(work)
}

/** Does what outlives the request that happened to begin it. */
export const outOfScope = <T>(work: () => T): T => scopes.run(undefined, work)

/** The request that is being worked for, if it is one. */
export const currentScope = (): RequestScope | undefined => scopes.getStore()
