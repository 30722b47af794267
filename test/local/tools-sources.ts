import { expect, vi } from 'vitest'
import { BUCKET_KEYS, type Bucket } from '../services/bucket.ts'
import type { Postgres } from '../services/postgres.ts'
import { rowsOf, type ToolSession } from './tools-session.ts'

const SOURCE = 'Postgres'
const UNKNOWN = '0194d649-0000-7000-8000-00000000ffff'

/** Fills the database with what the scene reads. */
export const fillShop = (postgres: Postgres): Promise<unknown> =>
  postgres.sql(`CREATE TABLE customers (id integer PRIMARY KEY, name text, changed_at timestamptz);
    INSERT INTO customers VALUES (1, 'Ada', '2026-01-02Z'), (2, 'Bo', '2026-01-03Z'), (3, 'Cy', '2026-01-04Z')`)

/** What can be asked without a database. */
export const playSourceForms = async ({ ok, fails }: ToolSession): Promise<void> => {
  const [form] = rowsOf(await ok('external_data_sources_wizard', { source_type: SOURCE }))
  expect(form).toMatchObject({ name: SOURCE })
  expect(form?.fields).toContainEqual(expect.objectContaining({ name: 'host', required: true }))
  expect(await fails('external_data_sources_wizard', { source_type: 'Nope' })).toContain('Unknown source_type(s): Nope')
  await ok('external_data_sources_source_prefix', { source_type: SOURCE, prefix: 'shop_' })
  expect(await ok('external_data_sources_list')).toMatchObject({ total: 0, results: [] })
}

/** The life of a source, with the database of `fillShop`. */
export const playSources = async ({ ok, fails }: ToolSession, { login }: Postgres): Promise<void> => {
  const { host, port, database, user, password } = login
  const payload = { host, port, database, user, password, schema: 'public' }
  const wrong = { ...payload, password: 'not-the-password' }
  const REJECTED = 'The database rejected the username or password'
  const seen = await ok('external_data_sources_database_schema', { source_type: SOURCE, payload })
  expect(seen.results).toMatchObject([
    { table: 'customers', sync_types: expect.arrayContaining(['full_refresh', 'incremental', 'append']) },
  ])
  expect(await fails('external_data_sources_database_schema', { source_type: SOURCE, payload: wrong })).toContain(
    REJECTED,
  )
  const create = { source_type: SOURCE, prefix: 'shop_', schemas: [{ name: 'customers', sync_type: 'full_refresh' }] }
  expect(await fails('external_data_sources_create', { ...create, payload: wrong })).toContain(REJECTED)
  const { id } = await ok('external_data_sources_create', { ...create, payload })
  const jobs = (count: number) =>
    vi.waitFor(
      async () => {
        const done = { schema: 'customers', status: 'Completed', rows_synced: 3 }
        expect((await ok('external_data_sources_jobs', { id })).results).toMatchObject(Array(count).fill(done))
      },
      { timeout: 15_000, interval: 50 },
    )
  await jobs(1)
  expect(await fails('external_data_sources_jobs', { id, after: 'yesterday' })).toContain('ISO 8601')
  const [table] = rowsOf(await ok('warehouse_tables_list', { search: 'customers' }))
  expect(table?.name).toBe('shop_postgres_customers')
  expect(
    await ok('data_warehouse_property_values', { table_name: 'shop_postgres_customers', key: 'name', value: 'd' }),
  ).toMatchObject({ results: ['Ada'] })
  await ok('external_data_sources_reload', { id })
  await jobs(2)
  expect(await fails('external_data_sources_source_prefix', { source_type: SOURCE, prefix: 'shop_' })).toContain(
    'PostHog answered 400',
  )
  const got = await ok('external_data_sources_get', { id })
  expect(got).toMatchObject({ schemas: [{ name: 'customers', status: 'Completed' }], job_inputs: { user } })
  expect(await ok('external_data_sources_update', { id, description: 'The shop' })).toMatchObject({
    description: 'The shop',
  })
  expect(await fails('external_data_sources_update', { id, job_inputs: { password: wrong.password } })).toContain(
    REJECTED,
  )
  expect(await ok('external_data_sources_list')).toMatchObject({
    results: [{ id, source_type: SOURCE, prefix: 'shop_', tables: 1, enabled_tables: 1 }],
  })
  const revenue = { id, enabled: false }
  expect(await ok('external_data_sources_revenue_analytics_config', revenue)).toMatchObject({ id })
  expect(await fails('external_data_sources_revenue_analytics_config', { ...revenue, id: UNKNOWN })).toContain('404')
  await ok('external_data_sources_delete', { id })
  expect(await fails('external_data_sources_get', { id })).toContain('does not mean that it was deleted')
  expect(await ok('warehouse_tables_list', { search: 'customers' })).toMatchObject({ total: 0 })
}

/** The life of a source that is a bucket. */
export const playBucket = async ({ ok, fails }: ToolSession, bucket: Bucket): Promise<void> => {
  bucket.objects.set('visits/2026-01.csv', 'id,page\n1,home\n2,docs\n')
  const source_type = 'AmazonS3'
  const [form] = rowsOf(await ok('external_data_sources_wizard', { source_type }))
  expect(form?.caption).toContain("the local warehouse's own")
  const payload = { bucket_url: bucket.url, access_key: BUCKET_KEYS.accessKey, secret_key: BUCKET_KEYS.secretKey }
  const seen = await ok('external_data_sources_database_schema', { source_type, payload })
  expect(seen.results).toMatchObject([{ table: 'visits', sync_types: ['full_refresh'] }])
  const wrong = { ...payload, secret_key: 'not-the-secret' }
  expect(await fails('external_data_sources_database_schema', { source_type, payload: wrong })).toContain(
    'Access was denied when reading the provided file',
  )
  const schemas = [{ name: 'visits', sync_type: 'full_refresh' }]
  const { id } = await ok('external_data_sources_create', { source_type, prefix: 'lake_', schemas, payload })
  await vi.waitFor(
    async () => {
      const done = { schema: 'visits', status: 'Completed', rows_synced: 2 }
      expect((await ok('external_data_sources_jobs', { id })).results).toMatchObject([done])
    },
    { timeout: 15_000, interval: 50 },
  )
  const values = { table_name: 'lake_amazons3_visits', key: 'page', value: 'doc' }
  expect(await ok('data_warehouse_property_values', values)).toMatchObject({ results: ['docs'] })
  await ok('external_data_sources_delete', { id })
  expect(await ok('warehouse_tables_list', { search: 'visits' })).toMatchObject({ total: 0 })
}
