import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Recorder, type Script, startRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'

let posthog: Recorder
let mcp: Connection
beforeAll(async () => {
  posthog = await startRecorder()
  mcp = await connectMcp({ origin: posthog.origin })
  await mcp.list()
})
afterAll(async () => {
  await mcp.close()
  await posthog.close()
})

const names = Array.from({ length: 2_345 }, (_, index) => `row_${index}`)
const named = (some: readonly string[]) => some.map((name) => ({ id: ID, name }))

/** Follows `next` as it is, to the end; gives the rows and the number of calls. */
const followAll = async (tool: string, first: Record<string, unknown>, script: Script, field = 'name') => {
  posthog.script(script)
  const seen: unknown[] = []
  let args: Record<string, unknown> | undefined = first
  let calls = 0
  while (args !== undefined) {
    const { structuredContent = {}, content } = await mcp.call(tool, args)
    calls += 1
    if (calls > 100) throw new Error(`the pages never end: ${content[0]?.text?.slice(0, 200)}`)
    const { results, next, more, returned } = structuredContent
    if (!Array.isArray(results)) throw new Error(content[0]?.text)
    expect(returned).toBe(results.length)
    expect(more).toBe(next !== undefined)
    expect(JSON.stringify(next ?? {})).not.toContain('http')
    seen.push(...results.map((row) => row[field]))
    // The result of a tool is JSON: all arguments of the next call or nothing.
    args = next as Record<string, unknown> | undefined
  }
  return { seen, calls }
}

test('limit and offset: every row once, whatever link upstream gives', async () => {
  const all = names.slice(0, 7)
  const script: Script = ({ query }) => {
    const { limit, offset = '0' } = Object.fromEntries(query)
    const results = named(all.slice(Number(offset), Number(offset) + Number(limit)))
    return { json: { count: 7, next: 'https://elsewhere.example/?token=1', previous: null, results } }
  }
  const { seen, calls } = await followAll('warehouse_tables_list', { limit: 3 }, script)
  expect(seen).toEqual(all)
  expect(calls).toBe(3)
  expect(posthog.requests.map(({ query }) => query.flat().join(' '))).toEqual([
    'limit 3',
    'limit 3 offset 3',
    'limit 3 offset 6',
  ])
})

test('a list without a count goes on as long as upstream says so', async () => {
  const all = names.slice(0, 5)
  const script: Script = ({ query }) => {
    const { limit, offset = '0' } = Object.fromEntries(query)
    const end = Number(offset) + Number(limit)
    return {
      json: { results: named(all.slice(Number(offset), end)), next: end < 5 ? `?limit=${limit}&offset=${end}` : null },
    }
  }
  const { seen, calls } = await followAll('data_warehouse_running_activity', { limit: 2 }, script)
  expect(seen).toEqual(all)
  expect(calls).toBe(3)
})

test('an empty page ends a list, even when upstream says there is more', async () => {
  posthog.script(() => ({ json: { results: [], next: '?limit=20&offset=0' } }))
  const { structuredContent } = await mcp.call('data_warehouse_completed_activity')
  expect(structuredContent).toEqual({ results: [], returned: 0, more: false, project_id: 7 })
})

test('fixed pages of a thousand are cut, and their borders lose nothing', async () => {
  const script: Script = ({ query }) => {
    const { page = '1' } = Object.fromEntries(query)
    const start = (Number(page) - 1) * 1000
    return {
      json: { count: names.length, next: null, previous: null, results: named(names.slice(start, start + 1000)) },
    }
  }
  const { seen } = await followAll('warehouse_saved_queries_list', { limit: 300 }, script)
  expect(seen).toEqual(names)
  expect(posthog.requests.map(({ query }) => query.flat().join(' '))).toEqual([
    '',
    '',
    '',
    '',
    'page 2',
    'page 2',
    'page 2',
    'page 2',
    'page 3',
    'page 3',
  ])
})

test('a list that upstream sends whole is cut here', async () => {
  const all = names.slice(0, 5)
  const script: Script = () => ({ json: { results: named(all), count: 5 } })
  const { seen, calls } = await followAll('data_warehouse_data_health_issues', { limit: 2 }, script)
  expect(seen).toEqual(all)
  expect(calls).toBe(3)
})

