/** Section 5 of the sheet on external data sources: its worked examples, 15 exchanges in all. */
import {
  type Absent,
  ANY_CAPTION,
  type Exchange,
  having,
  like,
  listing,
  type Profile,
  type Step,
  TIME,
  UUID,
} from './exchange.ts'

export const SOURCES = '/api/projects/<project>/external_data_sources'
export const SCHEMAS = '/api/projects/<project>/external_data_schemas'
export const SHOP: Profile = { postgres: true }

/** The connection settings of the database that the runner starts. */
export const shopLogin = {
  host: '<postgres.host>',
  port: '<postgres.port>',
  database: '<postgres.database>',
  user: '<postgres.user>',
  password: '<postgres.password>',
  schema: 'public',
}

const ORDERS = {
  name: 'orders',
  should_sync: true,
  sync_type: 'incremental',
  incremental_field: 'updated_at',
  incremental_field_type: 'timestamp',
  primary_key_columns: ['id'],
  incremental_field_lookback_seconds: 3600,
  sync_time_of_day: '03:00:00',
  enabled_columns: null,
  row_filters: [{ column: 'total', operator: '>', value: 0 }],
}
const EVENTS_RAW = {
  name: 'events_raw',
  should_sync: true,
  sync_type: 'append',
  incremental_field: 'id',
  incremental_field_type: 'integer',
}
const COUNTRIES = { name: 'countries', should_sync: true, sync_type: 'full_refresh' }
const AUDIT_LOG = { name: 'audit_log', should_sync: false }

const example = {
  source_type: 'Postgres',
  prefix: 'prod_',
  description: 'Main app DB',
  access_method: 'warehouse',
  created_via: 'api',
  payload: {
    ...shopLogin,
    ssh_tunnel: { enabled: false, host: null, port: null },
    schemas: [ORDERS, EVENTS_RAW, COUNTRIES, AUDIT_LOG],
  },
}
const create = (body: unknown, as: string): Step => ({ method: 'POST', path: `${SOURCES}/`, body, as })
const settled = (source: string): Step => ({
  until: { method: 'GET', path: `${SOURCES}/<${source}>/` },
  matches: having({ status: 'Completed' }),
})
const schemaOf = (source: string, index: number, as: string): Step => ({
  method: 'GET',
  path: `${SOURCES}/<${source}>/`,
  as,
  pick: `schemas.${index}.id`,
})

/** A source without prefix for the rows on errors, and the source of the examples. Tables come sorted by name. */
export const shopSituations: Readonly<Record<string, readonly Step[]>> = {
  plain: [
    create(
      {
        source_type: 'Postgres',
        payload: {
          ...shopLogin,
          schemas: [AUDIT_LOG, COUNTRIES, { ...ORDERS, row_filters: null, incremental_field_lookback_seconds: null }],
        },
      },
      'plain',
    ),
    settled('plain'),
    {
      until: { method: 'GET', path: `${SOURCES}/<plain>/` },
      matches: having({ schemas: listing([having({ name: 'orders', status: 'Completed' })]) }),
    },
    schemaOf('plain', 0, 'idle'),
    schemaOf('plain', 1, 'copied'),
    schemaOf('plain', 2, 'merged'),
  ],
  example: [
    create(example, 'example'),
    ...['orders', 'events_raw', 'countries'].map(
      (name): Step => ({
        until: { method: 'GET', path: `${SOURCES}/<example>/` },
        matches: having({ schemas: listing([having({ name, status: 'Completed' })]) }),
      }),
    ),
    schemaOf('example', 3, 'orders'),
    schemaOf('example', 0, 'audit'),
  ],
  loose: [
    create(
      { source_type: 'Postgres', prefix: 'loose', payload: { ...shopLogin, schemas: [{ name: 'loose' }] } },
      'looseSource',
    ),
    schemaOf('looseSource', 0, 'loose'),
  ],
}

const column = (field: string, type: string, nullable: boolean) => ({ field, label: field, type, nullable })
const cursor = (field: string, type: string, nullable: boolean, is_indexed: boolean) => ({
  label: field,
  type,
  field,
  field_type: type,
  nullable,
  is_indexed,
})

