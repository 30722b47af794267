import type { TableRecord } from '../state.ts'

/** How rows get from a source into a table; the other words of upstream's enum cannot be used here. */
export type SyncType = 'full_refresh' | 'incremental' | 'append'

/** One table at a source, as its last discovery told of it. */
export interface AvailableColumn {
  readonly name: string
  readonly data_type: string
  readonly is_nullable: boolean
}

/** A condition that is given to the source (fact sheet: external-data-sources 3.3). */
export interface RowFilter {
  readonly column: string
  readonly operator: string
  readonly value: unknown
}

/** Connection settings by field name, with secrets. Kept in the 0600 state file, and leave it redacted only. */
export type Inputs = Readonly<Record<string, unknown>>

/** One connected source (fact sheet: external-data-sources 2.1). */
export interface SourceRecord {
  readonly id: string
  readonly project: number
  readonly createdAt: string
  readonly createdBy: number | null
  readonly createdVia: 'web' | 'api' | 'mcp'
  readonly sourceType: string
  readonly prefix: string | null
  description: string | null
  inputs: Inputs
  directQueryEnabled: boolean
  autoSyncNewSchemas: boolean
  autoSyncSchemaPatterns: readonly string[] | null
  revenue: { readonly enabled: boolean; readonly include_invoiceless_charges: boolean }
  deleted: boolean
}

/** One table of a source and how it is synced (fact sheet: external-data-sources 3.1). */
export interface SchemaRecord {
  readonly id: string
  readonly sourceId: string
  readonly project: number
  readonly createdAt: string
  name: string
  shouldSync: boolean
  syncType: SyncType | null
  incrementalField: string | null
  incrementalFieldType: string | null
  lookbackSeconds: number | null
  syncFrequency: string
  syncTimeOfDay: string | null
  fullRefreshIntervalDays: number | null
  fullRefreshTimeOfDay: string | null
  primaryKeyColumns: readonly string[] | null
  cdcTableMode: 'consolidated' | 'cdc_only' | 'both'
  blocked: 'missing_primary_key' | 'duplicate_primary_key' | null
  enabledColumns: readonly string[] | null
  rowFilters: readonly RowFilter[] | null
  columns: readonly AvailableColumn[]
  status: 'Running' | 'Completed' | 'Failed' | null
  latestError: string | null
  lastSyncedAt: string | null
  /** When the table was last built from nothing; what `full_refresh_interval_days` counts from. */
  builtAt: string | null
  /** The highest value of the cursor column that was synced, as the source writes it. */
  cursor: string | null
  /** The next run ignores the cursor and builds the table anew. */
  reset: boolean
  tableId: string | null
  deleted: boolean
}

/** One run of one table (fact sheet: external-data-sources 2.6). */
export interface SyncJobRecord {
  readonly id: string
  readonly schemaId: string
  readonly sourceId: string
  readonly project: number
  readonly createdAt: string
  readonly workflowRunId: string
  finishedAt: string | null
  status: 'Running' | 'Completed' | 'Failed'
  rowsSynced: number | null
  /** As the source said it: upstream does not mask errors here. */
  latestError: string | null
}

/** What makes a warehouse table a synced one. */
export interface SyncedRows {
  readonly sourceId: string
  readonly schemaId: string
  /** The dotted name SQL may use beside the stored one. */
  readonly hogqlName: string
  /** The engine's table that holds the rows now; every sync that changes them makes another one. */
  readonly rows: string
  readonly rowCount: number
  /** Set while an uploaded file is read in the place of the rows: what the upload replaced. */
  readonly covered?: Pick<TableRecord, 'columns' | 'format' | 'urlPattern' | 'options'>
}
