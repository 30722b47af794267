import type { Operation } from './operation.ts'

/** How near a derived field comes to what a browser session is told. */
export type Nearness = 'equal' | 'approximate' | 'unknown'

/** One field of a derived answer. What is unknown is absent from it, never null or 0. */
export interface DerivedField {
  readonly is: Nearness
  readonly why?: string
}

/** What lineage is read from. */
export interface LineageReads {
  /** One view with its SQL; input `id`. */
  readonly view: Operation
  /** A page of views without SQL; input `page`. */
  readonly views: Operation
  /** A page of tables; inputs `limit` and `offset`. */
  readonly tables: Operation
}

/** What runs are read from. */
export interface RunReads {
  /** A page of sources with the state of their tables; inputs `limit` and `offset`. */
  readonly sources: Operation
  /** Runs of one source, newest first; inputs `id`, `after` and `before`. */
  readonly jobs: Operation
  /** A page of views with the state of their last run; input `page`. */
  readonly views: Operation
  /** Runs of all views, newest first; inputs `limit`, `offset` and `saved_query_id`. Only newer releases let keys read it. */
  readonly models: Operation
  /** The last runs of one view; input `id`. */
  readonly history: Operation
  /** The project, which says in which time zone days begin. */
  readonly project: Operation
}

/** How an answer is computed. */
type Way =
  | { readonly kind: 'lineage'; readonly asks: 'ancestors' | 'descendants' | 'counts'; readonly reads: LineageReads }
  | { readonly kind: 'runs'; readonly asks: 'running' | 'completed' | 'counts' | 'rows'; readonly reads: RunReads }
  /** The last run of one view, from the view; input `id`. */
  | { readonly kind: 'last run'; readonly reads: { readonly view: Operation } }
  /** How much is below a folder, from its path; inputs `id`, and `parent` and `limit`. */
  | { readonly kind: 'below'; readonly reads: { readonly entry: Operation; readonly entries: Operation } }

/** What answers in the place of an operation that PostHog keeps from API keys. */
export type Derivation = Way & {
  /** Every field of the answer, as the documentation tells it. */
  readonly fields: Readonly<Record<string, DerivedField>>
}
