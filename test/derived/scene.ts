import { expect, vi } from 'vitest'
import { operations } from '../../tools/index.ts'
import { rowsOf, type ToolSession } from '../local/tools-session.ts'
import { BUCKET_KEYS, type Bucket } from '../services/bucket.ts'

/** One call whose answers are compared. */
export interface Asked {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
}

export type Answer = Readonly<Record<string, unknown>>

/** Views that read each other in most of the ways there are, by name. */
const VIEWS: readonly (readonly [name: string, sql: string])[] = [
  ['clicks', "select event, distinct_id from events where event = 'click'"],
  ['people', 'select id from persons'],
  [
    'both_kinds',
    'with c as (select distinct_id from clicks) select c.distinct_id as id from c union all select id from people',
  ],
  ['by_page', 'select page, count() as n from amazons3.lake.visits group by page'],
  ['joined', 'select p.page as page, b.id as id from by_page p cross join both_kinds b'],
  ['stored_name', 'select id from lake_amazons3_visits'],
  ['of_sales', 'select sum(amount) as total from sales'],
  ['alone', 'select 1 as one'],
]

/** Runs a view, and waits until its newest run has this status. */
const run = async ({ ok, lastRun }: ToolSession, id: unknown, status: string): Promise<void> => {
  await ok('warehouse_saved_queries_run', { id })
  await lastRun(id, status)
}

/** Days of work: its run is surely under way when it is asked about. */
export const ENDLESS =
  'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid'

/** Connects a bucket with one table, and waits for its first sync. @returns the id of the source */
export const connectVisits = async ({ ok }: ToolSession, bucket: Bucket): Promise<unknown> => {
  bucket.objects.set('visits/2026-01.csv', 'id,page\n1,home\n2,docs\n')
  const id = await create(ok, bucket, ['visits'])
  await ended({ ok }, id, 1)
  return id
}

const create = async (ok: ToolSession['ok'], bucket: Bucket, tables: readonly string[]): Promise<unknown> => {
  const { id } = await ok('external_data_sources_create', {
    source_type: 'AmazonS3',
    prefix: 'lake_',
    schemas: tables.map((name) => ({ name, sync_type: 'full_refresh' })),
    payload: { bucket_url: bucket.url, access_key: BUCKET_KEYS.accessKey, secret_key: BUCKET_KEYS.secretKey },
  })
  return id
}

/** Connects a bucket with a table that syncs and one that will not. @returns the id of the source */
const connectBucket = async ({ ok }: ToolSession, bucket: Bucket): Promise<unknown> => {
  bucket.objects.set('visits/2026-01.csv', 'id,page\n1,home\n2,docs\n')
  bucket.objects.set('torn/2026-01.csv', 'id\n1\n')
  const id = await create(ok, bucket, ['visits', 'torn'])
  await ended({ ok }, id, 2)
  return id
}

/** Waits until so many syncs of a source have ended. */
export const ended = ({ ok }: Pick<ToolSession, 'ok'>, id: unknown, count: number): Promise<void> =>
  vi.waitFor(
    async () => {
      const jobs = rowsOf(await ok('external_data_sources_jobs', { id }))
      expect(jobs.filter(({ status }) => status !== 'Running')).toHaveLength(count)
    },
    { timeout: 15_000, interval: 50 },
  )

/** Fills a project with syncs and runs, good and bad, and views that read each other. @returns the ids of the views */
export const fillProject = async (session: ToolSession, bucket: Bucket): Promise<ReadonlyMap<string, string>> => {
  const { ok } = session
  const source = await connectBucket(session, bucket)
  bucket.denied.add('torn/2026-01.csv')
  await ok('external_data_sources_reload', { id: source })
  await ended(session, source, 4)
  const sales = await ok('warehouse_tables_upload_file', { name: 'sales', content: 'amount\n1\n2\n' })
  const ids = new Map<string, string>()
  for (const [name, query] of VIEWS) {
    const { id } = await ok('warehouse_saved_queries_create', { name, query })
    ids.set(name, String(id))
  }
  await run(session, ids.get('both_kinds'), 'Completed')
  await run(session, ids.get('by_page'), 'Completed')
  await run(session, ids.get('by_page'), 'Completed')
  await ok('warehouse_tables_delete', { id: sales.id })
  await run(session, ids.get('of_sales'), 'Failed')
  return ids
}

/** The fields that the records call equal, each with its tool. */
export const equalFields = (): readonly string[] =>
  operations.flatMap(({ name, derive }) =>
    Object.entries(derive?.fields ?? {}).flatMap(([field, { is }]) => (is === 'equal' ? [`${name} · ${field}`] : [])),
  )

/** Some fields of some rows, for a comparison. */
export const pick = (rows: readonly Answer[], ...names: readonly string[]): readonly Answer[] =>
  rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])))
