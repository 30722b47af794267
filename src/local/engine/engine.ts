/**
 * What the local warehouse's HTTP side asks of its SQL engine.
 *
 * The engine runs in a process of its own (see `client.ts`), because chDB runs one query at a time,
 * cannot interrupt one, and would freeze the API's event loop. Everything here is therefore async and
 * takes the caller's abort signal.
 */

/** One column as the engine knows it; `clickhouse` is the full type text, such as `Nullable(Int64)`. */
export interface EngineColumn {
  readonly name: string
  readonly clickhouse: string
}

/** The file formats of PostHog's `format` enum (fact sheet: tables 2.1). `Delta*` are refused locally. */
export type FileFormat = 'CSV' | 'CSVWithNames' | 'Parquet' | 'JSONEachRow' | 'Delta' | 'DeltaS3Wrapper'

/** Where a table's bytes are: a file on this disk, or a URL (http, https) with optional bucket keys. */
export interface FileSource {
  readonly format: FileFormat
  readonly at:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'url'; readonly url: string; readonly accessKey?: string; readonly secretKey?: string }
  /** `options.csv_allow_double_quotes` of the table; default true. */
  readonly csvAllowDoubleQuotes?: boolean
}

/** One of the files that a `*` stands for; `path` is the engine's own name for it: the bucket, a slash, the key. */
export interface StoredFile {
  readonly path: string
  readonly bytes: number
}

/** A condition on one column. `operator` is one of SQL's comparisons, IN or NOT IN; these two take a list. */
export interface RowCondition {
  readonly column: string
  readonly operator: string
  readonly value: unknown
}

/** Rows of files, ready to be copied into a table. */
export interface FileRows {
  readonly source: FileSource
  /** All columns of the files, in the types they are read as. */
  readonly columns: readonly EngineColumn[]
  /** The columns to copy. */
  readonly wanted: readonly string[]
  /** Only files past the one path and not past the other, in the order of `list`; null is no bound. */
  readonly after: string | null
  readonly upTo: string | null
  readonly conditions: readonly RowCondition[]
}

/**
 * A saved name in a project that SQL may read: a file table, a view, a view's materialized table, or a synced table.
 * An `alias` is another name, with dots, that SQL may use.
 */
export type Relation =
  | {
      readonly kind: 'table'
      readonly id: string
      readonly name: string
      readonly alias?: string
      readonly source: FileSource
      readonly columns: readonly EngineColumn[]
    }
  | {
      readonly kind: 'view'
      readonly id: string
      readonly name: string
      readonly sql: string
      /** The table `materialize` made, which is read instead of the SQL; null for a plain view. */
      readonly rows: string | null
    }
  | {
      readonly kind: 'rows'
      readonly id: string
      readonly name: string
      readonly alias: string
      /** A table of the row store. */
      readonly rows: string
    }

/**
 * Tables whose rows somebody else brings, batch by batch. Nobody reads one until a relation of kind `rows` names it, so
 * a new version is built beside the one that serves, and taking it is one change of a name.
 */
export interface RowStore {
  /** Makes an empty table and answers its name, which is safe in SQL. */
  create(project: number, columns: readonly EngineColumn[]): Promise<string>
  /** Adds rows: lines of JSON arrays in the order of `columns`. */
  insert(table: string, columns: readonly string[], lines: readonly string[]): Promise<void>
  /** Adds rows of files, which the engine reads itself. An abort ends it, at the price of the engine's process. */
  load(table: string, rows: FileRows, signal?: AbortSignal): Promise<void>
  /** Copies rows between versions; with a key only those whose key `to` does not have. */
  carry(from: string, to: string, columns: readonly string[], unlessKey?: readonly string[]): Promise<void>
  hasDuplicates(table: string, key: readonly string[]): Promise<boolean>
  count(table: string): Promise<number>
  drop(table: string): Promise<void>
  /** Drops every such table that is not among `kept`: what an earlier process did not finish. */
  sweep(kept: ReadonlySet<string>): Promise<void>
}

/** Rows in column order. `hasMore` is true when the row limit cut the answer. */
export interface QueryAnswer {
  readonly columns: readonly EngineColumn[]
  readonly rows: readonly (readonly unknown[])[]
  readonly hasMore: boolean
  readonly limit: number
  readonly offset: number
  /** Of the rows, as the engine wrote them. */
  readonly bytes: number
  /** The engine SQL that ran, for the `clickhouse` field of a query reply. */
  readonly executed: string
}

