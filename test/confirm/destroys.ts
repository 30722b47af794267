import type { Recorded, Script } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'

/** One destructive call of each tool that can destroy. */
export const DESTROYS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  warehouse_tables_delete: { id: ID },
  warehouse_tables_refresh_schema: { id: ID },
  warehouse_tables_upload_file: { name: 'orders', content: 'a\n1', replace: true },
  external_data_sources_delete: { id: ID },
  external_data_sources_revenue_analytics_config: { id: ID, enabled: false },
  warehouse_saved_queries_delete: { id: ID },
  warehouse_saved_queries_revert_materialization: { id: ID },
  data_warehouse_deprovision: {},
  data_warehouse_reset_password: {},
  file_system_delete: { id: ID },
}

/** Whether a request destroys, judged by what left for PostHog and not by what we say of it. */
export const isDestruction = ({ method, path }: Recorded): boolean =>
  method === 'DELETE' ||
  (method === 'POST' && /\/(refresh_schema|file|revert_materialization|deprovision|reset-password)\/$/.test(path)) ||
  (method === 'PATCH' && path.endsWith('/revenue_analytics_config/'))

/** The one table there is. */
export interface Orders {
  readonly name: string
  readonly columns: number
}

const SCHEMA = {
  tables: {
    orders: { id: ID, name: 'orders', type: 'data_warehouse', row_count: 1_200_000, fields: {} },
    big_orders: {
      id: '0198bb00-0000-0000-0000-000000000002',
      name: 'big_orders',
      type: 'view',
      query: { query: 'SELECT * FROM orders WHERE total > 1000' },
      fields: {},
    },
  },
  joins: [],
}

/** A PostHog with one of each: a table, a source, a view, a folder, a warehouse. */
export const posthog =
  ({ name, columns }: Orders = { name: 'orders', columns: 2 }): Script =>
  ({ method, path }) => {
    if (path.endsWith('/query/')) return { json: SCHEMA }
    if (path.endsWith('/count/'))
      return { json: { count: 2, entries: [{ path: 'Marketing/Revenue' }], has_more: false } }
    if (path.endsWith('/warehouse_tables/file/')) return { json: { id: ID, name } }
    if (/\/(reset-password|deprovision)\/$/.test(path))
      return { json: { status: 'deleting', username: 'root', password: 'not-shown-0123456789' } }
    if (path.endsWith('/warehouse_status/'))
      return { json: { state: 'ready', connection: { host: 'acme-prod.dw.test' } } }
    const id = /\/([0-9a-f-]{36})\//.exec(path)?.[1]
    const table = {
      id: id ?? ID,
      name,
      format: 'Parquet',
      url_pattern: 'https://bucket.example.com/orders/*.parquet',
      columns: Array.from({ length: columns }, (_, at) => ({ name: `c${at}`, type: 'String' })),
      created_via: null,
    }
    const source = { source_type: 'Postgres', prefix: 'prod', status: 'Completed', schemas: [] }
    const one = { ...table, ...(path.includes('external_data_sources') && source), path: 'Marketing', type: 'folder' }
    if (method === 'DELETE') return { status: 204, body: '' }
    return { json: id !== undefined ? one : { count: 1, next: null, results: [table] } }
  }
