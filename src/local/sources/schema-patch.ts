import { invalid } from '../errors.ts'
import { type Body, flag, integer, isObject, list, notChoice } from '../fields.ts'
import { readFilters } from './row-filters.ts'
import { isSyncType, MOST_LOOKBACK, onlyUpstream } from './schema-choices.ts'
import { optionalText } from './source-input.ts'
import type { SchemaRecord, SourceRecord, SyncType } from './source-state.ts'
import { intervalOf, readFrequency, readTimeOfDay } from './sync-frequency.ts'

/** What a PATCH changes; a key that is absent was not sent. */
export type Changes = Partial<
  Pick<
    SchemaRecord,
    | 'shouldSync'
    | 'syncType'
    | 'incrementalField'
    | 'incrementalFieldType'
    | 'lookbackSeconds'
    | 'syncFrequency'
    | 'syncTimeOfDay'
    | 'fullRefreshIntervalDays'
    | 'fullRefreshTimeOfDay'
    | 'primaryKeyColumns'
    | 'cdcTableMode'
    | 'enabledColumns'
    | 'rowFilters'
  >
>

const DAY = 86_400_000
const UPSTREAM_ONLY = ['webhook', 'cdc', 'xmin']
const CURSOR_TYPES = ['integer', 'numeric', 'datetime', 'date', 'timestamp', 'objectid', 'xid']

const bounded = (value: unknown, attr: string, min: number, max: number): number => {
  const number = integer(value, attr, min)
  if (number > max) throw invalid(`Ensure this value is less than or equal to ${max}.`, attr, 'max_value')
  return number
}

const strings = (value: unknown, attr: string): readonly string[] =>
  list(value, attr).map((one) => {
    if (typeof one !== 'string') throw invalid('Not a valid string.', attr)
    return one
  })

const readSyncType = (source: SourceRecord, schema: SchemaRecord, value: unknown): SyncType => {
  if (isSyncType(value)) return value
  if (typeof value !== 'string' || !UPSTREAM_ONLY.includes(value)) throw notChoice(value, 'sync_type')
  const isMysql = source.sourceType.endsWith('MySQL')
  if (value === 'cdc') {
    throw invalid(
      isMysql ? `CDC is not supported for ${source.sourceType} sources.` : 'CDC is not enabled for this team',
    )
  }
  if (value === 'xmin' && isMysql) throw invalid('xmin replication is only available for Postgres sources.')
  throw invalid(`${onlyUpstream(value)} The table is '${schema.name}'.`)
}

type Reader = (value: unknown, source: SourceRecord, schema: SchemaRecord) => Changes

const nullable =
  (read: Reader, none: Changes): Reader =>
  (value, source, schema) =>
    value === null ? none : read(value, source, schema)

/** Each writable key with the field it sets, in the order of upstream's checks. */
const READERS: Readonly<Record<string, Reader>> = {
  // Null changes nothing here, by upstream's rule.
  sync_frequency: nullable((value) => ({ syncFrequency: readFrequency(value) }), {}),
  should_sync: (value) => ({ shouldSync: flag(value, 'should_sync') }),
  sync_type: nullable((value, source, schema) => ({ syncType: readSyncType(source, schema, value) }), {
    syncType: null,
  }),
  incremental_field: (value) => ({ incrementalField: optionalText(value, 'incremental_field', 400) }),
  incremental_field_type: nullable(
    (value) => {
      const known = CURSOR_TYPES.find((type) => type === value)
      if (known === undefined) throw notChoice(value, 'incremental_field_type')
      return { incrementalFieldType: known }
    },
    { incrementalFieldType: null },
  ),
  incremental_field_lookback_seconds: nullable(
    (value) => ({ lookbackSeconds: bounded(value, 'incremental_field_lookback_seconds', 0, MOST_LOOKBACK) }),
    { lookbackSeconds: null },
  ),
  primary_key_columns: nullable((value) => ({ primaryKeyColumns: strings(value, 'primary_key_columns') }), {
    primaryKeyColumns: null,
  }),
  cdc_table_mode: (value) => {
    const known = (['consolidated', 'cdc_only', 'both'] as const).find((mode) => mode === value)
    if (known === undefined) throw notChoice(value, 'cdc_table_mode')
    return { cdcTableMode: known }
  },
  enabled_columns: nullable((value) => ({ enabledColumns: strings(value, 'enabled_columns') }), {
    enabledColumns: null,
  }),
  row_filters: (value, _source, schema) => {
    const read = readFilters(value, schema.columns)
    if ('error' in read) throw invalid(`Invalid row filter: ${read.error}`)
    return { rowFilters: read.filters }
  },
  full_refresh_interval_days: nullable(
    (value) => ({ fullRefreshIntervalDays: bounded(value, 'full_refresh_interval_days', 1, 90) }),
    { fullRefreshIntervalDays: null },
  ),
  full_refresh_time_of_day: (value) => ({ fullRefreshTimeOfDay: readTimeOfDay(value) }),
  sync_time_of_day: (value) => ({ syncTimeOfDay: readTimeOfDay(value) }),
  api_version: nullable((value, source) => {
    if (value === 'v1') return {}
    const text = `'${isObject(value) ? '' : String(value)}' is not a supported ${source.sourceType} API version.`
    throw invalid(`${text} Supported versions: v1`, 'api_version')
  }, {}),
}

