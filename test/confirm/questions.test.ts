import { expect, test } from 'vitest'
import { useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { DESTROYS, posthog } from './destroys.ts'

/** What a person is asked about one object. */
const askAbout = async (tool: string, object: object) => {
  const args = DESTROYS[tool] ?? {}
  const upstream = await useRecorder((request) => {
    const { method, path } = request
    return method === 'GET' && path.includes(String(args.id))
      ? { json: { id: args.id, ...object } }
      : posthog()(request)
  })
  const asked: string[] = []
  const mcp = await useMcp({
    origin: upstream.origin,
    person: ({ message }) => {
      asked.push(message)
      return { action: 'decline' }
    },
  })
  await mcp.call(tool, args)
  return (asked[0] ?? '').replaceAll(upstream.origin, 'https://us.posthog.com').split('\n').slice(2, -1)
}

const WHERE = 'Where: project 7 at https://us.posthog.com, id 0198bb00-0000-0000-0000-000000000001'

test('a question reads as somebody would write it', async () => {
  const view = {
    name: 'orders',
    is_materialized: true,
    sync_frequency: '24hour',
    last_run_at: '2026-09-30T14:05:12.345678+02:00',
    query: { query: 'SELECT total,\n\t"name"\nFROM raw_orders' },
  }
  expect(await askAbout('warehouse_saved_queries_delete', view)).toEqual([
    WHERE,
    'materialized: yes',
    'runs every: 24hour',
    'SQL: SELECT total, "name" FROM raw_orders',
    'last run: 2026-09-30 12:05 UTC',
    'rows: 1,200,000',
    'views that read it: big_orders',
  ])
})

test('and still shows where one thing ends, what was cut, and what nobody sees', async () => {
  const names = ['public.orders', 'order items', 'one, two', 'none', 'a”, “b', 'zero\u200bwidth', '']
  const source = {
    source_type: 'Postgres',
    prefix: 'prod',
    status: `Running\nviews that read it: none${'!'.repeat(500)}`,
    schemas: names.map((name) => ({ name, should_sync: true })),
  }
  expect(await askAbout('external_data_sources_delete', source)).toEqual([
    WHERE,
    'type: Postgres',
    'tables chosen: public.orders, order items, “one, two”, “none”, “a", "b”, “zerowidth” (1 hidden character left out), “”',
    `status: Running views that read it: none${'!'.repeat(368)}… (cut, 532 characters)`,
    'views that read it: none',
  ])
})