test('a bare array that upstream sends whole has its length for total', async () => {
  posthog.script(() => ({ json: names.slice(0, 120).map((table) => ({ table })) }))
  const { structuredContent } = await mcp.call('external_data_sources_database_schema', {
    source_type: 'Postgres',
    payload: { host: 'db.acme.com' },
  })
  expect(structuredContent).toMatchObject({ returned: 50, total: 120, more: true })
  // Without the payload, which may hold secrets: a model gives it again.
  expect(structuredContent?.next).toEqual({ source_type: 'Postgres', offset: 50 })
})

test('page numbers', async () => {
  const all = names.slice(0, 25)
  const script: Script = ({ query }) => {
    const { limit, page = '1' } = Object.fromEntries(query)
    const start = (Number(page) - 1) * Number(limit)
    const results = all.slice(start, start + Number(limit)).map((activity) => ({ activity }))
    return { json: { results, next: 'https://elsewhere.example/', previous: null, total_count: 25 } }
  }
  const { seen, calls } = await followAll('warehouse_saved_queries_activity', { id: ID }, script, 'activity')
  expect(seen).toEqual(all)
  expect(calls).toBe(3)
})

test('runs go on before the last one seen, fifty at a time', async () => {
  const all = Array.from({ length: 120 }, (_, index) => new Date(1_790_000_000_000 - index * 60_000).toISOString())
  const script: Script = ({ query }) => {
    const { before = '9999' } = Object.fromEntries(query)
    return {
      json: all
        .filter((created_at) => created_at < before)
        .slice(0, 50)
        .map((created_at) => ({ created_at, status: 'Completed' })),
    }
  }
  const { seen, calls } = await followAll('external_data_sources_jobs', { id: ID }, script, 'created_at')
  expect(seen).toEqual(all)
  expect(calls).toBe(3)
})

describe('next holds every argument of the call, with the key of the page replaced', () => {
  const next = async (tool: string, args: Record<string, unknown>, json: unknown) => {
    posthog.script(() => ({ json }))
    return (await mcp.call(tool, args)).structuredContent?.next
  }
  const two = { count: 9, next: null, previous: null, results: named(['a', 'b']) }

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['no project', { search: 'a' }, { search: 'a', offset: 2 }],
    ['a project', { search: 'a', project_id: 3 }, { search: 'a', project_id: 3, offset: 2 }],
    ['an environment', { environment_id: 31 }, { environment_id: 31, offset: 2 }],
    [
      'a project as text and a place to go on from',
      { project_id: '3', limit: 2, offset: 4 },
      { project_id: 3, limit: 2, offset: 6 },
    ],
    ['nulls', { search: null, project_id: null }, { offset: 2 }],
  ])('with %s', async (_case, args, expected) => {
    expect(await next('warehouse_tables_list', args, two)).toEqual(expected)
  })

  test('with an id and a page', async () => {
    const json = { results: [{ activity: 'updated' }], next: null, previous: null, total_count: 30 }
    const args = { id: ID, limit: 10, page: 2, environment_id: 31 }
    expect(await next('warehouse_saved_queries_activity', args, json)).toEqual({ ...args, page: 3 })
  })

  test('with a moment in place of an offset', async () => {
    const created_at = '2026-09-02T10:00:00Z'
    const json = Array.from({ length: 50 }, () => ({ created_at, status: 'Completed' }))
    const args = { id: ID, project_id: 3, before: '2026-09-03T10:00:00Z' }
    expect(await next('external_data_sources_jobs', args, json)).toEqual({ id: ID, project_id: 3, before: created_at })
  })

  test('but never a secret', async () => {
    const payload = { host: 'db.acme.com', password: 's3cret-s3cret' }
    const args = { source_type: 'Postgres', payload, access_method: 'direct', limit: 1, project_id: 3 }
    const json = [{ table: 'orders' }, { table: 'users' }]
    expect(await next('external_data_sources_database_schema', args, json)).toEqual({
      source_type: 'Postgres',
      access_method: 'direct',
      limit: 1,
      project_id: 3,
      offset: 1,
    })
  })
})