const offers = [
  {
    table: 'orders',
    label: null,
    should_sync: false,
    incremental_fields: [cursor('updated_at', 'timestamp', false, true), cursor('id', 'integer', false, true)],
    incremental_available: true,
    append_available: true,
    cdc_available: null,
    xmin_available: true,
    incremental_field: 'updated_at',
    sync_type: null,
    rows: null,
    supports_webhooks: false,
    webhook_only: false,
    description: null,
    should_sync_default: true,
    available_columns: [
      column('id', 'integer', false),
      column('total', 'numeric', true),
      column('updated_at', 'timestamp with time zone', false),
    ],
    detected_primary_keys: ['id'],
    primary_key_detection_supported: true,
    permission_error: null,
    rls_warning: null,
  },
  {
    table: 'audit_log',
    label: null,
    should_sync: false,
    incremental_fields: [],
    incremental_available: false,
    append_available: false,
    cdc_available: null,
    xmin_available: false,
    incremental_field: null,
    sync_type: null,
    rows: null,
    supports_webhooks: false,
    webhook_only: false,
    description: null,
    should_sync_default: true,
    available_columns: [column('payload', 'jsonb', true)],
    detected_primary_keys: null,
    primary_key_detection_supported: true,
    permission_error: null,
    rls_warning: null,
  },
]

const ordersRow = {
  id: UUID,
  name: 'orders',
  label: null,
  table: {
    id: UUID,
    name: 'prod_postgres_orders',
    hogql_name: 'postgres.prod.orders',
    columns: listing([
      { key: 'id', name: 'id', type: 'integer', schema_valid: true, fields: null, table: null, chain: null },
    ]),
    row_count: 9,
    user_access_level: 'manager',
  },
  should_sync: true,
  last_synced_at: TIME,
  latest_error: null,
  incremental: true,
  status: 'Completed',
  sync_type: 'incremental',
  incremental_field: 'updated_at',
  incremental_field_type: 'timestamp',
  incremental_field_lookback_seconds: 3600,
  sync_frequency: '6hour',
  sync_time_of_day: '03:00:00',
  full_refresh_interval_days: null,
  full_refresh_time_of_day: null,
  next_full_refresh_at: null,
  description: null,
  primary_key_columns: ['id'],
  cdc_table_mode: 'consolidated',
  incremental_sync_blocked: null,
  enabled_columns: null,
  row_filters: [{ column: 'total', operator: '>', value: 0 }],
  row_filter_columns: null,
  available_columns: listing([{ name: 'id', data_type: 'integer', is_nullable: false }]),
  source_column_metadata_available: true,
  source: null,
  api_version: null,
  api_version_deprecation: null,
  user_access_level: 'manager',
}

const sourceRow = {
  id: '<example>',
  created_at: TIME,
  created_by: 'ada@example.com',
  created_via: 'api',
  status: 'Completed',
  source_type: 'Postgres',
  latest_error: null,
  prefix: 'prod_',
  description: 'Main app DB',
  access_method: 'warehouse',
  direct_query_enabled: false,
  auto_sync_new_schemas: false,
  auto_sync_schema_patterns: null,
  engine: null,
  last_run_at: like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
  schemas: listing([ordersRow]),
  job_inputs: {
    host: '127.0.0.1',
    port: like(/^\d+$/),
    database: 'shop',
    user: 'reader',
    schema: 'public',
    ssh_tunnel: {
      enabled: 'False',
      host: null,
      port: null,
      auth: { selection: null, username: null },
      require_tls: { enabled: true },
    },
  },
  revenue_analytics_config: { enabled: false, include_invoiceless_charges: true },
  user_access_level: 'manager',
  supports_webhooks: false,
  supports_column_selection: true,
  api_version: 'v1',
  api_version_deprecation: null,
}

