/** What one tool is, as the fact sheets have it; compared with the records, never derived from them. */
export interface Fact {
  readonly tool: string
  readonly effect: 'read' | 'write' | 'destructive'
  readonly idempotent: boolean
  readonly openWorld: boolean
  readonly keys: 'allowed' | 'newer' | 'refused'
  readonly scopes: readonly string[]
}

const fact =
  (scopes: readonly string[]) =>
  (
    tool: string,
    effect: Fact['effect'],
    repeat: 'same' | 'again',
    world: 'open' | 'closed',
    keys: Fact['keys'] = 'allowed',
  ): Fact => ({ tool, effect, idempotent: repeat === 'same', openWorld: world === 'open', keys, scopes })

const tableRead = fact(['warehouse_table:read'])
const tableWrite = fact(['warehouse_table:write'])
const sourceRead = fact(['external_data_source:read'])
const sourceWrite = fact(['external_data_source:write'])
const viewRead = fact(['warehouse_view:read'])
const viewWrite = fact(['warehouse_view:write'])
const treeRead = fact(['file_system:read'])
const treeWrite = fact(['file_system:write'])
const session = fact([])

/** All 54, in the order they are listed. */
export const facts: readonly Fact[] = [
  tableRead('warehouse_tables_list', 'read', 'same', 'closed'),
  // PostHog opens the bucket while it answers.
  tableWrite('warehouse_tables_create', 'write', 'again', 'open'),
  tableRead('warehouse_tables_get', 'read', 'same', 'closed'),
  tableWrite('warehouse_tables_update', 'write', 'same', 'open'),
  tableWrite('warehouse_tables_delete', 'destructive', 'same', 'closed'),
  // Loses column types that were set by hand.
  tableWrite('warehouse_tables_refresh_schema', 'destructive', 'same', 'open', 'newer'),
  session('warehouse_tables_update_schema', 'write', 'same', 'closed', 'refused'),
  // With replace it overwrites a live table.
  tableWrite('warehouse_tables_upload_file', 'destructive', 'again', 'closed'),

  sourceRead('external_data_sources_list', 'read', 'same', 'closed'),
  sourceWrite('external_data_sources_create', 'write', 'again', 'open'),
  sourceRead('external_data_sources_get', 'read', 'same', 'closed'),
  sourceWrite('external_data_sources_update', 'write', 'same', 'open'),
  sourceWrite('external_data_sources_delete', 'destructive', 'same', 'open'),
  sourceRead('external_data_sources_jobs', 'read', 'same', 'closed', 'newer'),
  // Every repetition is another billable run.
  sourceWrite('external_data_sources_reload', 'write', 'again', 'open', 'newer'),
  // Off drops the project's revenue views.
  sourceWrite('external_data_sources_revenue_analytics_config', 'destructive', 'same', 'closed', 'newer'),
  // Only reads, with write scope, and sends credentials to a host of the caller's choosing.
  sourceWrite('external_data_sources_database_schema', 'read', 'same', 'open', 'newer'),
  sourceWrite('external_data_sources_source_prefix', 'read', 'same', 'closed', 'newer'),
  sourceRead('external_data_sources_wizard', 'read', 'same', 'closed', 'newer'),

  viewRead('warehouse_saved_queries_list', 'read', 'same', 'closed'),
  // The SQL of a view runs, and a linked table in it reads its bucket.
  viewWrite('warehouse_saved_queries_create', 'write', 'again', 'open'),
  viewRead('warehouse_saved_queries_get', 'read', 'same', 'closed'),
  viewWrite('warehouse_saved_queries_update', 'write', 'same', 'open'),
  viewWrite('warehouse_saved_queries_delete', 'destructive', 'same', 'closed'),
  fact(['activity_log:read'])('warehouse_saved_queries_activity', 'read', 'same', 'closed'),
  // Two POSTs that only read.
  session('warehouse_saved_queries_ancestors', 'read', 'same', 'closed', 'refused'),
  session('warehouse_saved_queries_cancel', 'write', 'same', 'closed', 'refused'),
  session('warehouse_saved_queries_dependencies', 'read', 'same', 'closed', 'refused'),
  session('warehouse_saved_queries_descendants', 'read', 'same', 'closed', 'refused'),
  viewWrite('warehouse_saved_queries_materialize', 'write', 'same', 'open', 'newer'),
  viewWrite('warehouse_saved_queries_revert_materialization', 'destructive', 'same', 'closed', 'newer'),
  viewWrite('warehouse_saved_queries_run', 'write', 'again', 'open', 'newer'),
  viewRead('warehouse_saved_queries_run_history', 'read', 'same', 'closed', 'newer'),
  viewWrite('warehouse_saved_queries_resume_schedules', 'write', 'same', 'closed', 'newer'),

  session('data_warehouse_check_database_name', 'read', 'same', 'closed', 'refused'),
  session('data_warehouse_warehouse_status', 'read', 'same', 'closed', 'refused'),
  viewWrite('data_warehouse_provision', 'write', 'again', 'closed'),
  viewWrite('data_warehouse_enable_backfill', 'write', 'same', 'closed'),
  viewWrite('data_warehouse_deprovision', 'destructive', 'same', 'closed'),
  // The old password fails at once, for everything that uses it.
  viewWrite('data_warehouse_reset_password', 'destructive', 'again', 'closed'),
  session('data_warehouse_running_activity', 'read', 'same', 'closed', 'refused'),
  session('data_warehouse_completed_activity', 'read', 'same', 'closed', 'refused'),
  session('data_warehouse_job_stats', 'read', 'same', 'closed', 'refused'),
  session('data_warehouse_total_rows_stats', 'read', 'same', 'closed', 'refused'),
  fact(['warehouse_view:read', 'external_data_source:read'])(
    'data_warehouse_data_health_issues',
    'read',
    'same',
    'closed',
  ),
  // A GET that creates.
  viewWrite('data_warehouse_data_ops_dashboard', 'write', 'same', 'closed'),
  fact(['query:read'])('data_warehouse_property_values', 'read', 'same', 'open'),

  fact(['export:read'])('exports_content', 'read', 'same', 'open'),

  treeRead('file_system_list', 'read', 'same', 'closed'),
  treeWrite('file_system_create', 'write', 'again', 'closed'),
  treeRead('file_system_get', 'read', 'same', 'closed'),
  treeWrite('file_system_update', 'write', 'same', 'closed'),
  // Takes the object behind the last row along.
  treeWrite('file_system_delete', 'destructive', 'same', 'closed'),
  // A POST that only reads.
  treeRead('file_system_count', 'read', 'same', 'closed', 'newer'),
]
