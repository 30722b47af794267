import { type Engine, EngineError } from '../engine/engine.ts'
import { toFailure } from '../query-reply.ts'
import { readRequest } from '../query-request.ts'
import type { World } from '../world.ts'
import { ExportError } from './export-error.ts'
import { writeContent } from './export-files.ts'
import type { ExportRecord } from './export-state.ts'
import { formatOf } from './formats.ts'
import { toResultTable } from './result-table.ts'

/** Rows an export carries when its query names no limit; also the most (fact sheet: files-exports 3.2). */
const EXPORT_ROWS = 50_000

// The engine's longest; upstream's workflow may take 35 minutes.
const TIMEOUT_MS = 600_000

const STOPPED = 'The local warehouse was stopped while this export was under way.'

const detailOf = ({ body }: { readonly body: unknown }): string =>
  // Every body of these two senders is a standard error; the cast only names that.
  (body as { readonly detail: string }).detail

type Query = Parameters<Engine['query']>

const readSource = (source: unknown): { readonly sql: Query[1]; readonly values: object | null | undefined } => {
  const read = readRequest({ query: source })
  if ('refusal' in read) throw new ExportError(detailOf(read.refusal))
  const { query } = read.request
  if (query.kind !== 'HogQLQuery') throw new ExportError(`Unsupported query kind: ${query.kind}`)
  return { sql: query.query, values: query.values }
}

/** Makes the content of exports, within the request that asks for one. */
export class ExportRuns {
  readonly #world: World
  readonly #stop = new AbortController()
  readonly #running = new Set<Promise<void>>()

  constructor(world: World) {
    this.#world = world
  }

  /** Fills in the content or the exception of `row`; never throws. Goes on when the caller leaves, as upstream. */
  async make(row: ExportRecord): Promise<void> {
    const run = this.#make(row).catch((error: unknown) => {
      row.exception = this.#toException(error)
    })
    this.#running.add(run)
    await run
    this.#running.delete(run)
  }

  /** Stops what is under way and waits for it. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  async #make(row: ExportRecord): Promise<void> {
    const { sql, values } = readSource(row.context.source)
    const answer = await this.#world.engine.query(row.project, sql, {
      ...(values && { values: { ...values } }),
      signal: this.#stop.signal,
      timeoutMs: TIMEOUT_MS,
      defaultLimit: EXPORT_ROWS,
    })
    const bytes = await formatOf(row.format)?.write?.(toResultTable(answer))
    if (bytes === undefined) throw new ExportError(`The local warehouse does not write ${row.format}.`)
    const refuse = (sentence: string): ExportError => new ExportError(sentence)
    await this.#world.disk.hold(bytes.length, refuse, () => writeContent(this.#world, row.id, bytes))
    row.hasContent = true
  }

  #toException(error: unknown): string {
    if (this.#stop.signal.aborted) return STOPPED
    if (error instanceof ExportError) return error.message
    if (!(error instanceof EngineError)) this.#world.log(error instanceof Error ? (error.stack ?? '') : String(error))
    return detailOf(toFailure(error))
  }
}
