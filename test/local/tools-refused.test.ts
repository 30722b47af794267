/** What PostHog keeps for browser sessions: an answer from what keys may read, or the 403 and the advice on what to do instead. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../tools/index.ts'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Client, startClient } from './http-client.ts'

const id = '0194d649-0000-7000-8000-00000000ffff'

/** Each tool that stays refused, with arguments that would do, and the advice of its error. */
const REFUSED: readonly (readonly [name: string, args: Record<string, unknown>, advice: string])[] = [
  [
    'warehouse_tables_update_schema',
    { id, updates: { a: 'integer' } },
    'Set column types in the PostHog app under Data warehouse, or cast in a view (warehouse_saved_queries_create).',
  ],
  [
    'warehouse_saved_queries_cancel',
    { id },
    'Cancel it in the PostHog app, on the page of the view (/data-warehouse/view/ and its id); warehouse_saved_queries_run_history shows when it ends.',
  ],
  [
    'data_warehouse_check_database_name',
    { name: 'acme-prod' },
    "Only PostHog's control plane knows which names are taken. data_warehouse_provision refuses one that is, and then changes nothing; in the PostHog app it is under Data warehouse.",
  ],
  [
    'data_warehouse_warehouse_status',
    {},
    "Only PostHog's control plane knows it: the PostHog app shows it under Data warehouse.",
  ],
]

/** What is answered all the same, from what keys may read. */
const DERIVED = ['running_activity', 'completed_activity', 'job_stats', 'total_rows_stats'].map(
  (name) => `data_warehouse_${name}`,
)
const LINEAGE = ['ancestors', 'descendants', 'dependencies'].map((name) => `warehouse_saved_queries_${name}`)

const refused = async (mcp: Connection, name: string, args: Record<string, unknown>, advice: string) => {
  const { isError, content } = await mcp.call(name, args)
  expect(isError).toBe(true)
  expect(content[0]?.text).toBe(
    `${name}: PostHog answered 403 (forbidden) for project 1: “This action does not support personal API key access”
Nothing was changed.
PostHog does not let API keys call this, whatever their scopes: do not retry. ${advice}`,
  )
}

describe('without --session-actions', () => {
  let mcp: Connection
  beforeAll(async () => {
    mcp = await connectMcp({
      era: 'modern',
      flags: ['--local'],
      env: { POSTHOG_PERSONAL_API_KEY: undefined, POSTHOG_PROJECT_ID: undefined },
    })
  })
  afterAll(() => mcp?.close())

  it.each(REFUSED)('%s is refused with its advice', (name, args, advice) => refused(mcp, name, args, advice))

  it.each(DERIVED)('%s is answered from what keys may read', async (name) => {
    expect((await mcp.call(name)).structuredContent).toMatchObject({ derived: true, project_id: 1 })
  })

  it.each(LINEAGE)('%s too, of a view that is there', async (name) => {
    const { structuredContent = {} } = await mcp.call('warehouse_saved_queries_create', {
      name: `of_${name}`,
      query: 'select event from events',
    })
    const answer = await mcp.call(name, { id: structuredContent.id })
    expect(answer.structuredContent).toMatchObject({ derived: true, project_id: 1 })
    expect((await mcp.call(name, { id })).content[0]?.text).toContain(`${name}: PostHog answered 404`)
  })

  it('they are eleven, and what needs nothing, or an id, is let through', async () => {
    const refusedByRecord = operations.filter(({ keys }) => keys === 'refused').map(({ name }) => name)
    expect([...REFUSED.map(([name]) => name), ...DERIVED, ...LINEAGE].sort()).toEqual(refusedByRecord.sort())
    expect(refusedByRecord).toHaveLength(11)
    const bare = (await mcp.list()).filter(
      ({ name, inputSchema: { required = [] } }) =>
        !refusedByRecord.includes(name) &&
        ['[]', '["id"]'].includes(JSON.stringify(required)) &&
        !/_(update|config)$/.test(name),
    )
    for (const { name, inputSchema } of bare) {
      const args = inputSchema.required === undefined ? {} : { id: name === 'exports_content' ? 1 : id }
      const text = (await mcp.call(name, args)).content[0]?.text
      expect(text, name).not.toContain('PostHog answered 403')
      // The input was enough, so it was asked.
      expect(text, name).not.toContain('Call again with these corrected')
    }
    expect(bare).toHaveLength(27)
  })
})

describe('of the older releases of PostHog', () => {
  let client: Client
  let mcp: Connection
  /** What would be lost has to be there to be shown. */
  const made = { table: '', view: '' }
  beforeAll(async () => {
    client = await startClient({ editions: { tables: 'S', files: 'F1' } })
    made.table = (await client.upload('orders', 'orders.csv', 'id\n1\n')).body.id
    const view = { name: 'one', query: { kind: 'HogQLQuery', query: 'select 1 as one' } }
    made.view = (await client.call('POST', 'warehouse_saved_queries/', view)).body.id
    const env = { POSTHOG_PERSONAL_API_KEY: client.local.key, POSTHOG_PROJECT_ID: undefined }
    mcp = await connectMcp({ era: 'modern', origin: client.local.origin, env })
  })
  afterAll(async () => {
    await mcp?.close()
    await client?.local.close()
  })

  it('warehouse_tables_refresh_schema is refused too', () =>
    refused(
      mcp,
      'warehouse_tables_refresh_schema',
      { id: made.table },
      'Refresh the table in the PostHog app under Data warehouse.',
    ))

  it('warehouse_saved_queries_revert_materialization is refused too', () =>
    refused(
      mcp,
      'warehouse_saved_queries_revert_materialization',
      { id: made.view },
      'Revert it in the PostHog app under Data warehouse.',
    ))

  it.each<readonly [name: string, args: Record<string, unknown>, advice: string]>([
    ['warehouse_saved_queries_materialize', { id }, 'Materialize the view in the PostHog app under Data warehouse.'],
    ['warehouse_saved_queries_run', { id }, 'Run it in the PostHog app under Data warehouse.'],
    [
      'warehouse_saved_queries_resume_schedules',
      { view_ids: [id] },
      'Resume them in the PostHog app under Data warehouse.',
    ],
  ])('%s is refused too', (name, args, advice) => refused(mcp, name, args, advice))

  it('warehouse_saved_queries_run_history and file_system_count are answered from others', async () => {
    const history = await mcp.call('warehouse_saved_queries_run_history', { id: made.view })
    expect(history.structuredContent).toMatchObject({
      results: [],
      derived: true,
      not_known: ['runs before the last one'],
    })
    const { structuredContent: folder = {} } = await mcp.call('file_system_create', { path: 'Shop', type: 'folder' })
    const count = await mcp.call('file_system_count', { id: folder.id })
    expect(count.structuredContent).toMatchObject({ count: 0, derived: true })
  })
})
