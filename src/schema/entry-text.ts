import type { Json } from '../operation.ts'
import { cut, quote, toDataLine, toName } from '../text/line.ts'
import { toKind, toRemarks } from './contents.ts'
import { toNumber, toObject, toObjects, toText } from './reply-parts.ts'

/** The longest SQL, description and list of names in a text; the JSON beside it has them whole. */
const LONGEST_SQL = 1_500
const MOST_NAMES = 12

const named = (value: unknown): string => toName(String(value))

/** Behind a word of ours, where there is one. */
const toPart = (value: unknown, before = ''): string => {
  const text = toText(value)
  return text === undefined ? '' : `${before}${toName(text)}`
}

const toCount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const toNames = (names: readonly unknown[]): string => {
  const shown = names.slice(0, MOST_NAMES).map(named)
  return `${shown.join(', ')}${names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : ''}`
}

const toColumnLine = (column: Json): string => {
  const { table, description, fields } = column
  return [
    toName(toText(column.sql) ?? String(column.name)),
    named(column.type),
    column.invalid === true ? '(invalid: its type could not be read)' : '',
    typeof table === 'string' ? `→ ${toName(table)}` : '',
    Array.isArray(fields) ? `(${toNames(fields)})` : '',
    typeof description === 'string' ? `-- ${quote(description)}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** The state of a thing that runs, the time that PostHog has of it, and the error behind it. */
const toRun = (what: string, { status, latest_error }: Json, when: string, time: unknown): readonly string[] => {
  const told = [toPart(status), toPart(time, `${when} `)].filter((part) => part !== '')
  return [
    ...(told.length === 0 ? [] : [`${what}: ${told.join(', ')}`]),
    ...(typeof latest_error === 'string' ? [`latest error: ${quote(latest_error, 400)}`] : []),
  ]
}

const toOriginLines = (origin: Json): readonly string[] => {
  const settings = [
    origin.enabled === false ? 'syncing is switched off' : '',
    toPart(origin.sync_type),
    toPart(origin.sync_frequency, 'every '),
  ].filter((part) => part !== '')
  const schema = toPart(origin.schema, ' table ')
  return [
    `from: source ${named(origin.source)} (${named(origin.source_id)})${schema}${settings.length > 0 ? `, ${settings.join(', ')}` : ''}`,
    ...toRun('sync', origin, 'last synced', origin.last_synced_at),
  ]
}

const toViewLines = (view: Json): readonly string[] => {
  const kept = view.materialized === true ? 'rows are kept' : 'computed at every query'
  const often = toPart(view.sync_frequency, ', run every ')
  return [`view: ${kept}${often}`, ...toRun('run', view, 'last run', view.last_run_at)]
}

/** Each line behind a bar, so that none can be taken for one of ours. */
const toSqlLines = (sql: string): readonly string[] => {
  const isWhole = sql.length <= LONGEST_SQL
  const lines = (isWhole ? sql : `${cut(sql, LONGEST_SQL)}…`).trim().split('\n')
  const head = isWhole ? 'sql:' : `sql (first ${LONGEST_SQL} of ${sql.length} characters; more in the JSON):`
  return [head, ...lines.map(toDataLine)]
}

const toStorageLines = ({ format, url_pattern }: Json): readonly string[] => {
  const parts = [
    toPart(format, 'format: '),
    typeof url_pattern === 'string' ? `at ${quote(url_pattern, 500)}` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? [] : [parts.join(' ')]
}

const toMissing = (json: Json): readonly string[] =>
  Array.isArray(json.missing) ? json.missing.map((why) => `not known: ${String(why)}`) : []

/** The compact form of a table's or view's JSON: a line a column, then what is known around it. Pure. */
export const toEntryText = (json: Json): string => {
  const columns = toObjects(json.columns)
  const rows = toNumber(json.rows)
  const name = toText(json.sql_name) ?? String(json.name)
  const origin = toObject(json.origin)
  const view = toObject(json.view)
  return [
    `${toName(name)} (${toKind(json.kind)}, project ${json.project_id}, ${toCount(columns.length, 'column')}${rows === undefined ? '' : `, ${toCount(rows, 'row')}`})`,
    ...(typeof json.description === 'string' ? [quote(json.description, 400)] : []),
    ...columns.map(toColumnLine),
    ...(Object.keys(origin).length > 0 ? toOriginLines(origin) : []),
    ...toStorageLines(json),
    ...(Object.keys(view).length > 0 ? toViewLines(view) : []),
    ...toObjects(json.joins).map(
      ({ field, key, table, table_key }) =>
        `join: ${named(key)} = ${named(`${table}.${table_key}`)} as ${named(field)}`,
    ),
    ...(Array.isArray(json.used_by) ? [`used by (derived from the views' SQL): ${toNames(json.used_by)}`] : []),
    ...(typeof json.sql === 'string' ? toSqlLines(json.sql) : []),
    `query: ${quote(String(json.query), 500)}`,
    ...toMissing(json),
    ...toRemarks(json),
  ].join('\n')
}

const toTableLine = (table: Json): string => {
  const rows = toNumber(table.rows)
  const settings = [
    table.enabled === false ? 'off' : toPart(table.sync_type) || 'on',
    toPart(table.sync_frequency, 'every '),
    toPart(table.table, 'as ') || 'no table yet',
    rows === undefined ? '' : toCount(rows, 'row'),
    toPart(table.status),
    toPart(table.last_synced_at),
  ].filter((part) => part !== '')
  const error = typeof table.latest_error === 'string' ? `; error: ${quote(table.latest_error, 400)}` : ''
  return `${named(table.name)}: ${settings.join(', ')}${error}`
}

/** The compact form of a source's JSON: a line a table. Pure. */
export const toSourceText = (json: Json): string => {
  const tables = toObjects(json.tables)
  return [
    `${named(json.name)} (source ${named(json.type)}, project ${json.project_id}, id ${named(json.id)}, ${toCount(toNumber(json.table_count) ?? tables.length, 'table')})`,
    ...(typeof json.description === 'string' ? [quote(json.description, 400)] : []),
    ...(typeof json.access_method === 'string' ? [toPart(json.access_method, 'access: ')] : []),
    // PostHog keeps the start of the newest run that completed (fact sheet: external data sources 2.1).
    ...toRun('status', json, 'last completed run', json.last_run_at),
    ...toRemarks(json),
    ...tables.map(toTableLine),
    ...toMissing(json),
  ].join('\n')
}
