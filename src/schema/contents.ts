import { toTableIdentifier } from '../hogql/identifiers.ts'
import type { Json } from '../operation.ts'
import type { Redactor } from '../redact.ts'
import type { Entry, Snapshot, Source } from './snapshot.ts'

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

/** Everything known of one table or view; what PostHog does not say is absent. */
export const toEntryJson = ({ project, missing }: Snapshot, entry: Entry): Json => {
  const { group: _group, kind, columns, joins, used_by, sql, origin, view, ...rest } = entry
  const identifier = toTableIdentifier(entry.name)
  return {
    project_id: project,
    kind: KINDS[kind] ?? kind,
    ...rest,
    ...(identifier === entry.name ? {} : { sql_name: identifier }),
    columns,
    ...(origin && { origin }),
    ...(view && { view }),
    ...(joins.length > 0 && { joins }),
    ...(used_by.length > 0 && { used_by, used_by_is: 'derived from the SQL of the views' }),
    ...(sql !== undefined && { sql }),
    query: toExample(entry),
    ...(missing.length > 0 && { missing }),
  }
}

/** Everything known of one source. */
export const toSourceJson = ({ project, missing }: Snapshot, source: Source): Json => ({
  project_id: project,
  kind: 'source',
  ...source,
  ...(missing.length > 0 && { missing }),
})

/** Masks what left PostHog unmasked, such as an address with a password in it, before any form is made. */
export const masked = (json: Json, redactor: Redactor): Json =>
  // Masking keeps an object an object.
  redactor.value(json) as Json
