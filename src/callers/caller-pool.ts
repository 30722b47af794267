import type { Core } from '../core.ts'
import type { Caller, Held, Refusal } from './caller.ts'

/** Callers whose parts are kept; those who come back later start with an empty cache. */
const MOST = 1_000

/** A caller with the parts that end with them. */
export interface Kept {
  readonly caller: Caller
  readonly core: Core
}

interface Entry extends Kept {
  /** Requests that are being answered, streams that are open. */
  holds: number
}

const FULL: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  description: 'As many callers as there may be are being served; try again later',
  retryAfterSeconds: 5,
}

/** The parts of each caller, made when they first come: the last who came are kept, and all who are being served. */
export class CallerPool {
  readonly #kept = new Map<string, Entry>()
  readonly #closing = new Set<Promise<void>>()
  readonly #dropped: (caller: Caller) => void

  /** @param dropped told of each caller whose parts are not kept any more */
  constructor(dropped: (caller: Caller) => void) {
    this.#dropped = dropped
  }

  /**
   * The caller of this key, held; refused where there is no room because all the others are being served.
   * @param key changes when the parts have to be made anew
   */
  take(key: string, make: () => Kept): Held | Refusal {
    const known = this.#kept.get(key)
    if (known === undefined && !this.#makeRoom()) return FULL
    const entry = known ?? { ...make(), holds: 0 }
    this.#kept.delete(key)
    this.#kept.set(key, entry)
    entry.holds += 1
    return {
      caller: entry.caller,
      release: () => {
        entry.holds -= 1
      },
    }
  }

  /** Who is being served now. */
  held(): readonly Caller[] {
    return [...this.#kept.values()].filter(({ holds }) => holds > 0).map(({ caller }) => caller)
  }

  /** Drops everybody else, with all that they have open. */
  retain(isKept: (key: string) => boolean): void {
    for (const key of [...this.#kept.keys()]) if (!isKept(key)) this.#drop(key)
  }

  async close(): Promise<void> {
    this.retain(() => false)
    await Promise.all(this.#closing)
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)
    this.#kept.delete(key)
    if (kept === undefined) return
    this.#dropped(kept.caller)
    const closing = kept.core.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** A session without an open request keeps nobody: a thousand of them would keep out everybody else. */
  #makeRoom(): boolean {
    if (this.#kept.size < MOST) return true
    const oldest = [...this.#kept].find(([, { holds }]) => holds === 0)
    if (oldest === undefined) return false
    this.#drop(oldest[0])
    return true
  }
}
