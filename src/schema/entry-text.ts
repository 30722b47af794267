import type { Json } from '../operation.ts'
import { cut, toLine } from '../text/line.ts'
import { toNumber, toObject, toObjects, toText } from './reply-parts.ts'

/** The longest SQL, description and list of names in a text; the JSON beside it has them whole. */
const LONGEST_SQL = 1_500
const MOST_NAMES = 12

const toCount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const toNames = (names: readonly unknown[]): string => {
  const shown = names.slice(0, MOST_NAMES).map((name) => toLine(String(name)))
  return `${shown.join(', ')}${names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : ''}`
}

const toColumnLine = (column: Json): string => {
  const { table, description, fields } = column
  return [
    toLine(toText(column.sql) ?? String(column.name)),
    toLine(String(column.type)),
    column.invalid === true ? '(invalid: its type could not be read)' : '',
    typeof table === 'string' ? `→ ${toLine(table)}` : '',
    Array.isArray(fields) ? `(${toNames(fields)})` : '',
    typeof description === 'string' ? `-- ${toLine(description)}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** The state of a thing that runs, the time that PostHog has of it, and the error behind it. */
const toRun = (what: string, { status, latest_error }: Json, when: string, time: unknown): readonly string[] => {
  const at = toText(time)
  const told = [toText(status), at === undefined ? undefined : `${when} ${at}`]
    .map((part) => (part === undefined ? part : toLine(part)))
    .filter((part) => part !== undefined)
  return [
    ...(told.length === 0 ? [] : [`${what}: ${told.join(', ')}`]),
    ...(typeof latest_error === 'string' ? [`latest error: ${toLine(latest_error, 400)}`] : []),
  ]
}

const toOriginLines = (origin: Json): readonly string[] => {
  const settings = [
    origin.enabled === false ? 'syncing is switched off' : '',
    toText(origin.sync_type) ?? '',
    typeof origin.sync_frequency === 'string' ? `every ${origin.sync_frequency}` : '',
  ]
    .filter((part) => part !== '')
    .map((part) => toLine(part))
  const schema = typeof origin.schema === 'string' ? ` table ${toLine(origin.schema)}` : ''
  return [
    `from: source ${toLine(String(origin.source))} (${toLine(String(origin.source_id))})${schema}${settings.length > 0 ? `, ${settings.join(', ')}` : ''}`,
    ...toRun('sync', origin, 'last synced', origin.last_synced_at),
  ]
}

const toViewLines = (view: Json): readonly string[] => {
  const kept = view.materialized === true ? 'rows are kept' : 'computed at every query'
  const often = typeof view.sync_frequency === 'string' ? `, run every ${toLine(view.sync_frequency)}` : ''
  return [`view: ${kept}${often}`, ...toRun('run', view, 'last run', view.last_run_at)]
}

/** Indented, so that no line of it can be taken for one of ours. */
const toSqlLines = (sql: string): readonly string[] => {
  const isWhole = sql.length <= LONGEST_SQL
  const lines = (isWhole ? sql : `${cut(sql, LONGEST_SQL)}…`).trim().split(/[\r\n\p{Zl}\p{Zp}]+/u)
  const head = isWhole ? 'sql:' : `sql (first ${LONGEST_SQL} of ${sql.length} characters; whole in the JSON):`
  return [head, ...lines.map((line) => `  ${line}`)]
}

const toStorageLines = ({ format, url_pattern }: Json): readonly string[] => {
  const parts = [
    typeof format === 'string' ? `format: ${toLine(format)}` : '',
    typeof url_pattern === 'string' ? `at ${toLine(url_pattern, 500)}` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? [] : [parts.join(' ')]
}

const toMissing = (json: Json): readonly string[] =>
  Array.isArray(json.missing) ? json.missing.map((why) => `not known: ${toLine(String(why), 400)}`) : []

/** The compact form of a table's or view's JSON: a line a column, then what is known around it. Pure. */
export const toEntryText = (json: Json): string => {
  const columns = toObjects(json.columns)
  const rows = toNumber(json.rows)
  const name = toText(json.sql_name) ?? String(json.name)
  const origin = toObject(json.origin)
  const view = toObject(json.view)
  return [
    `${toLine(name)} (${toLine(String(json.kind))}, project ${json.project_id}, ${toCount(columns.length, 'column')}${rows === undefined ? '' : `, ${toCount(rows, 'row')}`})`,
    ...(typeof json.description === 'string' ? [toLine(json.description, 400)] : []),
    ...columns.map(toColumnLine),
    ...(Object.keys(origin).length > 0 ? toOriginLines(origin) : []),
    ...toStorageLines(json),
    ...(Object.keys(view).length > 0 ? toViewLines(view) : []),
    ...toObjects(json.joins).map(({ field, key, table, table_key }) =>
      toLine(`join: ${key} = ${table}.${table_key} as ${field}`),
    ),
    ...(Array.isArray(json.used_by) ? [`used by (derived from the views' SQL): ${toNames(json.used_by)}`] : []),
    ...(typeof json.sql === 'string' ? toSqlLines(json.sql) : []),
    `query: ${toLine(String(json.query), 500)}`,
    ...toMissing(json),
  ].join('\n')
}

const toTableLine = (table: Json): string => {
  const rows = toNumber(table.rows)
  const settings = [
    table.enabled === false ? 'off' : toLine(toText(table.sync_type) ?? 'on'),
    typeof table.sync_frequency === 'string' ? `every ${toLine(table.sync_frequency)}` : '',
    typeof table.table === 'string' ? `as ${toLine(table.table)}` : 'no table yet',
    rows === undefined ? '' : toCount(rows, 'row'),
    toLine(toText(table.status) ?? ''),
    toLine(toText(table.last_synced_at) ?? ''),
  ].filter((part) => part !== '')
  const error = typeof table.latest_error === 'string' ? `; error: ${toLine(table.latest_error, 400)}` : ''
  return `${toLine(String(table.name))}: ${settings.join(', ')}${error}`
}

/** The compact form of a source's JSON: a line a table. Pure. */
export const toSourceText = (json: Json): string => {
  const tables = toObjects(json.tables)
  return [
    `${toLine(String(json.name))} (source ${toLine(String(json.type))}, project ${json.project_id}, id ${toLine(String(json.id))}, ${toCount(toNumber(json.table_count) ?? tables.length, 'table')})`,
    ...(typeof json.description === 'string' ? [toLine(json.description, 400)] : []),
    ...(typeof json.access_method === 'string' ? [`access: ${toLine(json.access_method)}`] : []),
    // PostHog keeps the start of the newest run that completed (fact sheet: external data sources 2.1).
    ...toRun('status', json, 'last completed run', json.last_run_at),
    ...(typeof json.cut === 'string' ? [json.cut] : []),
    ...tables.map(toTableLine),
    ...toMissing(json),
  ].join('\n')
}