/** Why the engine refused or failed, in the terms of PostHog's query errors (fact sheet: cross-cutting 9.4). */
export type EngineFailure =
  | 'syntax' // the SQL does not parse
  | 'unknown_table' // `name` tells which
  | 'unknown_field' // `name` tells which
  | 'unsupported' // a HogQL construct the local warehouse does not have; `message` names it
  | 'execution' // the engine refused while running; `code` is ClickHouse's error name in lower case
  | 'storage' // a file or bucket cannot be read; `message` is one of the sheet's texts (tables 2.3)
  | 'timeout' // over the execution limit
  | 'full' // the folder has no room for what was to be written; `message` says so
  | 'busy' // the worker is being replaced or the queue is full: a 503
  | 'cancelled'

/** The one error this module throws on purpose. `message` is safe to show a caller. */
export class EngineError extends Error {
  readonly reason: EngineFailure
  readonly name_: string | undefined
  readonly code: string | undefined
  constructor(reason: EngineFailure, message: string, extra: { name?: string; code?: string } = {}) {
    super(message)
    this.name = 'EngineError'
    this.reason = reason
    this.name_ = extra.name
    this.code = extra.code
  }
}

/** Makes the error of a statement that was refused, of a sentence for the user. */
export type Refuse = (sentence: string) => Error

/** The room the engine's folder has. Whatever makes it grow is run in here. */
export interface Room {
  /** Runs `write`, which adds about so many bytes, or throws what `refuse` makes. */
  hold<T>(bytes: number, refuse: Refuse, write: () => Promise<T>): Promise<T>
  /** Runs `write`, which adds nobody knows how much; `full` breaks it off, and what `refuse` makes is thrown. */
  watch<T>(refuse: Refuse, write: (full: AbortSignal) => Promise<T>): Promise<T>
}

/** Everything one SQL text reads, from the engine's own analysis (not from a regular expression). */
export interface Analysis {
  /** Names read in FROM and JOIN of every select, CTE names excluded, without duplicates. */
  readonly reads: readonly string[]
  readonly columns: readonly EngineColumn[]
}

/**
 * The engine. Names are resolved per project: `relations` of other projects do not exist for a query. They mean what they
 * mean when a statement's turn comes: one that waited reads what a relation was replaced with, and not what was removed.
 * `events` and `persons` are seeded in every project and always readable.
 */
export interface Engine {
  /** Column names and types of a file or bucket. `patient` waits for its turn instead of being `busy`. Throws `storage`. */
  describe(source: FileSource, signal?: AbortSignal, patient?: boolean): Promise<readonly EngineColumn[]>
  /** The first `most` files of a place by path, without opening one; waits for its turn. Throws `storage`. */
  list(at: FileSource['at'], most: number, signal?: AbortSignal): Promise<readonly StoredFile[]>
  /** Make a relation readable under its name, replacing an older one with the same id. */
  put(project: number, relation: Relation, signal?: AbortSignal): Promise<void>
  /** Forget a relation. Its rows, if it has any, are the caller's to drop. */
  remove(project: number, id: string): Promise<void>
  /** Run one HogQL select. Default LIMIT 100, at most 50,000 rows (fact sheet: cross-cutting 9.2). */
  query(
    project: number,
    sql: string,
    options?: {
      readonly values?: Readonly<Record<string, unknown>>
      readonly signal?: AbortSignal
      readonly timeoutMs?: number
      /** Rows of a query that names no LIMIT; 100 when left out. */
      readonly defaultLimit?: number
    },
  ): Promise<QueryAnswer>
  /** What a SQL text reads and returns, without keeping rows. Throws syntax, unknown_* and unsupported. */
  analyse(project: number, sql: string, signal?: AbortSignal): Promise<Analysis>
  /**
   * Fills a new table from a view's SQL. Nobody reads it until the view is put again with it as `rows`, so taking it is
   * the caller's one change of a name, and so is going on without it; then `rows.drop` is for the one before.
   */
  materialize(
    project: number,
    viewId: string,
    signal?: AbortSignal,
  ): Promise<{ readonly table: string; readonly rows: number }>
  /** Drops the tables of `materialize` that are not among `kept`, and answers the ones that are there. */
  sweepViews(kept: ReadonlySet<string>): Promise<ReadonlySet<string>>
  /** Number of rows a relation has now. */
  count(project: number, name: string, signal?: AbortSignal): Promise<number>
  readonly rows: RowStore
  /**
   * Resolves when everything that was asked before has been answered. A file that no relation names since then has no
   * reader left.
   */
  drained(): Promise<void>
  /** Ends the worker process; idempotent. */
  close(): Promise<void>
}
