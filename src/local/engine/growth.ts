import { EngineError, type Room } from './engine.ts'
import type { Lane } from './lane.ts'
import type { Work } from './ticket.ts'

const full = (sentence: string): EngineError => new EngineError('full', sentence)

/** The statements that make the folder grow, over a lane. Both throw EngineError `full` where there is no room. */
export class Growth {
  readonly #lane: Lane
  readonly #room: Room

  constructor(lane: Lane, room: Room) {
    this.#lane = lane
    this.#room = room
  }

  /** Writes rows that are at hand, of about so many bytes. */
  async insert(work: Work, bytes: number): Promise<void> {
    await this.#room.hold(bytes, full, () => this.#lane.run(work))
  }

  /** Writes the rows of a select. One that fills the folder is broken off, and what it wrote is the caller's to drop. */
  async fill(work: Work): Promise<void> {
    await this.#room.watch(full, (signal) => {
      const signals = work.signal === undefined ? [signal] : [work.signal, signal]
      return this.#lane.run({ ...work, signal: AbortSignal.any(signals) })
    })
  }
}
