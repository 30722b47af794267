import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Refuse, Room } from './engine/engine.ts'
import { invalid } from './errors.ts'

/** The limit when nobody sets one: 10 GiB. */
export const DEFAULT_MAX_BYTES = 10_737_418_240

// The longer it takes to walk the folder, the seldomer it is walked: a tenth of the time, and a third under watch.
const AT_REST = { least: 200, times: 10 }
const WATCHED = { least: 50, times: 2 }

/** Bytes of all files below a folder; what vanishes meanwhile (the engine merges its parts) counts as nothing. */
const sizeOf = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sizeOf(path)
    return entry.isFile()
      ? stat(path).then(
          ({ size }) => size,
          () => 0,
        )
      : 0
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/**
 * Keeps the state directory below a limit: whatever makes it grow does so in here. Not an upstream notion, so the
 * refusal says that it is this warehouse's.
 */
export class DiskGuard implements Room {
  readonly #directory: string
  readonly #maxBytes: number
  #measuredAt = Number.NEGATIVE_INFINITY
  /** Milliseconds the last measurement took. */
  #cost = 0
  /** What was measured last, less what had been added until then. */
  #base = 0
  /** Bytes that were held room for, since the start; with `#base` they are what there is now. */
  #added = 0
  /** The same of what is being written. */
  #pending = 0

  constructor(directory: string, maxBytes = DEFAULT_MAX_BYTES) {
    this.#directory = directory
    this.#maxBytes = maxBytes
  }

  /** Throws a 400 when the folder is full. */
  async require(): Promise<void> {
    await this.#admit(0, invalid)
  }

  /** Runs `write`, which adds about `bytes`, if they fit. Throws `refuse` of the sentence for the user if not. */
  async hold<T>(bytes: number, refuse: Refuse, write: () => Promise<T>): Promise<T> {
    await this.#admit(bytes, refuse)
    this.#pending += bytes
    try {
      return await write()
    } finally {
      this.#pending -= bytes
      this.#added += bytes
    }
  }

  /**
   * Runs `write`, which adds nobody knows how much, and aborts its signal when the folder passes the limit. Throws
   * `refuse` of the sentence for the user then, and also when that shows at the end only; the caller undoes what was
   * written.
   */
  async watch<T>(refuse: Refuse, write: (full: AbortSignal) => Promise<T>): Promise<T> {
    await this.#admit(0, refuse)
    const full = new AbortController()
    const ended = new AbortController()
    const watching = this.#lookOut(full, ended.signal)
    try {
      const result = await write(full.signal)
      await this.#measure()
      if (!this.#fits(0)) full.abort()
      full.signal.throwIfAborted()
      return result
    } catch (error) {
      throw full.signal.aborted ? refuse(this.#sentence) : error
    } finally {
      ended.abort()
      await watching
    }
  }

  get #sentence(): string {
    return `The local warehouse is full: its folder may take ${this.#maxBytes} bytes. Delete tables or materialized views.`
  }

  #fits(bytes: number): boolean {
    return this.#base + this.#added + this.#pending + bytes <= this.#maxBytes
  }

  /** Nothing is refused for what was only said to come: what is there is measured first. */
  async #admit(bytes: number, refuse: Refuse): Promise<void> {
    if (this.#isDue(AT_REST) || !this.#fits(bytes)) await this.#measure()
    if (!this.#fits(bytes)) throw refuse(this.#sentence)
  }

  async #lookOut(full: AbortController, ended: AbortSignal): Promise<void> {
    while (!ended.aborted && !full.signal.aborted) {
      await pause(Math.max(WATCHED.least, WATCHED.times * this.#cost), undefined, { signal: ended }).catch(
        () => undefined,
      )
      if (ended.aborted) return
      await this.#measure()
      if (!this.#fits(0)) full.abort()
    }
  }

  #isDue({ least, times }: typeof AT_REST): boolean {
    // Real time, not the warehouse's clock: the disk does not follow a clock that is pushed forward.
    return performance.now() - this.#measuredAt >= Math.max(least, times * this.#cost)
  }

  async #measure(): Promise<void> {
    const begun = performance.now()
    const before = this.#added
    this.#base = (await sizeOf(this.#directory)) - before
    this.#measuredAt = performance.now()
    this.#cost = this.#measuredAt - begun
  }
}
