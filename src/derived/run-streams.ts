import { AT_ONCE, type Reader } from './reader.ts'
import type { Run } from './runs.ts'

/** Runs that are read page by page, the newest first. */
export interface Stream {
  /** No run that is still to be read began later. */
  readonly upTo: number
  /** Reads on; what is left then, or nothing. */
  load(): Promise<{ readonly runs: readonly Run[]; readonly rest?: Stream }>
}

/** What was read of several streams. */
export interface Collected {
  /** Newest first. */
  readonly runs: readonly Run[]
  /** Runs that began after this are all here; absent where all that was wanted is. */
  readonly wholeFrom?: number
}

/**
 * Reads the streams, always those first that may have the newest runs, until there is enough or no request is left.
 * @param isEnough told what was read, and the time after which nothing more can come
 */
export const collect = async (
  streams: readonly Stream[],
  isEnough: (runs: readonly Run[], wholeFrom: number) => boolean,
  reader: Reader,
): Promise<Collected> => {
  let open = [...streams]
  const runs: Run[] = []
  const sorted = (): readonly Run[] => runs.sort((a, b) => b.at - a.at)
  for (;;) {
    open = open.sort((a, b) => b.upTo - a.upTo)
    const [first] = open
    if (first === undefined || isEnough(runs, first.upTo)) return { runs: sorted() }
    if (reader.left === 0) return { runs: sorted(), wholeFrom: first.upTo }
    const batch = open.slice(0, Math.min(AT_ONCE, reader.left)).filter(({ upTo }) => !isEnough(runs, upTo))
    const loaded = await Promise.all(batch.map((stream) => stream.load()))
    runs.push(...loaded.flatMap((each) => each.runs))
    open = [...open.filter((stream) => !batch.includes(stream)), ...loaded.flatMap(({ rest }) => rest ?? [])]
  }
}
