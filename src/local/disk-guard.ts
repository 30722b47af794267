import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { invalid } from './errors.ts'

/** The limit when nobody sets one: 10 GiB. */
export const DEFAULT_MAX_BYTES = 10_737_418_240

// Often enough to stop a runaway, seldom enough that walking a large folder costs nothing.
const MEASURE_EVERY_MS = 5_000

/** Bytes of all files below a folder; files that vanish meanwhile (the engine merges its parts) count as nothing. */
const sizeOf = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/**
 * Keeps the state directory below a limit: whatever is about to make it grow asks first. Not an upstream notion, so the
 * refusal says that it is this warehouse's.
 */
export class DiskGuard {
  readonly #directory: string
  readonly #maxBytes: number
  #measuredAt = Number.NEGATIVE_INFINITY
  #bytes = 0

  constructor(directory: string, maxBytes = DEFAULT_MAX_BYTES) {
    this.#directory = directory
    this.#maxBytes = maxBytes
  }

  /** The sentence for whoever wants to add `bytes`, or undefined when they fit. Bytes that fit count from now on. */
  async refusal(bytes = 0): Promise<string | undefined> {
    // Real time, not the warehouse's clock: the disk does not follow a clock that is pushed forward.
    if (performance.now() - this.#measuredAt >= MEASURE_EVERY_MS) {
      this.#measuredAt = performance.now()
      this.#bytes = await sizeOf(this.#directory)
    }
    if (this.#bytes + bytes > this.#maxBytes) {
      return `The local warehouse is full: its folder may take ${this.#maxBytes} bytes. Delete tables or materialized views.`
    }
    this.#bytes += bytes
    return undefined
  }

  /** As `refusal`, as the 400 of an API call. */
  async require(bytes = 0): Promise<void> {
    const refusal = await this.refusal(bytes)
    if (refusal !== undefined) throw invalid(refusal)
  }
}
