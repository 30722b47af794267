import { type Answer, inTurn, type Script } from '../fake/recorder.ts'
import { shown } from '../fake/shown.ts'
import { ID } from '../fixtures/replies.ts'

/** One request as it must arrive; `path` is below `/api/{root}/{project}/`. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly query?: readonly (readonly [string, string])[]
  /** Absent: no body at all. */
  readonly json?: unknown
  /** A multipart body: fields in order, then the file. */
  readonly form?: readonly { readonly name: string; readonly fileName?: string; readonly value: string }[]
}

/** A call and everything that leaves for PostHog because of it; the last request is the operation itself. */
export interface Case {
  readonly args: Readonly<Record<string, unknown>>
  readonly sends: readonly Sent[]
  /** Answers to the reads that come before the operation. */
  readonly before?: readonly Answer[]
  /** Of a call that destroys: what is read before anybody is asked, besides the schema. */
  readonly looks?: readonly string[]
}

/** A PostHog that answers what a case reads first, and then this. */
export const answering = ({ before = [], looks }: Partial<Case>, answer: Answer): Script =>
  looks === undefined ? inTurn([...before, answer]) : shown(inTurn([answer]))

const none: Answer = { json: { count: 0, next: null, previous: null, results: [] } }
const connection = { host: 'db.acme.com', port: 5432, database: 'app', user: 'posthog_ro', password: 's3cret-s3cret' }

