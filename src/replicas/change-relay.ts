import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Kept } from '../callers/caller-pool.ts'
import type { Core } from '../core.ts'
import type { Guest } from '../host.ts'

/** A write made through one replica: for whom, and where. Ids of callers say nothing of their secrets. */
const signal = z.object({ from: z.string(), caller: z.string(), project: z.int().positive() })

const parse = (text: string): z.infer<typeof signal> | undefined => {
  try {
    return signal.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Carries the news of writes to the replicas that serve the same caller, and so to their subscribers. */
export class ChangeRelay {
  readonly #self = randomUUID()
  readonly #cores = new Map<string, Set<Core>>()
  readonly #publish: (text: string) => void

  /** @param publish sends to every replica, this one included; what is lost is found by polling */
  constructor(publish: (text: string) => void) {
    this.#publish = publish
  }

  /** The parts of a guest, as `make` makes them: they tell of their writes, and hear of those of others. */
  join(guest: Guest, make: (guest: Guest) => Kept): Kept {
    const { id } = guest
    const { caller, core } = make({
      ...guest,
      wrote: (project) => this.#publish(JSON.stringify({ from: this.#self, caller: id, project })),
    })
    const cores = this.#cores.get(id) ?? new Set()
    this.#cores.set(id, cores.add(core))
    const close = (): Promise<void> => {
      cores.delete(core)
      if (cores.size === 0 && this.#cores.get(id) === cores) this.#cores.delete(id)
      return core.close()
    }
    return { caller, core: { ...core, close } }
  }

  /** Takes what arrived. It goes no further: only the replica that wrote tells. */
  hear(text: string): void {
    const heard = parse(text)
    if (heard === undefined || heard.from === this.#self) return
    for (const core of this.#cores.get(heard.caller) ?? []) core.heard(heard.project)
  }
}
