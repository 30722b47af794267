import type { ExportRecord } from './exports/export-state.ts'
import { emptyManagedState, type ManagedState } from './managed/managed-state.ts'
import { emptyOAuthState, type OAuthState } from './oauth/oauth-state.ts'
import type { SchemaRecord, SourceRecord, SyncedRows, SyncJobRecord } from './sources/source-state.ts'
import { emptyTreeState, type TreeState } from './tree/tree-state.ts'

/** A column as stored; `valid` is the outcome of the last probe (fact sheet: tables 1.6). */
export interface ColumnRecord {
  readonly name: string
  readonly clickhouse: string
  readonly valid: boolean
}

/** Bucket keys of a table. They are kept in the 0600 state file and never leave it. */
export interface CredentialRecord {
  readonly id: string
  readonly createdAt: string
  readonly accessKey: string
  readonly accessSecret: string
}

/** One warehouse table. `upload` is a path below the state directory, `viewId` the materialized view behind it. */
export interface TableRecord {
  readonly id: string
  readonly project: number
  readonly createdAt: string
  readonly createdBy: number | null
  readonly createdVia: 'api' | 'materialized_view' | 'source'
  /** Set for the tables that a source's syncs fill. */
  synced?: SyncedRows
  readonly viewId: string | null
  name: string
  format: string
  urlPattern: string
  credential: CredentialRecord | null
  columns: readonly ColumnRecord[]
  options: Readonly<Record<string, unknown>>
  upload: string | null
  deleted: boolean
}

/** One view; the state rules are fact sheet: tables 6.1 to 6.3. */
export interface ViewRecord {
  readonly id: string
  readonly project: number
  readonly createdAt: string
  readonly createdBy: number | null
  name: string
  query: Readonly<Record<string, unknown>>
  columns: readonly ColumnRecord[]
  description: string | null
  updatedAt: string
  /** The status column of the row; what is shown is derived with the newest job. */
  status: 'Modified' | 'Cancelled' | null
  isMaterialized: boolean
  cadence: string | null
  tableId: string | null
  /** The engine's table with the rows of the last whole run; absent in older files. */
  rows?: string | null
  /** The newest run when the view was made plain; the older release shows nothing of it and of those before. */
  revertedRun?: string | null
  /** Concurrency token; moves only when the query object changes. */
  revision: string
  /** Direct parents: ids of views and tables, names of built-in tables. */
  parents: readonly string[]
  suspended: Readonly<Record<string, { readonly at: string; readonly reason: string; readonly job_id: string }>>
  deleted: boolean
}

/** One run of a view. */
export interface JobRecord {
  readonly id: string
  readonly viewId: string
  readonly startedAt: string
  status: 'Running' | 'Completed' | 'Failed' | 'Cancelled'
  error: string | null
  /** Rows of a run that completed. With the id of its workflow it is absent from the files of older versions. */
  rows?: number
  readonly workflowRunId?: string
}

/** One change of one field, as the activity log shows it. */
export interface Change {
  readonly type: 'DataWarehouseSavedQuery'
  readonly action: 'created' | 'changed' | 'deleted'
  readonly field: string
  readonly before: unknown
  readonly after: unknown
}

/** One line of a view's activity log; `userId` null is the system. */
export interface ActivityRecord {
  readonly id: string
  readonly viewId: string
  readonly project: number
  readonly userId: number | null
  readonly activity: string
  readonly name: string
  readonly changes: readonly Change[]
  readonly createdAt: string
}

/** Everything the local warehouse remembers, as it is written to disk. Newest entries are last. */
export interface State {
  readonly version: 1
  readonly tables: TableRecord[]
  readonly views: ViewRecord[]
  readonly jobs: JobRecord[]
  readonly activity: ActivityRecord[]
  readonly sources: SourceRecord[]
  readonly schemas: SchemaRecord[]
  readonly syncs: SyncJobRecord[]
  readonly exports: ExportRecord[]
  readonly tree: TreeState
  readonly managed: ManagedState
  readonly oauth: OAuthState
}

/** A warehouse in which nothing was made yet. */
export const emptyState = (): State => ({
  version: 1,
  tables: [],
  views: [],
  jobs: [],
  activity: [],
  sources: [],
  schemas: [],
  syncs: [],
  exports: [],
  tree: emptyTreeState(),
  managed: emptyManagedState(),
  oauth: emptyOAuthState(),
})