/** Every operation, written down from the fact sheets (not from the records they are compared with). */
export const requests: Readonly<Record<string, Case>> = {
  warehouse_tables_list: {
    args: { search: 'orders & co', limit: 10, offset: 20 },
    sends: [
      {
        method: 'GET',
        path: 'warehouse_tables/',
        query: [
          ['limit', '10'],
          ['offset', '20'],
          ['search', 'orders & co'],
        ],
      },
    ],
  },
  warehouse_tables_create: {
    args: {
      name: 'orders',
      format: 'CSVWithNames',
      url_pattern: 'https://acme.s3.us-east-1.amazonaws.com/orders/*.csv',
      credential: { access_key: 'AKIA-test', access_secret: 'secret-test' },
      options: { csv_allow_double_quotes: false },
    },
    sends: [
      {
        method: 'POST',
        path: 'warehouse_tables/',
        json: {
          name: 'orders',
          format: 'CSVWithNames',
          url_pattern: 'https://acme.s3.us-east-1.amazonaws.com/orders/*.csv',
          credential: { access_key: 'AKIA-test', access_secret: 'secret-test' },
          options: { csv_allow_double_quotes: false },
        },
      },
    ],
  },
  warehouse_tables_get: { args: { id: ID }, sends: [{ method: 'GET', path: `warehouse_tables/${ID}/` }] },
  warehouse_tables_update: {
    args: { id: ID, name: 'orders_2', credential: { access_key: 'AKIA-new' } },
    sends: [
      {
        method: 'PATCH',
        path: `warehouse_tables/${ID}/`,
        json: { name: 'orders_2', credential: { access_key: 'AKIA-new' } },
      },
    ],
  },
  warehouse_tables_delete: {
    args: { id: ID },
    looks: [`GET warehouse_tables/${ID}/`],
    sends: [{ method: 'DELETE', path: `warehouse_tables/${ID}/` }],
  },
  warehouse_tables_refresh_schema: {
    args: { id: ID },
    looks: [`GET warehouse_tables/${ID}/`],
    sends: [{ method: 'POST', path: `warehouse_tables/${ID}/refresh_schema/` }],
  },
  warehouse_tables_update_schema: {
    args: { id: ID, updates: { total: 'float', paid: 'boolean' } },
    sends: [
      {
        method: 'POST',
        path: `warehouse_tables/${ID}/update_schema/`,
        json: { updates: { total: 'float', paid: 'boolean' } },
      },
    ],
  },
  warehouse_tables_upload_file: {
    args: { name: 'orders', content: 'id,name\n1,Zoë\n' },
    before: [none],
    sends: [
      {
        method: 'GET',
        path: 'warehouse_tables/',
        query: [
          ['limit', '1000'],
          ['search', 'orders'],
        ],
      },
      {
        method: 'POST',
        path: 'warehouse_tables/file/',
        form: [
          { name: 'name', value: 'orders' },
          { name: 'format', value: 'CSVWithNames' },
          { name: 'file', fileName: 'orders-{8 random}.csv', value: 'id,name\n1,Zoë\n' },
        ],
      },
    ],
  },

  external_data_sources_list: {
    args: { search: 'prod' },
    sends: [
      {
        method: 'GET',
        path: 'external_data_sources/',
        query: [
          ['limit', '50'],
          ['search', 'prod'],
        ],
      },
    ],
  },
  external_data_sources_create: {
    args: {
      source_type: 'Postgres',
      payload: connection,
      prefix: 'prod_',
      description: 'Main app DB',
      schemas: [
        { name: 'orders', sync_type: 'incremental', incremental_field: 'updated_at' },
        { name: 'logs', sync_type: 'full_refresh', should_sync: false },
      ],
    },
    sends: [
      {
        method: 'POST',
        path: 'external_data_sources/',
        json: {
          source_type: 'Postgres',
          prefix: 'prod_',
          description: 'Main app DB',
          created_via: 'mcp',
          payload: {
            host: 'db.acme.com',
            port: 5432,
            database: 'app',
            user: 'posthog_ro',
            password: 's3cret-s3cret',
            schemas: [
              { name: 'orders', sync_type: 'incremental', incremental_field: 'updated_at', should_sync: true },
              { name: 'logs', sync_type: 'full_refresh', should_sync: false },
            ],
          },
        },
      },
    ],
  },
  external_data_sources_get: { args: { id: ID }, sends: [{ method: 'GET', path: `external_data_sources/${ID}/` }] },
  external_data_sources_update: {
    args: { id: ID, description: 'Replica', job_inputs: { host: 'db2.acme.com', password: 's3cret-s3cret' } },
    sends: [
      {
        method: 'PATCH',
        path: `external_data_sources/${ID}/`,
        json: { description: 'Replica', job_inputs: { host: 'db2.acme.com', password: 's3cret-s3cret' } },
      },
    ],
  },
  external_data_sources_delete: {
    args: { id: ID },
    looks: [`GET external_data_sources/${ID}/`],
    sends: [{ method: 'DELETE', path: `external_data_sources/${ID}/` }],
  },
  external_data_sources_jobs: {
    args: { id: ID, after: '2026-09-01T00:00:00Z', before: '2026-09-03T00:00:00Z', schemas: ['orders', 'a,b'] },
    sends: [
      {
        method: 'GET',
        path: `external_data_sources/${ID}/jobs/`,
        query: [
          ['after', '2026-09-01T00:00:00Z'],
          ['before', '2026-09-03T00:00:00Z'],
          // One key for each table: upstream takes a comma list for one name.
          ['schemas', 'a,b'],
          ['schemas', 'orders'],
        ],
      },
    ],
  },
  external_data_sources_reload: {
    args: { id: ID },
    sends: [{ method: 'POST', path: `external_data_sources/${ID}/reload/` }],
  },
  external_data_sources_revenue_analytics_config: {
    args: { id: ID, enabled: true, include_invoiceless_charges: false },
    sends: [
      {
        method: 'PATCH',
        path: `external_data_sources/${ID}/revenue_analytics_config/`,
        json: { enabled: true, include_invoiceless_charges: false },
      },
    ],
  },
  external_data_sources_database_schema: {
    args: { source_type: 'Postgres', payload: connection, access_method: 'direct', limit: 5, offset: 0 },
    sends: [
      {
        method: 'POST',
        path: 'external_data_sources/database_schema/',
        json: {
          source_type: 'Postgres',
          access_method: 'direct',
          host: 'db.acme.com',
          port: 5432,
          database: 'app',
          user: 'posthog_ro',
          password: 's3cret-s3cret',
        },
      },
    ],
  },
  external_data_sources_source_prefix: {
    args: { source_type: 'Postgres', prefix: 'prod_' },
    sends: [
      {
        method: 'POST',
        path: 'external_data_sources/source_prefix/',
        json: { source_type: 'Postgres', prefix: 'prod_' },
      },
    ],
  },
  external_data_sources_wizard: {
    args: { source_type: 'Postgres,Stripe' },
    sends: [{ method: 'GET', path: 'external_data_sources/wizard/', query: [['source_type', 'Postgres,Stripe']] }],
  },

  warehouse_saved_queries_list: {
    args: { search: 'daily', limit: 5, offset: 1003 },
    sends: [
      {
        method: 'GET',
        path: 'warehouse_saved_queries/',
        // Upstream's pages hold 1,000 rows: row 1003 is on the second.
        query: [
          ['page', '2'],
          ['search', 'daily'],
        ],
      },
    ],
  },
  warehouse_saved_queries_create: {
    args: { name: 'daily_orders', query: 'select 1 as one' },
    before: [none],
    sends: [
      { method: 'GET', path: 'warehouse_saved_queries/', query: [['search', 'daily_orders']] },
      {
        method: 'POST',
        path: 'warehouse_saved_queries/',
        json: { name: 'daily_orders', query: { kind: 'HogQLQuery', query: 'select 1 as one' } },
      },
    ],
  },
  warehouse_saved_queries_get: { args: { id: ID }, sends: [{ method: 'GET', path: `warehouse_saved_queries/${ID}/` }] },
  warehouse_saved_queries_update: {
    args: { id: ID, query: 'select 2 as two', edited_history_id: 'abc', sync_frequency: '6hour' },
    sends: [
      {
        method: 'PATCH',
        path: `warehouse_saved_queries/${ID}/`,
        json: {
          query: { kind: 'HogQLQuery', query: 'select 2 as two' },
          edited_history_id: 'abc',
          sync_frequency: '6hour',
        },
      },
    ],
  },
  warehouse_saved_queries_delete: {
    args: { id: ID },
    looks: [`GET warehouse_saved_queries/${ID}/`],
    sends: [{ method: 'DELETE', path: `warehouse_saved_queries/${ID}/` }],
  },
  warehouse_saved_queries_activity: {
    args: { id: ID, limit: 10, page: 2 },
    sends: [
      {
        method: 'GET',
        path: `warehouse_saved_queries/${ID}/activity/`,
        query: [
          ['limit', '10'],
          ['page', '2'],
        ],
      },
    ],
  },
  warehouse_saved_queries_ancestors: {
    args: { id: ID, level: 2 },
    sends: [{ method: 'POST', path: `warehouse_saved_queries/${ID}/ancestors/`, json: { level: 2 } }],
  },
  warehouse_saved_queries_cancel: {
    args: { id: ID },
    sends: [{ method: 'POST', path: `warehouse_saved_queries/${ID}/cancel/` }],
  },
  warehouse_saved_queries_dependencies: {
    args: { id: ID },
    sends: [{ method: 'GET', path: `warehouse_saved_queries/${ID}/dependencies/` }],
  },
  warehouse_saved_queries_descendants: {
    args: { id: ID, level: 1 },
    sends: [{ method: 'POST', path: `warehouse_saved_queries/${ID}/descendants/`, json: { level: 1 } }],
  },
  warehouse_saved_queries_materialize: {
    args: { id: ID, sync_frequency: '1hour' },
    sends: [{ method: 'POST', path: `warehouse_saved_queries/${ID}/materialize/`, json: { sync_frequency: '1hour' } }],
  },
  warehouse_saved_queries_revert_materialization: {
    args: { id: ID },
    looks: [`GET warehouse_saved_queries/${ID}/`],
    sends: [{ method: 'POST', path: `warehouse_saved_queries/${ID}/revert_materialization/` }],
  },
  warehouse_saved_queries_run: {
    args: { id: ID, full_refresh: true },
    sends: [{ method: 'POST', path: `warehouse_saved_queries/${ID}/run/`, json: { full_refresh: true } }],
  },
  warehouse_saved_queries_run_history: {
    args: { id: ID },
    sends: [{ method: 'GET', path: `warehouse_saved_queries/${ID}/run_history/` }],
  },
  warehouse_saved_queries_resume_schedules: {
    args: { view_ids: [ID] },
    sends: [{ method: 'POST', path: 'warehouse_saved_queries/resume_schedules/', json: { view_ids: [ID] } }],
  },

  data_warehouse_check_database_name: {
    args: { name: 'acme-prod' },
    sends: [{ method: 'GET', path: 'data_warehouse/check-database-name/', query: [['name', 'acme-prod']] }],
  },
  data_warehouse_completed_activity: {
    args: { limit: 1, offset: 2, cutoff_days: 30 },
    sends: [
      {
        method: 'GET',
        path: 'data_warehouse/completed_activity/',
        query: [
          ['cutoff_days', '30'],
          ['limit', '1'],
          ['offset', '2'],
        ],
      },
    ],
  },
  data_warehouse_data_health_issues: {
    // Upstream knows no pages here: nothing of them is sent.
    args: { limit: 10 },
    sends: [{ method: 'GET', path: 'data_warehouse/data_health_issues/' }],
  },
  data_warehouse_data_ops_dashboard: {
    args: {},
    sends: [{ method: 'GET', path: 'data_warehouse/data_ops_dashboard/' }],
  },
  data_warehouse_deprovision: {
    args: {},
    looks: ['GET data_warehouse/warehouse_status/'],
    sends: [{ method: 'POST', path: 'data_warehouse/deprovision/' }],
  },
  data_warehouse_enable_backfill: {
    args: { table_name: 'prod_events' },
    sends: [{ method: 'POST', path: 'data_warehouse/enable_backfill/', json: { table_name: 'prod_events' } }],
  },
  data_warehouse_job_stats: {
    args: { days: 7 },
    sends: [{ method: 'GET', path: 'data_warehouse/job_stats/', query: [['days', '7']] }],
  },
  data_warehouse_property_values: {
    args: { table_name: 'orders', key: 'country', value: 'al' },
    sends: [
      {
        method: 'GET',
        path: 'data_warehouse/property_values/',
        query: [
          ['key', 'country'],
          ['table_name', 'orders'],
          ['value', 'al'],
        ],
      },
    ],
  },
  data_warehouse_provision: {
    args: { database_name: 'acme-prod', table_name: 'prod_events' },
    sends: [
      {
        method: 'POST',
        path: 'data_warehouse/provision/',
        // Both generations of upstream are served: each ignores the other's name.
        json: { database_name: 'acme-prod', table_name: 'prod_events', schema_name: 'prod_events' },
      },
    ],
  },
  data_warehouse_reset_password: {
    args: {},
    looks: ['GET data_warehouse/warehouse_status/'],
    sends: [{ method: 'POST', path: 'data_warehouse/reset-password/' }],
  },
  data_warehouse_running_activity: {
    args: {},
    sends: [{ method: 'GET', path: 'data_warehouse/running_activity/', query: [['limit', '20']] }],
  },
  data_warehouse_total_rows_stats: { args: {}, sends: [{ method: 'GET', path: 'data_warehouse/total_rows_stats/' }] },
  data_warehouse_warehouse_status: { args: {}, sends: [{ method: 'GET', path: 'data_warehouse/warehouse_status/' }] },

  exports_content: { args: { id: 812 }, sends: [{ method: 'GET', path: 'exports/812/content/' }] },

  file_system_list: {
    args: { parent: 'Marketing', depth: 2, type: 'dashboard', order_by: '-created_at', limit: 3 },
    sends: [
      {
        method: 'GET',
        path: 'file_system/',
        query: [
          ['depth', '2'],
          ['limit', '3'],
          ['order_by', '-created_at'],
          ['parent', 'Marketing'],
          ['type', 'dashboard'],
        ],
      },
    ],
  },
  file_system_create: {
    args: { path: 'Marketing/Q3\\/Q4', type: 'dashboard', ref: '4711', meta: { a: null }, shortcut: false },
    sends: [
      {
        method: 'POST',
        path: 'file_system/',
        json: { path: 'Marketing/Q3\\/Q4', type: 'dashboard', ref: '4711', meta: { a: null }, shortcut: false },
      },
    ],
  },
  file_system_get: { args: { id: ID }, sends: [{ method: 'GET', path: `file_system/${ID}/` }] },
  file_system_update: {
    args: { id: ID, path: 'Sales/Revenue', href: '/dashboard/1' },
    before: [{ json: { id: ID, path: 'Marketing/Revenue', type: 'dashboard' } }],
    sends: [
      { method: 'GET', path: `file_system/${ID}/` },
      { method: 'PATCH', path: `file_system/${ID}/`, json: { path: 'Sales/Revenue', href: '/dashboard/1' } },
    ],
  },
  file_system_delete: {
    args: { id: ID },
    looks: [`GET file_system/${ID}/`, `POST file_system/${ID}/count/`],
    sends: [{ method: 'DELETE', path: `file_system/${ID}/` }],
  },
  file_system_count: { args: { id: ID }, sends: [{ method: 'POST', path: `file_system/${ID}/count/` }] },
}
