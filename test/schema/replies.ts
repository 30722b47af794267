import type { Json } from '../../src/operation.ts'

const field = (name: string, type: string, rest: Json = {}): [string, Json] => [
  name,
  { name, hogql_value: name, type, schema_valid: true, table: null, fields: null, chain: null, id: null, ...rest },
]

export const SOURCE_ID = '0198dd00-0000-4000-8000-000000000001'

/** A schema in the present form: every kind of table, and every kind of column. */
export const schemaReply: Json = {
  tables: {
    events: {
      id: 'events',
      name: 'events',
      type: 'posthog',
      row_count: null,
      fields: Object.fromEntries([
        field('event', 'string'),
        field('timestamp', 'datetime'),
        field('properties', 'json'),
        field('person', 'lazy_table', { table: 'persons', fields: ['id', 'created_at', 'properties'] }),
      ]),
    },
    persons: { id: 'persons', name: 'persons', type: 'posthog', fields: Object.fromEntries([field('id', 'string')]) },
    'postgres.prod.orders': {
      id: '0198bb00-0000-4000-8000-000000000001',
      name: 'postgres.prod.orders',
      type: 'data_warehouse',
      format: 'DeltaS3Wrapper',
      url_pattern: 'https://user:hunter2@bucket.example.com/team_2/orders?sig=abcdef123456',
      row_count: 1200,
      schema: {
        id: '0198cc00-0000-4000-8000-000000000001',
        name: 'orders',
        should_sync: true,
        incremental: true,
        status: 'Completed',
        last_synced_at: '2026-09-02 10:00:00+00:00',
      },
      source: {
        id: SOURCE_ID,
        status: 'Running',
        source_type: 'Postgres',
        prefix: 'prod_',
        last_synced_at: '2026-09-02 10:00:00+00:00',
      },
      fields: Object.fromEntries([
        field('id', 'integer'),
        field('Total Amount', 'decimal', { hogql_value: '`Total Amount`' }),
        field('broken', 'unknown', { schema_valid: false }),
      ]),
    },
    'odd/name "x" ü': {
      id: '0198bb00-0000-4000-8000-000000000002',
      name: 'odd/name "x" ü',
      type: 'data_warehouse',
      format: 'CSVWithNames',
      url_pattern: 'https://bucket.example.com/a.csv',
      row_count: null,
      schema: null,
      source: null,
      fields: Object.fromEntries([field('a', 'string')]),
    },
    daily_revenue: {
      id: '0198ee00-0000-4000-8000-000000000001',
      name: 'daily_revenue',
      type: 'materialized_view',
      query: {
        kind: 'HogQLQuery',
        query: 'select id, sum(`Total Amount`) as total from postgres.prod.orders group by id',
      },
      last_run_at: '2026-09-02T10:00:00Z',
      status: 'Completed',
      fields: Object.fromEntries([field('id', 'integer'), field('total', 'decimal')]),
    },
    report: {
      id: '0198ee00-0000-4000-8000-000000000002',
      name: 'report',
      type: 'view',
      query: { kind: 'HogQLQuery', query: 'select * from daily_revenue' },
      last_run_at: null,
      status: null,
      fields: Object.fromEntries([field('id', 'integer')]),
    },
  },
  joins: [
    {
      id: '0198ff00-0000-4000-8000-000000000001',
      source_table_name: 'persons',
      source_table_key: 'properties.email',
      joining_table_name: 'postgres.prod.orders',
      joining_table_key: 'email',
      field_name: 'orders',
      configuration: null,
      created_at: '2026-08-01T00:00:00+00:00',
    },
  ],
}

/** A page of sources. */
export const sourcesReply: Json = {
  count: 1,
  next: null,
  previous: null,
  results: [
    {
      id: SOURCE_ID,
      source_type: 'Postgres',
      prefix: 'prod_',
      description: 'The shop',
      status: 'Failed',
      latest_error: 'password=hunter2 was refused',
      last_run_at: '2026-09-02T10:00:00.000000+00:00',
      access_method: 'warehouse',
      schemas: [
        {
          id: '0198cc00-0000-4000-8000-000000000001',
          name: 'orders',
          label: null,
          should_sync: true,
          status: 'Failed',
          sync_type: 'incremental',
          last_synced_at: '2026-09-02T10:00:00Z',
          sync_frequency: '6hour',
          latest_error: 'password=hunter2 was refused',
          table: { id: '0198bb00-0000-4000-8000-000000000001', name: 'prod_postgres_orders', row_count: 1200 },
        },
        {
          id: '0198cc00-0000-4000-8000-000000000002',
          name: 'customers',
          should_sync: false,
          status: null,
          table: null,
        },
      ],
      job_inputs: { host: 'db.example.com', password: 'hunter2' },
    },
  ],
}

/** A page of views. */
export const viewsReply: Json = {
  count: 2,
  next: null,
  previous: null,
  results: [
    {
      id: '0198ee00-0000-4000-8000-000000000001',
      name: 'daily_revenue',
      status: 'Failed',
      is_materialized: true,
      sync_frequency: '24hour',
      last_run_at: '2026-09-03T10:00:00Z',
      latest_error: 'Memory limit exceeded',
      description: 'Revenue of each day',
      columns: [{ name: 'total', type: 'decimal', description: 'in EUR, without VAT' }],
    },
    { id: '0198ee00-0000-4000-8000-000000000002', name: 'report', status: null, is_materialized: false },
  ],
}

/** What releases until 2023 answered. */
export const olderSchemaReply: Json = {
  events: [
    { key: 'event', type: 'string' },
    { key: 'odd name', type: 'json' },
  ],
  report: [{ key: 'id', type: 'integer' }],
}
