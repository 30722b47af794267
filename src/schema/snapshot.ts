/** A column, as far as PostHog tells of it. What is absent was not said. */
export interface Column {
  readonly name: string
  /** PostHog's word for the type (fact sheet: cross-cutting 9.5). */
  readonly type: string
  /** The name as it is written in SQL, where that is not the name itself. */
  readonly sql?: string
  /** The type could not be read from the data. */
  readonly invalid?: true
  readonly description?: string
  /** The table a column leads to, and the columns that may be taken from there. */
  readonly table?: string
  readonly fields?: readonly string[]
}

/** A join that somebody defined between two tables. */
export interface Join {
  /** The column under which the other table's columns appear. */
  readonly field: string
  readonly key: string
  readonly table: string
  readonly table_key: string
}

/** Where a synced table's rows come from, and how its last sync went. */
export interface Origin {
  readonly source: string
  readonly source_id: string
  readonly schema?: string
  readonly enabled?: boolean
  readonly sync_type?: string
  readonly sync_frequency?: string
  readonly status?: string
  readonly last_synced_at?: string
  readonly latest_error?: string
}

/** How a view is run, and how it went. */
export interface ViewState {
  readonly materialized: boolean
  readonly sync_frequency?: string
  readonly status?: string
  readonly last_run_at?: string
  readonly latest_error?: string
}

/** Something SQL can read: a table of PostHog's own, of the warehouse, or a view. */
export interface Entry {
  readonly group: 'tables' | 'views'
  /** PostHog's word for what it is: `posthog`, `data_warehouse`, `view`, `materialized_view`, … */
  readonly kind: string
  readonly name: string
  readonly id?: string
  readonly columns: readonly Column[]
  readonly description?: string
  readonly rows?: number
  readonly format?: string
  readonly url_pattern?: string
  readonly origin?: Origin
  readonly view?: ViewState
  readonly sql?: string
  readonly joins: readonly Join[]
  /** Names of the views whose SQL reads it; derived from their text. */
  readonly used_by: readonly string[]
}

/** One table of a source. */
export interface SourceTable extends Omit<Origin, 'source' | 'source_id'> {
  readonly name: string
  /** Its name in SQL, once it was synced. */
  readonly table?: string
  readonly rows?: number
}

/** A source with its tables. */
export interface Source {
  /** What it is called here: `postgres.prod`, as its tables' dotted names begin; with a piece of its id if two are called so. */
  readonly name: string
  readonly id: string
  readonly type: string
  readonly prefix?: string
  readonly description?: string
  readonly status?: string
  readonly latest_error?: string
  readonly last_run_at?: string
  readonly access_method?: string
  readonly tables: readonly SourceTable[]
}

/** Everything that can be queried in a project, as it was at one moment. */
export interface Snapshot {
  readonly project: number
  /** In their order: PostHog's own, tables, views; by name within. */
  readonly entries: readonly Entry[]
  readonly byName: ReadonlyMap<string, Entry>
  readonly sources: readonly Source[]
  readonly sourceByName: ReadonlyMap<string, Source>
  /** What could not be read, and why: sentences. */
  readonly missing: readonly string[]
  /** Whether something is missing that may be there when asked again soon. */
  readonly isPartial: boolean
  /** Whether the list of sources could be read. */
  readonly knowsSources: boolean
  /** Milliseconds since 1970. */
  readonly takenAt: number
}
