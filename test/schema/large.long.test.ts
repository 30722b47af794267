import { describe, expect, it } from 'vitest'
import { answerSchema, largeSchema } from '../../bench/large-schema.ts'
import { type Era, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const schema = largeSchema(5_000)

describe.each(['legacy', 'modern', 'v1'] as const satisfies readonly Era[])('5,000 tables, %s', (era) => {
  it('are paged through whole, in one order, with three requests to PostHog', async () => {
    const posthog = await useRecorder(({ path }) => ({ json: answerSchema(schema, path) }))
    const mcp = await useMcp({ era, origin: posthog.origin })
    const uris: string[] = []
    let pages = 0
    for (let cursor: string | undefined; pages === 0 || cursor !== undefined; pages += 1) {
      const page = await mcp.resources(cursor)
      uris.push(...page.resources.map(({ uri }) => uri))
      cursor = page.nextCursor
    }
    expect([uris.length, new Set(uris).size, pages]).toEqual([5_001, 5_001, 21])
    expect(uris.slice(1)).toEqual([...uris.slice(1)].sort())
    const ask = { ref: { type: 'ref/resource', uri: 'posthog://projects/{project_id}/tables/{name}' } } as const
    const some = await mcp.complete({ ...ask, argument: { name: 'name', value: 'TABLE_0012' } })
    expect([some.values.length, some.hasMore]).toEqual([10, false])
    const all = await mcp.complete({ ...ask, argument: { name: 'name', value: 'postgres' } })
    expect([all.values.length, all.total, all.hasMore]).toEqual([100, 5_000, true])
    const overview = await mcp.call('schema_list', { search: 'table_049', limit: 3 })
    expect(overview.structuredContent).toMatchObject({
      total: 100,
      returned: 3,
      more: true,
      next: { search: 'table_049', limit: 3, offset: 3 },
    })
    expect((await mcp.read(uris[4_000] ?? '')).contents[0]?.text).toContain('column_19 string')
    expect(posthog.requests.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /api/projects/7/external_data_sources/',
      'GET /api/projects/7/warehouse_saved_queries/',
      'POST /api/projects/7/query/',
    ])
  })
})

it('a page goes on behind its last resource, also when that is gone', async () => {
  let tables = largeSchema(350)
  const posthog = await useRecorder(({ path }) => ({ json: answerSchema(tables, path) }))
  const mcp = await useMcp({ origin: posthog.origin })
  const first = await mcp.resources()
  const last = first.resources.at(-1)?.name ?? ''
  const { [last]: _gone, ...rest } = tables.tables as Record<string, unknown>
  tables = { ...tables, tables: rest }
  // A write through this server makes the next look a fresh one.
  await mcp.call('warehouse_saved_queries_create', { name: 'v', query: 'select 1' })
  const second = await mcp.resources(first.nextCursor)
  expect([first.resources.length, second.resources.length]).toEqual([250, 101])
  expect(second.resources[0]?.name).toBe('postgres.prod.table_00249')
})

describe('several projects', () => {
  const projects = {
    count: 2,
    next: null,
    previous: null,
    results: [
      { id: 7, name: 'A' },
      { id: 8, name: 'B' },
    ],
  }
  const script = ({ path }: { path: string }) => {
    if (path.endsWith('/@current')) return { json: { scoped_teams: [] } }
    if (path === '/api/organizations/') return { json: { results: [{ id: 'o' }], next: null } }
    if (path.startsWith('/api/organizations/')) return { json: projects }
    return { json: answerSchema(largeSchema(2), path) }
  }

  it('are listed by their overviews, and each can be read', async () => {
    const posthog = await useRecorder(script)
    const mcp = await useMcp({ origin: posthog.origin, env: { POSTHOG_PROJECT_ID: undefined } })
    const { resources } = await mcp.resources()
    expect(resources.map(({ uri }) => uri)).toEqual(['posthog://projects/7/index', 'posthog://projects/8/index'])
    expect((await mcp.read('posthog://projects/8/tables/postgres.prod.table_00001')).contents[0]?.text).toContain(
      'project 8',
    )
  })

  it('are refused but for the one that is locked', async () => {
    const posthog = await useRecorder(script)
    const mcp = await useMcp({ origin: posthog.origin, flags: ['--lock-project'] })
    await expect(mcp.read('posthog://projects/8/index')).rejects.toThrow('Only project 7 may be read here, not 8')
    expect((await mcp.read('posthog://projects/7/index')).contents).toHaveLength(2)
    const forged = Buffer.from('posthog://projects/8/index').toString('base64url')
    await expect(mcp.resources(forged)).rejects.toThrow('cursor is not one this server gave')
    expect(posthog.requests.filter(({ path }) => path.includes('/8/'))).toEqual([])
    const ask = { ref: { type: 'ref/resource', uri: 'posthog://projects/{project_id}/tables/{name}' } } as const
    expect((await mcp.complete({ ...ask, argument: { name: 'project_id', value: '' } })).values).toEqual(['7'])
    const other = { ...ask, argument: { name: 'name', value: '' }, context: { arguments: { project_id: '8' } } }
    expect((await mcp.complete(other)).values).toEqual([])
    await expect(mcp.prompt('explore_table', { table: 'x', project_id: '8' })).rejects.toThrow('not project_id')
    expect(JSON.stringify(await mcp.prompts())).not.toContain('project_id')
    const described = (await mcp.list()).filter(({ name }) => /^(schema|query)_/.test(name))
    expect(described).toHaveLength(4)
    for (const { inputSchema } of described) expect(inputSchema.properties).not.toHaveProperty('project_id')
  })
})
