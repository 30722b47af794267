import { type Guide, type Json, rowsOf, say, step } from './tour-guide.ts'

/** Tables up to here are copied in a moment. */
const HANDY_ROWS = 100_000

/** A wrong address; its text never holds the address, which may hold a password. */
export class AddressError extends Error {}

const wrongAddress = (): AddressError =>
  new AddressError('The address of the database is postgres://user:password@host:port/database')

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrongAddress()
  }
}

/**
 * The connection settings in an address such as `postgres://user:password@host:5432/database?schema=public`; without
 * `schema`, all schemas.
 * @param password for an address without one
 * @throws AddressError
 */
export const readAddress = (address: string, password: string | undefined): Json => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const path = url?.pathname.slice(1) ?? ''
  // A slash or an @ there is the rest of a password that was not percent-encoded.
  const isWhole = /^[^/@]+$/.test(path) && url?.hostname !== ''
  if (url === undefined || !isWhole || !/^postgres(ql)?:$/.test(url.protocol)) throw wrongAddress()
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    database: decoded(path),
    user: decoded(url.username),
    password: decoded(url.password) || (password ?? ''),
    schema: url.searchParams.get('schema') ?? '',
  }
}

/** A table worth a look that does not take long: the largest handy one, else one of unknown size, else the smallest. */
const chooseTable = (tables: readonly Json[]): Json => {
  const sizeOf = ({ rows }: Json): number => (typeof rows === 'number' ? rows : 0)
  const readable = tables.filter((table) => table.permission_error === undefined)
  const bySize = [...readable].sort((a, b) => sizeOf(a) - sizeOf(b))
  const chosen = bySize.findLast((table) => sizeOf(table) <= HANDY_ROWS) ?? bySize[0]
  if (chosen === undefined) throw new Error('the database has no table that its user may read')
  return chosen
}

/** Connects and syncs one table. Answers its name in the warehouse. */
const connectSource = async ({ call, until }: Guide, payload: Json): Promise<string> => {
  const source_type = 'Postgres'
  step('Look into your database; nothing is stored')
  const offered = await call('external_data_sources_database_schema', { source_type, payload })
  const { table } = chooseTable(rowsOf(offered))
  step(`Connect it, with ${String(table)}; it is only read`)
  const { id } = await call('external_data_sources_create', {
    source_type,
    prefix: 'tour_',
    payload,
    schemas: [{ name: table, sync_type: 'full_refresh' }],
  })
  step('Watch the sync')
  const jobs = await until(
    'external_data_sources_jobs',
    { id },
    (answer) => rowsOf(answer).length > 0 && rowsOf(answer).every(({ status }) => status !== 'Running'),
  )
  await call('external_data_sources_jobs', { id })
  if (rowsOf(jobs)[0]?.status !== 'Completed') throw new Error('the sync failed')
  const source = await until('external_data_sources_get', { id }, () => true)
  const [schema] = Array.isArray(source.schemas) ? source.schemas : []
  return String(schema?.table?.name)
}

const quoted = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``

interface Model {
  /** The view on the synced table. */
  readonly labels: unknown
  /** The SQL of it, its one column named so. */
  readonly select: (column: string) => string
  /** The materialized view on that view. */
  readonly counts: unknown
}

const model = async ({ call, runEnds }: Guide, table: string): Promise<Model> => {
  step('Model a view on it, and one on that view; materialize the second')
  const { results } = await call('warehouse_tables_list', { search: table, limit: 5 })
  const { columns } = await call('warehouse_tables_get', {
    id: rowsOf({ results }).find(({ name }) => name === table)?.id,
  })
  const all: readonly Json[] = Array.isArray(columns) ? columns : []
  const source = String((all.find(({ type }) => type === 'string') ?? all[0])?.name)
  const select = (column: string): string => `select ${quoted(source)} as ${column} from ${quoted(table)}`
  const labels = await call('warehouse_saved_queries_create', { name: 'tour_labels', query: select('label') })
  const counts = await call('warehouse_saved_queries_create', {
    name: 'tour_counts',
    query: 'select label, count() as times from tour_labels group by label order by times desc, label',
  })
  await call('warehouse_saved_queries_materialize', { id: counts.id })
  await runEnds(counts.id, 'Completed')
  await call('query_run', { sql: 'select * from tour_counts limit 5' })
  return { labels: labels.id, select, counts: counts.id }
}

/** Changes the SQL of a view, which has to name the version it was made from, and runs another that reads it. */
const rewrite = async ({ call, until }: Guide, id: unknown, query: string, reader: unknown): Promise<void> => {
  const { latest_history_id } = await until('warehouse_saved_queries_get', { id }, () => true)
  await call('warehouse_saved_queries_update', { id, query, edited_history_id: latest_history_id })
  await call('warehouse_saved_queries_run', { id: reader })
}

/** A database of the reader's own: look, connect, sync, model, materialize, break, find out why, fix. */
export const playPostgres = async (guide: Guide, payload: Json): Promise<void> => {
  const { call, runEnds } = guide
  const { labels, select, counts } = await model(guide, await connectSource(guide, payload))
  step('Break it: the first view drops the column that the second one reads')
  await rewrite(guide, labels, select('name'), counts)
  await runEnds(counts, 'Failed')
  step('Something is wrong. What, and why?')
  await call('data_warehouse_data_health_issues')
  const { latest_error } = await call('warehouse_saved_queries_get', { id: counts })
  say(`  latest_error: ${String(latest_error)}`)
  await call('warehouse_saved_queries_ancestors', { id: counts, level: 1 })
  await call('warehouse_saved_queries_activity', { id: labels, limit: 1 })
  step('Fix it, and see that nothing is broken any more')
  await rewrite(guide, labels, select('label'), counts)
  await runEnds(counts, 'Completed')
  const { total } = await call('data_warehouse_data_health_issues')
  if (total !== 0) throw new Error('something is still broken')
}
