import type { Core } from '../core.ts'
import type { Caller } from './caller.ts'

/** Callers whose parts are kept; those who come back later start with an empty cache. */
const MOST = 1_000

/** A caller with the parts that end with them. */
export interface Kept {
  readonly caller: Caller
  readonly core: Core
}

/** The parts of each caller, made when they first come: the last who came are kept. */
export class CallerPool {
  readonly #kept = new Map<string, Kept>()
  readonly #closing = new Set<Promise<void>>()
  readonly #dropped: (caller: Caller) => void

  /** @param dropped told of each caller whose parts are not kept any more */
  constructor(dropped: (caller: Caller) => void) {
    this.#dropped = dropped
  }

  /** The caller of this id. @param key changes when the parts have to be made anew */
  take(key: string, make: () => Kept): Caller {
    const known = this.#kept.get(key)
    const kept = known ?? make()
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST && oldest !== undefined) this.drop(oldest)
    return kept.caller
  }

  /** Drops everybody else. */
  retain(keys: ReadonlySet<string>): void {
    for (const key of [...this.#kept.keys()]) if (!keys.has(key)) this.drop(key)
  }

  drop(key: string): void {
    const kept = this.#kept.get(key)
    this.#kept.delete(key)
    if (kept === undefined) return
    this.#dropped(kept.caller)
    const closing = kept.core.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  async close(): Promise<void> {
    for (const key of [...this.#kept.keys()]) this.drop(key)
    await Promise.all(this.#closing)
  }
}
