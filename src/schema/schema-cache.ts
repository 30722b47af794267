import { Flight } from '../single-flight.ts'
import type { Snapshot } from './snapshot.ts'

/** How long a snapshot is taken for the truth; the schema has a budget of its own at PostHog. */
export const LIFETIME_MS = 5 * 60_000

/** The same of one that lacks what PostHog could not be asked for just then. */
export const PARTIAL_LIFETIME_MS = 30_000

/** A name that is not there is looked for once more where the snapshot is older than this: it may be new. */
const YOUNG_MS = 5_000

/** Projects remembered; a key that serves more reads the ones it comes back to again. */
export const MOST_PROJECTS = 16

/** Names remembered of what is gone. */
const MOST_GONE = 1_000

/** Reads a project's snapshot from PostHog. */
export type ReadSnapshot = (project: number, signal: AbortSignal) => Promise<Snapshot>

/** Told of every new snapshot, and of the one whose place it takes. */
export type OnSnapshot = (after: Snapshot, before: Snapshot | undefined) => void

interface Kept {
  snapshot?: Snapshot
  /** Set by a change through this server; the snapshot is what was, and only good to compare with. */
  isStale: boolean
  flight?: Flight<Snapshot>
  /** Names that an earlier snapshot had and the last has not, with the time they were last seen. */
  readonly gone: Map<string, number>
}

/** One snapshot per project for one credential: filled on first use, read once however many ask. */
export class SchemaCache {
  readonly #read: ReadSnapshot
  readonly #now: () => number
  readonly #projects = new Map<number, Kept>()
  readonly #listeners = new Set<OnSnapshot>()

  constructor(read: ReadSnapshot, now: () => number = Date.now) {
    this.#read = read
    this.#now = now
  }

  /** Calls back whenever there is a new snapshot; returns how to stop that. */
  onSnapshot(listener: OnSnapshot): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The project as it is now, or was within the lifetime. @throws ToolError when it cannot be read */
  async get(project: number, signal: AbortSignal): Promise<Snapshot> {
    const kept = this.#projects.get(project)
    if (kept?.snapshot !== undefined && !kept.isStale && this.remainingMs(kept.snapshot) > 0) {
      // The last used is the last to go.
      this.#projects.delete(project)
      this.#projects.set(project, kept)
      return kept.snapshot
    }
    return this.refresh(project, signal)
  }

  /** As `get`, but read anew where something wanted is not in it and it is not quite new. */
  async getWith(project: number, hasIt: (snapshot: Snapshot) => boolean, signal: AbortSignal): Promise<Snapshot> {
    const snapshot = await this.get(project, signal)
    return hasIt(snapshot) || snapshot.takenAt > this.#now() - YOUNG_MS ? snapshot : this.refresh(project, signal)
  }

  /** Reads the project anew, together with whoever does so already. */
  refresh(project: number, signal: AbortSignal): Promise<Snapshot> {
    const kept = this.#keep(project)
    if (kept.flight === undefined || kept.flight.isAbandoned) kept.flight = this.#start(project, kept)
    return kept.flight.join(signal)
  }

  /** What was read last, however old; undefined when nothing was. Costs no request. */
  last(project: number): Snapshot | undefined {
    return this.#projects.get(project)?.snapshot
  }

  /** When a name that is not there any more was seen last; undefined for one that never was. */
  goneSince(project: number, name: string): number | undefined {
    return this.#projects.get(project)?.gone.get(name)
  }

  /** Projects with a snapshot. */
  get known(): readonly number[] {
    return [...this.#projects].flatMap(([project, { snapshot }]) => (snapshot === undefined ? [] : [project]))
  }

  /** Something in the project was changed: what was read, or is being read, is not good any more. */
  invalidate(project: number): void {
    const kept = this.#projects.get(project)
    if (kept === undefined) return
    kept.isStale = true
    delete kept.flight
  }

  /** How long a snapshot will still be taken for the truth, in milliseconds. */
  remainingMs({ takenAt, isPartial }: Snapshot): number {
    return Math.max(0, takenAt + (isPartial ? PARTIAL_LIFETIME_MS : LIFETIME_MS) - this.#now())
  }

  #keep(project: number): Kept {
    const known = this.#projects.get(project)
    if (known !== undefined) return known
    const [oldest] = this.#projects.keys()
    if (this.#projects.size >= MOST_PROJECTS && oldest !== undefined) this.#projects.delete(oldest)
    const kept: Kept = { isStale: false, gone: new Map() }
    this.#projects.set(project, kept)
    return kept
  }

  #start(project: number, kept: Kept): Flight<Snapshot> {
    const flight: Flight<Snapshot> = new Flight(async (signal) => {
      try {
        const after = await this.#read(project, signal)
        // A change that came meanwhile made this one old before it arrived.
        if (kept.flight === flight) this.#replace(kept, after)
        return after
      } finally {
        if (kept.flight === flight) delete kept.flight
      }
    })
    return flight
  }

  #replace(kept: Kept, after: Snapshot): void {
    const before = kept.snapshot
    kept.snapshot = after
    kept.isStale = false
    if (before !== undefined) remember(kept.gone, before, after)
    for (const tell of this.#listeners) tell(after, before)
  }
}

const remember = (gone: Map<string, number>, before: Snapshot, after: Snapshot): void => {
  for (const { name } of before.entries) if (!after.byName.has(name)) gone.set(name, before.takenAt)
  for (const name of [...gone.keys()]) if (after.byName.has(name)) gone.delete(name)
  for (const name of [...gone.keys()].slice(0, Math.max(0, gone.size - MOST_GONE))) gone.delete(name)
}
