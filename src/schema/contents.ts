import { toTableIdentifier } from '../hogql/identifiers.ts'
import type { Json } from '../operation.ts'
import { toName } from '../text/line.ts'
import type { Entry, Snapshot, Source, SourceTable } from './snapshot.ts'

/** What one thing says, in two forms: what a program reads, and what a model reads. */
export interface Contents {
  readonly json: Json
  readonly text: string
}

/** How a kind is called; PostHog's own word where it is a new one. */
export const KINDS: Readonly<Record<string, string>> = {
  posthog: 'PostHog table',
  data_warehouse: 'warehouse table',
  view: 'view',
  materialized_view: 'materialized view',
  managed_view: 'managed view',
  batch_export: 'batch export table',
}

/** Columns named in the example query, and types that are no values by themselves. */
const EXAMPLE_COLUMNS = 4
const NO_VALUE = new Set(['lazy_table', 'virtual_table', 'view', 'materialized_view', 'field_traverser', 'unknown'])

const toExample = ({ name, columns }: Entry): string => {
  const plain = columns.filter(({ type, invalid }) => !NO_VALUE.has(type) && invalid !== true)
  const names = plain.slice(0, EXAMPLE_COLUMNS).map((column) => column.sql ?? column.name)
  return `SELECT ${names.length === 0 ? '*' : names.join(', ')} FROM ${toTableIdentifier(name)} LIMIT 10`
}

/** An address without what opens it: no user, no password, and of a query the names only. */
const withoutSecrets = (address: string): string => {
  const bare = address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1***@')
  const [path = '', query] = bare.split('?', 2)
  if (query === undefined) return bare
  return `${path}?${query.replace(/(^|&)([^=&]*)(=[^&]*)?/g, (_whole, and: string, name: string) => `${and}${name}=***`)}`
}

/** Functions that take the keys of a storage or the login of a database. */
const WITH_KEYS =
  /\b(s3|s3Cluster|gcs|azureBlobStorage|remote|remoteSecure|mysql|postgresql|mongodb|redis|url|deltaLake|iceberg)\s*\(([^()]*)\)/gi

/** SQL without the texts that open a storage or a database. */
const withoutKeys = (sql: string): string =>
  sql.replace(
    WITH_KEYS,
    (_whole, name: string, args: string) => `${name}(${args.replace(/'(?:[^'\\]|''|\\[\s\S])*'/g, "'***'")})`,
  )

/** Everything known of one table or view; what PostHog does not say is absent. */
export const toEntryJson = ({ project, missing }: Snapshot, entry: Entry): Json => {
  const { group: _group, kind, columns, joins, used_by, sql, origin, view, url_pattern, ...rest } = entry
  const identifier = toTableIdentifier(entry.name)
  return {
    project_id: project,
    kind: KINDS[kind] ?? kind,
    ...rest,
    ...(url_pattern === undefined ? {} : { url_pattern: withoutSecrets(url_pattern) }),
    ...(identifier === entry.name ? {} : { sql_name: identifier }),
    columns,
    ...(origin && { origin }),
    ...(view && { view }),
    ...(joins.length > 0 && { joins }),
    ...(used_by.length > 0 && { used_by, used_by_is: 'derived from the SQL of the views' }),
    ...(sql !== undefined && { sql: withoutKeys(sql) }),
    query: toExample(entry),
    ...(missing.length > 0 && { missing }),
  }
}

/** Tables of a source that are told one by one: some hundred would push everything else out. */
const MOST_TABLES = 100

/** What fails first, then what is switched on. */
const rankOf = ({ latest_error, enabled }: SourceTable): number =>
  latest_error !== undefined ? 0 : enabled === false ? 2 : 1

/** Everything known of one source; of many tables those that fail first, and how many there are. */
export const toSourceJson = ({ project, missing }: Snapshot, { tables, ...source }: Source): Json => ({
  project_id: project,
  kind: 'source',
  ...source,
  table_count: tables.length,
  tables: [...tables].sort((a, b) => rankOf(a) - rankOf(b)).slice(0, MOST_TABLES),
  ...(tables.length > MOST_TABLES && {
    cut: `${MOST_TABLES} of ${tables.length} tables, those that fail first; the overview lists all of a source that were synced`,
  }),
  ...(missing.length > 0 && { missing }),
})

/** What a text says of what its JSON lacks. */
export const toRemarks = ({ cut, stripped }: Json): readonly string[] =>
  [cut, stripped].flatMap((remark) => (typeof remark === 'string' ? [`note: ${remark}`] : []))

/** How a kind stands in a text. */
export const toKind = (kind: unknown): string =>
  Object.values(KINDS).includes(String(kind)) ? String(kind) : toName(String(kind))
