import type { EngineColumn } from '../engine/engine.ts'
import type { World } from '../world.ts'
import type { Inputs, RowFilter } from './source-state.ts'

/** What went wrong at a source, in the kinds that upstream has texts for (fact sheet: external-data-sources 2.9). */
export type SourceFailure =
  | 'timeout'
  | 'refused'
  | 'dns'
  | 'auth'
  | 'forbidden'
  | 'tls'
  | 'database' // the server is there, the database is not
  | 'table' // the table or a column of it is gone
  | 'data' // a value that no column of the warehouse can hold
  | 'driver' // a package that this machine lacks
  | 'other'

/** The one error connectors throw. `message` is the source's own and may hold what the user must not see again. */
export class SourceError extends Error {
  readonly reason: SourceFailure
  constructor(reason: SourceFailure, message: string) {
    super(message)
    this.name = 'SourceError'
    this.reason = reason
  }
}

/** One column at the source; `type` in the source's own words. */
export interface SourceColumn {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
}

/** A column that can tell new rows from old ones. `type` is one of the enum in fact sheet: external-data-sources 7. */
export interface CursorColumn {
  readonly field: string
  readonly type: string
  readonly nullable: boolean
  readonly indexed: boolean
}

/** One table at the source. */
export interface SourceTable {
  /** With its schema in front (`shop.orders`) unless the source is limited to one schema. */
  readonly name: string
  readonly columns: readonly SourceColumn[]
  readonly cursors: readonly CursorColumn[]
  readonly primaryKey: readonly string[] | null
  /** An estimate, where the source has one. */
  readonly rows: number | null
  readonly description: string | null
  readonly xmin: boolean | null
  readonly permissionError: string | null
  readonly rlsWarning: string | null
}

/** What to read of a table. */
export interface ReadRequest {
  readonly table: string
  /** Columns to keep; null is all. A name that the table has not is an error. */
  readonly columns: readonly string[] | null
  readonly filters: readonly RowFilter[]
  /** The column whose highest value is wanted, and, with `after`, where to start. */
  readonly cursor: {
    readonly field: string
    readonly after: string | null
    /** Whether rows equal to `after` are wanted again. */
    readonly inclusive: boolean
    readonly lookbackSeconds: number
  } | null
}

/** Rows of one table, all of one moment at the source. */
export interface Reading {
  readonly columns: readonly EngineColumn[]
  /** Highest value of the cursor column at that moment; null without rows or cursor. */
  readonly cursor: string | null
  /** Rows as lines of JSON arrays, in column order, in batches of bounded size. Ends the connection when left. */
  readonly batches: AsyncIterable<readonly string[]>
}

/** Rows that the engine fetches itself, so that they never pass through this process. */
export interface EngineReading {
  readonly columns: readonly EngineColumn[]
  readonly cursor: null
  /** One statement of the engine each, so that others get their turn and a full disk is noticed in between. */
  readonly parts: readonly {
    /** What it adds to the disk, about. */
    readonly bytes: number
    /** Adds its rows to a table of the row store. */
    pull(table: string): Promise<void>
  }[]
}

/** One kind of source. All throw SourceError; an aborted `signal` drops the connection at once. */
export interface Connector {
  /** Connects and lets go. The answer is what to tell the user, null when all is well. */
  probe(inputs: Inputs, signal: AbortSignal, world: World): Promise<string | null>
  discover(inputs: Inputs, signal: AbortSignal, world: World): Promise<readonly SourceTable[]>
  read(inputs: Inputs, request: ReadRequest, signal: AbortSignal, world: World): Promise<Reading | EngineReading>
}

/** Rows of one batch: enough to be quick, few enough that others get their turn and a cancel is soon heard. */
const BATCH_ROWS = 20_000

/** Characters of one batch; it holds one row more than fits, so that a row of any width can pass. */
const BATCH_LENGTH = 8_000_000

/** Rows that may be waiting on their way to a batch: few, because each may be megabytes wide. */
export const ROWS_AHEAD = 16

/** Puts rows together to batches that are bounded in number and in width. */
export async function* toBatches<T>(
  rows: AsyncIterable<T>,
  toLine: (row: T) => string,
): AsyncGenerator<readonly string[]> {
  let lines: string[] = []
  let length = 0
  for await (const row of rows) {
    const line = toLine(row)
    lines.push(line)
    length += line.length
    if (lines.length < BATCH_ROWS && length < BATCH_LENGTH) continue
    yield lines
    lines = []
    length = 0
  }
  if (lines.length > 0) yield lines
}