/** Keys that some ways of syncing cannot use unless the way is changed in the same request. */
const checkUse = (body: Body, schema: SchemaRecord): void => {
  if (body.sync_type !== undefined) return
  const useless: Readonly<Record<string, readonly string[]>> = {
    full_refresh: ['incremental_field', 'incremental_field_lookback_seconds', 'primary_key_columns'],
    append: ['incremental_field_lookback_seconds', 'primary_key_columns'],
  }
  const key = useless[schema.syncType ?? '']?.find((name) => body[name] !== undefined && body[name] !== null)
  if (key === undefined) return
  throw invalid(
    `${key} cannot be applied to a schema with sync type ${schema.syncType} on its own. Include sync_type in the same request to change the sync type.`,
  )
}

const checkKeys = (schema: SchemaRecord, changes: Changes): void => {
  const next = { ...schema, ...changes }
  const names = schema.columns.map(({ name }) => name)
  const keys = next.primaryKeyColumns ?? []
  const becomesIncremental = changes.syncType === 'incremental'
  if (becomesIncremental && names.length > 0 && keys.length === 0 && !names.includes('id')) {
    throw invalid(
      `'${schema.name}' has no primary key to sync incrementally on. Choose a primary key for it, or switch it to full table replication.`,
    )
  }
  const sent = changes.primaryKeyColumns ?? []
  const unknown = names.length === 0 ? undefined : sent.find((name) => !names.includes(name))
  if (unknown !== undefined) throw invalid(`'${schema.name}' has no column named ${unknown} to merge on.`)
  const had = schema.primaryKeyColumns ?? []
  const isReplaced = changes.primaryKeyColumns !== undefined && had.length > 0 && had.join('\n') !== sent.join('\n')
  if (isReplaced && next.syncType === 'incremental' && schema.tableId !== null) {
    throw invalid(
      'Primary key cannot be changed after data has been synced. Delete the synced data first, then change the primary key.',
    )
  }
}

const checkColumns = (schema: SchemaRecord, changes: Changes): void => {
  const unknown = (changes.enabledColumns ?? []).filter(
    (name) => !schema.columns.some((column) => column.name === name),
  )
  if (unknown.length === 0 || schema.columns.length === 0) return
  const names = unknown.map((name) => `'${name}'`).join(', ')
  throw invalid(
    `Unknown columns in enabled_columns: [${names}]. Run \`Pull new schemas\` to refresh available columns.`,
  )
}

const checkFullRefresh = (schema: SchemaRecord, changes: Changes): void => {
  const next = { ...schema, ...changes }
  const days = next.fullRefreshIntervalDays
  if (days === null) return
  if (next.syncType === 'full_refresh' && changes.fullRefreshIntervalDays !== undefined) {
    throw invalid(
      'Scheduled full refreshes are only available for incremental, append only, and xmin syncs. This table is rebuilt by every sync.',
      'full_refresh_interval_days',
    )
  }
  if (days * DAY >= intervalOf(next.syncFrequency)) return
  throw invalid(
    'A full refresh runs on a scheduled sync, so its interval cannot be shorter than the sync frequency.',
    'full_refresh_interval_days',
  )
}

/** Reads a PATCH of a table (fact sheet: external-data-sources 3.3). Throws 400 and changes nothing. */
export const readChanges = (source: SourceRecord, schema: SchemaRecord, body: Body): Changes => {
  const sent = Object.entries(READERS).filter(([name]) => body[name] !== undefined)
  const changes: Changes = Object.assign({}, ...sent.map(([name, read]) => read(body[name], source, schema)))
  if (changes.shouldSync === true && (changes.syncType === undefined ? schema.syncType : changes.syncType) === null) {
    throw invalid('Sync type must be set up first before enabling schema')
  }
  checkUse(body, schema)
  checkKeys(schema, changes)
  checkColumns(schema, changes)
  checkFullRefresh(schema, changes)
  return changes
}