const connecting: readonly (Exchange | Absent)[] = [
  {
    row: '5.1',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    request: {
      method: 'POST',
      path: `${SOURCES}/database_schema/`,
      body: { source_type: 'Postgres', ...shopLogin, schema: 'example' },
    },
    expect: { status: 200, body: listing(offers) },
  },
  {
    row: '5.2',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    request: { method: 'POST', path: `${SOURCES}/`, body: { ...example, prefix: 'again_' } },
    expect: { status: 201, body: { id: UUID } },
  },
  { row: '5.3', tag: 'seeded', mark: 'C', absent: 'Stripe cannot be reached from here' },
  {
    row: '5.4',
    note: 'addresses, people and counts are those of this run',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['example'],
    request: { method: 'GET', path: `${SOURCES}/<example>/` },
    expect: { status: 200, body: sourceRow },
  },
]

const plain = (name: string, label: string, more: object = {}) => ({
  caption: null,
  label,
  name,
  placeholder: '',
  required: true,
  secret: false,
  type: 'text',
  ...more,
})
const entry = (name: string, more: object) => ({
  caption: ANY_CAPTION,
  disabledReason: null,
  existingSource: null,
  featureFlag: null,
  featured: false,
  iconClassName: null,
  iconPath: `/static/services/${name.toLowerCase()}.png`,
  keywords: null,
  label: null,
  name,
  permissionsCaption: null,
  releaseStatus: null,
  suggestedTables: [],
  supportsColumnSelection: false,
  unreleasedSource: null,
  webhookFields: null,
  webhookManualOnly: null,
  webhookSetupCaption: null,
  apiDocsUrl: null,
  deprecatedVersions: [],
  docsUrl: `https://posthog.com/docs/cdp/sources/${name.toLowerCase()}`,
  ...more,
})

const wizard = {
  Postgres: entry('Postgres', {
    category: 'Databases',
    featured: true,
    fields: [
      plain('connection_string', 'Connection string (optional)', {
        placeholder: 'postgresql://user:password@localhost:5432/database',
        required: false,
        secret: true,
      }),
      plain('host', 'Host', { caption: ANY_CAPTION, placeholder: 'db.example.com' }),
      plain('port', 'Port', { placeholder: '5432', type: 'number' }),
      plain('database', 'Database', { placeholder: 'postgres' }),
      plain('user', 'User', { placeholder: 'postgres' }),
      plain('password', 'Password', { secret: true, type: 'password' }),
      plain('schema', 'Schema', { placeholder: 'public', required: false }),
      { label: 'Use SSH tunnel?', name: 'ssh_tunnel', type: 'ssh-tunnel', supportsRequireTls: false },
    ],
    keywords: ['postgresql', 'sql', 'rds', 'aws rds', 'amazon rds', 'aurora'],
    supportsColumnSelection: true,
    versions: ['v1'],
    defaultVersion: 'v1',
  }),
  Zendesk: entry('Zendesk', {
    category: 'Customer support',
    fields: [
      plain('subdomain', 'Zendesk subdomain'),
      plain('api_key', 'API key', { secret: true, type: 'password' }),
      plain('email_address', 'Zendesk email address', { type: 'email' }),
    ],
    iconClassName: 'rounded dark:bg-white p-[2px]',
    versions: ['v2'],
    defaultVersion: 'v2',
    apiDocsUrl: 'https://developer.zendesk.com/api-reference',
  }),
  Hubspot: entry('Hubspot', {
    category: 'CRM',
    featured: true,
    fields: [
      {
        kind: 'hubspot',
        label: 'Hubspot account',
        name: 'hubspot_integration_id',
        required: true,
        requiredScopes: null,
        type: 'oauth',
      },
      {
        caption: ANY_CAPTION,
        default: false,
        label: 'Customize synced properties',
        name: 'custom_properties',
        type: 'switch-group',
        // The sheet marks the list of properties as inferred.
        fields: listing([
          plain('contacts_properties', 'Contacts properties', {
            placeholder: 'email, firstname',
            required: false,
            type: 'textarea',
          }),
        ]),
      },
    ],
    versions: ['v3', '2026-03'],
    defaultVersion: '2026-03',
    apiDocsUrl: 'https://developers.hubspot.com/docs/api-reference/latest/overview',
  }),
}

