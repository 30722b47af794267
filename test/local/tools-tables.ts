import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import type { ToolSession } from './tools-session.ts'

/** The life of tables, with `people.csv` and `visits.csv` in the allowed folder. */
export const playTables = async ({ ok, fails }: ToolSession, folder: string): Promise<void> => {
  const link = {
    name: 'people',
    format: 'CSVWithNames',
    url_pattern: pathToFileURL(join(folder, 'people.csv')).href,
    credential: { access_key: 'any', access_secret: 'any-secret' },
  }
  const linked = await ok('warehouse_tables_create', link)
  expect(linked.columns).toEqual([
    { name: 'id', type: 'integer', schema_valid: true },
    { name: 'name', type: 'string', schema_valid: true },
    { name: 'joined', type: 'date', schema_valid: true },
  ])
  expect(await fails('warehouse_tables_create', link)).toContain('A table or view with this name already exists.')
  const uploaded = await ok('warehouse_tables_upload_file', { name: 'visits', path: 'visits.csv' })
  expect(uploaded.name).toBe('visits')
  expect(await fails('warehouse_tables_upload_file', { name: 'visits', content: 'a\n1\n' })).toContain(
    `A table named visits exists already (id ${String(uploaded.id)})`,
  )
  await ok('warehouse_tables_update_schema', { id: uploaded.id, updates: { person: 'string' } })
  const retyped = await ok('warehouse_tables_get', { id: uploaded.id })
  expect(retyped.columns).toContainEqual({ name: 'person', type: 'string', schema_valid: true })
  expect(await fails('warehouse_tables_update_schema', { id: uploaded.id, updates: { nobody: 'string' } })).toContain(
    'nobody',
  )
  await ok('warehouse_tables_refresh_schema', { id: uploaded.id })
  const reread = await ok('warehouse_tables_get', { id: uploaded.id })
  expect(reread.columns).toContainEqual({ name: 'person', type: 'integer', schema_valid: true })
  await ok('warehouse_tables_update', { id: uploaded.id, name: 'page_visits' })
  const { results, total } = await ok('warehouse_tables_list', { search: 'visits' })
  expect(total).toBe(1)
  expect(results).toMatchObject([{ id: uploaded.id, name: 'page_visits', format: 'CSVWithNames' }])
  await ok('warehouse_tables_delete', { id: uploaded.id })
  expect(await fails('warehouse_tables_get', { id: uploaded.id })).toContain('does not mean that it was deleted')
}

/** The life of views, from a table of their own. */
export const playViews = async ({ ok, fails, lastRun }: ToolSession): Promise<void> => {
  await ok('warehouse_tables_upload_file', { name: 'sales', content: 'country,amount\nDE,3\nFR,4\nDE,5\n' })
  const view = await ok('warehouse_saved_queries_create', {
    name: 'by_country',
    query: 'select country, sum(amount) as total from sales group by country',
  })
  const { id } = view
  const child = await ok('warehouse_saved_queries_create', {
    name: 'best',
    query: 'select max(total) as best from by_country',
  })
  expect(await fails('warehouse_saved_queries_create', { name: 'best', query: 'select 1 as x' })).toContain(
    String(child.id),
  )
  await ok('warehouse_saved_queries_materialize', { id, sync_frequency: '6hour' })
  await lastRun(id, 'Completed')
  await ok('warehouse_saved_queries_run', { id })
  await lastRun(id, 'Completed')
  const got = await ok('warehouse_saved_queries_get', { id })
  expect(got).toMatchObject({ is_materialized: true, status: 'Completed', sync_frequency: '6hour' })
  expect(await fails('warehouse_saved_queries_cancel', { id })).toContain('Cannot cancel a query that is not running')
  expect((await ok('warehouse_saved_queries_descendants', { id })).results).toEqual([child.id])
  expect((await ok('warehouse_saved_queries_ancestors', { id: child.id })).returned).toBe(2)
  expect((await ok('warehouse_saved_queries_ancestors', { id: child.id, level: 1 })).results).toEqual([id])
  expect(await ok('warehouse_saved_queries_dependencies', { id })).toMatchObject({
    upstream_count: 1,
    downstream_count: 1,
  })
  const { latest_history_id: edited_history_id } = got
  const query = 'select country, sum(amount) as total, count() as sales from sales group by country'
  expect(await fails('warehouse_saved_queries_update', { id, query })).toContain('latest_history_id')
  expect(await ok('warehouse_saved_queries_update', { id, query, edited_history_id })).toMatchObject({
    status: 'Modified',
  })
  expect(await fails('warehouse_saved_queries_update', { id, query: 'select 1 as x', edited_history_id })).toContain(
    'modified by someone else',
  )
  const history = await ok('warehouse_saved_queries_activity', { id, limit: 2 })
  expect(history).toMatchObject({ returned: 2, more: true, next: { page: 2 } })
  await ok('warehouse_saved_queries_resume_schedules', { view_ids: [id] })
  await ok('warehouse_saved_queries_revert_materialization', { id })
  expect(await ok('warehouse_saved_queries_get', { id })).toMatchObject({ is_materialized: false })
  expect(await fails('warehouse_saved_queries_delete', { id })).toContain('best')
  await ok('warehouse_saved_queries_delete', { id: child.id })
  await ok('warehouse_saved_queries_delete', { id })
  expect((await ok('warehouse_saved_queries_list')).total).toBe(0)
  await playCancel({ ok, lastRun })
}

// Days of work, so that its run is surely under way when it is cancelled.
const endless =
  'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid'

const playCancel = async ({ ok, lastRun }: Pick<ToolSession, 'ok' | 'lastRun'>): Promise<void> => {
  const { id } = await ok('warehouse_saved_queries_create', { name: 'endless', query: endless })
  await ok('warehouse_saved_queries_run', { id })
  await lastRun(id, 'Running')
  await ok('warehouse_saved_queries_cancel', { id })
  await lastRun(id, 'Cancelled')
  await ok('warehouse_saved_queries_delete', { id })
}
