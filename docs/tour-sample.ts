import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LocalHandle } from '../src/local/start.ts'
import { type Guide, say, step } from './tour-guide.ts'

const revenue = `select c.country as country, count() as orders, round(sum(o.amount), 2) as revenue
  from orders as o join customers as c on o.customer_id = c.customer_id
  group by c.country order by revenue desc`

/** Links the sample tables that are there from the start, from files as a bucket's would be. */
export const linkSample = async (local: LocalHandle, folder: string): Promise<void> => {
  for (const [name, format] of [
    ['customers.csv', 'CSVWithNames'],
    ['refunds.parquet', 'Parquet'],
  ] as const) {
    const answer = await fetch(`${local.origin}/api/projects/${local.projectId}/warehouse_tables/`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${local.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        name: name.split('.')[0],
        format,
        url_pattern: pathToFileURL(join(folder, name)).href,
        credential: { access_key: 'none', access_secret: 'needed' },
      }),
    })
    if (answer.status !== 201) throw new Error(`the sample ${name} could not be linked: ${await answer.text()}`)
  }
}

/** Upload, model, materialize, trace and fail, on the sample of `linkSample`. */
export const playSample = async ({ call, fails, runEnds, read }: Guide): Promise<void> => {
  step('What is there?')
  await call('schema_list')
  step('Upload a CSV from this machine')
  const orders = await call('warehouse_tables_upload_file', { name: 'orders', path: 'orders.csv' })
  step('Make a view on it, joined with a linked file')
  const view = await call('warehouse_saved_queries_create', { name: 'revenue_by_country', query: revenue })
  step('Materialize it, and follow the run')
  await call('warehouse_saved_queries_materialize', { id: view.id, sync_frequency: '24hour' })
  await runEnds(view.id, 'Completed')
  await call('warehouse_saved_queries_run', { id: view.id })
  await runEnds(view.id, 'Completed')
  await call('warehouse_saved_queries_run_history', { id: view.id })
  step('Its rows')
  await call('query_run', { sql: 'select * from revenue_by_country order by revenue desc limit 5' })
  step('What it is, as a resource')
  await read('posthog://projects/1/views/revenue_by_country')
  step('Who depends on what?')
  await call('warehouse_saved_queries_create', {
    name: 'top_country',
    query: 'select country from revenue_by_country limit 1',
  })
  await call('warehouse_saved_queries_ancestors', { id: view.id })
  say(`  (${String(orders.id)} is orders)`)
  await call('warehouse_saved_queries_descendants', { id: view.id })
  step('A call that fails, and says what to do')
  await fails('warehouse_saved_queries_create', { name: 'broken', query: 'select prize from orders' })
}
