import { randomBytes } from 'node:crypto'
import { crowded } from './errors.ts'
import type { World } from './world.ts'

/** Queries of one organization that may run at once, and how long a further one waits (fact sheet: cross-cutting 7). */
const SLOTS = 3
const WAIT_MS = 30_000

/** The concurrency gate of the query endpoint, one for all organizations. */
export class Gate {
  readonly #world: Pick<World, 'clock' | 'alarms'>
  readonly #held = new Map<string, number>()
  readonly #waiting: { readonly organization: string; readonly enter: () => void }[] = []

  constructor(world: Pick<World, 'clock' | 'alarms'>) {
    this.#world = world
  }

  /** Runs `task` in one of the organization's slots. Throws 429 when none is free in time; 30 s of the clock. */
  async hold<T>(organization: string, task: () => Promise<T>): Promise<T> {
    const held = this.#held.get(organization) ?? 0
    if (held < SLOTS) this.#held.set(organization, held + 1)
    else await this.#wait(organization)
    try {
      return await task()
    } finally {
      this.#leave(organization)
    }
  }

  /** A caller who hangs up keeps its place and leaves at once when its turn comes. */
  #wait(organization: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const forget = this.#world.alarms.wake(this.#world.clock() + WAIT_MS, () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(crowded(SLOTS, `api:query:per-org:${organization}`, randomBytes(4).toString('hex').slice(0, 6)))
      })
      const enter = (): void => {
        forget()
        resolve()
      }
      const waiter = { organization, enter }
      this.#waiting.push(waiter)
    })
  }

  /** The slot goes to whoever waited longest, without being free in between. */
  #leave(organization: string): void {
    const at = this.#waiting.findIndex((waiter) => waiter.organization === organization)
    if (at === -1) this.#held.set(organization, (this.#held.get(organization) ?? 1) - 1)
    else this.#waiting.splice(at, 1)[0]?.enter()
  }
}