const reading: readonly Exchange[] = [
  {
    row: '5.5',
    note: 'captions are upstream’s own',
    tag: 'anywhere',
    mark: 'C',
    request: { method: 'GET', path: `${SOURCES}/wizard/?source_type=Postgres,Zendesk,Hubspot` },
    expect: { status: 200, body: wizard },
  },
  {
    row: '5.6',
    note: 'its completed job, of any time; the cancelled one is in test/local',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['example'],
    request: { method: 'GET', path: `${SOURCES}/<example>/jobs/?schemas=orders&after=2020-01-01T00:00:00Z` },
    expect: {
      status: 200,
      body: listing([
        {
          id: UUID,
          created_at: TIME,
          created_by: null,
          finished_at: TIME,
          status: 'Completed',
          schema: {
            id: '<orders>',
            name: 'orders',
            label: null,
            should_sync: true,
            last_synced_at: TIME,
            sync_type: 'incremental',
          },
          rows_synced: 9,
          latest_error: null,
          workflow_run_id: UUID,
          cdc_write_mode: null,
          billable: true,
          destination_ids: [],
        },
      ]),
    },
  },
]

const naming: readonly Exchange[] = [
  {
    row: '5.7',
    note: 'a taken prefix',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['example'],
    request: { method: 'POST', path: `${SOURCES}/source_prefix/`, body: { source_type: 'Postgres', prefix: 'prod_' } },
    expect: {
      status: 400,
      body: {
        message:
          "Another source of this type already uses the prefix 'prod_'. Choose a different prefix so this connection's tables don't clash.",
      },
    },
  },
  {
    row: '5.7',
    note: 'a free prefix',
    tag: 'seeded',
    mark: 'C',
    request: { method: 'POST', path: `${SOURCES}/source_prefix/`, body: { source_type: 'Postgres', prefix: 'eu_' } },
    expect: { status: 200, body: null },
  },
  {
    row: '5.7',
    note: 'revenue',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['plain'],
    request: {
      method: 'PATCH',
      path: `${SOURCES}/<plain>/revenue_analytics_config/`,
      body: { enabled: true, include_invoiceless_charges: false },
    },
    expect: {
      status: 200,
      body: having({ id: '<plain>', revenue_analytics_config: { enabled: true, include_invoiceless_charges: false } }),
    },
  },
  {
    row: '5.7',
    note: 'reload',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['plain'],
    request: { method: 'POST', path: `${SOURCES}/<plain>/reload/` },
    expect: { status: 200, body: null },
  },
]

const settling: readonly (Exchange | Absent)[] = [
  {
    row: '5.8',
    note: 'Postgres',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['loose'],
    request: { method: 'POST', path: `${SCHEMAS}/<loose>/incremental_fields/` },
    expect: {
      status: 200,
      body: {
        incremental_fields: [cursor('id', 'integer', true, false)],
        incremental_available: true,
        append_available: true,
        cdc_available: null,
        xmin_available: true,
        full_refresh_available: true,
        supports_webhooks: false,
        webhook_only: false,
        available_columns: [column('id', 'integer', true)],
        detected_primary_keys: ['id'],
        primary_key_detection_supported: true,
      },
    },
  },
  { row: '5.8', note: 'Stripe', tag: 'seeded', mark: 'T', absent: 'Stripe cannot be reached from here' },
  {
    row: '5.9',
    note: 'a table',
    tag: 'seeded',
    mark: 'C',
    profile: SHOP,
    given: ['example'],
    request: {
      method: 'PATCH',
      path: `${SCHEMAS}/<orders>/`,
      body: {
        should_sync: true,
        sync_type: 'incremental',
        incremental_field: 'updated_at',
        incremental_field_type: 'timestamp',
        sync_frequency: '1hour',
        primary_key_columns: ['id'],
      },
    },
    expect: { status: 200, body: { ...ordersRow, id: '<orders>', sync_frequency: '1hour' } },
  },
  {
    row: '5.9',
    note: 'setup',
    tag: 'seeded',
    mark: 'C',
    absent: 'setup is none of the documented operations, and Stripe cannot be reached from here',
  },
  {
    row: '5.9',
    note: 'bulk_update_schemas',
    tag: 'seeded',
    mark: 'C',
    absent: 'bulk_update_schemas is none of the documented operations and is not served',
  },
]

export const workedExamples: readonly (Exchange | Absent)[] = [...connecting, ...reading, ...naming, ...settling]
