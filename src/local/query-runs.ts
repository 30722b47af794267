import { type QueryRun, statusLifeMs } from './query-status.ts'

// Results stay in memory for their whole life, so their number and their size are bounded too. The size is that of two
// answers of the largest kind, which take up to four times as much memory as text.
const MOST_RUNS = 200
const MOST_BYTES = 134_217_728

const keyOf = (project: number, id: string): string => `${project}/${id}`

/** The asynchronous queries that can be asked for. Who ended first is forgotten first. */
export class QueryRuns {
  readonly #now: () => number
  readonly #runs = new Map<string, QueryRun>()

  /** `now` is in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Takes up a query that begins. */
  begin(run: QueryRun): void {
    if (this.#runs.size >= MOST_RUNS) this.#forgetOldest()
    this.#runs.set(keyOf(run.project, run.id), run)
  }

  /** Ends a query. Others that ended before it make room for its results. */
  end(run: QueryRun): void {
    run.endedAt = this.#now()
    const key = keyOf(run.project, run.id)
    this.#runs.delete(key)
    while (this.#bytes + run.bytes > MOST_BYTES) if (!this.#forgetOldest()) break
    this.#runs.set(key, run)
  }

  /** The query of this id, unless it was forgotten. */
  find(project: number, id: string): QueryRun | undefined {
    const now = this.#now()
    for (const [key, run] of this.#runs) {
      if (run.endedAt !== undefined && now >= run.startedAt + statusLifeMs) this.#runs.delete(key)
    }
    return this.#runs.get(keyOf(project, id))
  }

  /** Stops every query that still runs. */
  stop(): void {
    for (const run of this.#runs.values()) run.stop.abort()
  }

  get #bytes(): number {
    return [...this.#runs.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Whether there was one. The map has those that ended in the order of their ends. */
  #forgetOldest(): boolean {
    const ended = [...this.#runs].find(([, run]) => run.endedAt !== undefined)
    return ended !== undefined && this.#runs.delete(ended[0])
  }
}
