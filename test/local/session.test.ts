import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Connection, connectMcp, type Era, type Result } from '../fake/mcp.ts'

// The whole life of tables and views through the real program, on the real engine, with each real client.
describe.each<Era>(['legacy', 'modern', 'v1'])('a session on the local warehouse, %s client', (era) => {
  let folder = ''
  let mcp: Connection
  const called = new Set<string>()

  const call = async (name: string, args: Record<string, unknown> = {}): Promise<Result> => {
    called.add(name)
    return mcp.call(name, args)
  }
  const ok = async (name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    const result = await call(name, args)
    expect(result.isError, result.content[0]?.text).not.toBe(true)
    expect(JSON.parse(result.content[0]?.text ?? '')).toEqual(result.structuredContent)
    return result.structuredContent ?? {}
  }
  const fails = async (name: string, args: Record<string, unknown>): Promise<string> => {
    const result = await call(name, args)
    expect(result.isError).toBe(true)
    return result.content[0]?.text ?? ''
  }
  const lastRun = async (id: unknown): Promise<unknown> => {
    const { results } = await ok('warehouse_saved_queries_run_history', { id })
    return (results as { status: string }[])[0]?.status
  }
  const completed = (id: unknown) =>
    vi.waitFor(async () => expect(await lastRun(id)).toBe('Completed'), { timeout: 15_000, interval: 50 })

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'session-'))
    writeFileSync(join(folder, 'people.csv'), 'id,name,joined\n1,Ada,2026-01-02\n2,Bo,2026-02-03\n')
    writeFileSync(join(folder, 'visits.csv'), 'person,page\n1,home\n1,docs\n2,home\n')
    mcp = await connectMcp({
      era,
      flags: ['--local', '--session-actions', 'allow', '--allow-dir', folder],
      env: { POSTHOG_PERSONAL_API_KEY: undefined, POSTHOG_PROJECT_ID: undefined },
    })
  })
  afterAll(async () => {
    await mcp.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('links, uploads, retypes, renames and deletes tables', async () => {
    const linked = await ok('warehouse_tables_create', {
      name: 'people',
      format: 'CSVWithNames',
      url_pattern: pathToFileURL(join(folder, 'people.csv')).href,
      credential: { access_key: 'any', access_secret: 'any-secret' },
    })
    expect(linked.columns).toEqual([
      { name: 'id', type: 'integer', schema_valid: true },
      { name: 'name', type: 'string', schema_valid: true },
      { name: 'joined', type: 'date', schema_valid: true },
    ])
    const uploaded = await ok('warehouse_tables_upload_file', { name: 'visits', path: 'visits.csv' })
    expect(uploaded.name).toBe('visits')
    expect(await fails('warehouse_tables_upload_file', { name: 'visits', content: 'a\n1\n' })).toContain(
      `A table named visits exists already (id ${String(uploaded.id)})`,
    )
    await ok('warehouse_tables_update_schema', { id: uploaded.id, updates: { person: 'string' } })
    const retyped = await ok('warehouse_tables_get', { id: uploaded.id })
    expect(retyped.columns).toContainEqual({ name: 'person', type: 'string', schema_valid: true })
    await ok('warehouse_tables_refresh_schema', { id: uploaded.id })
    const reread = await ok('warehouse_tables_get', { id: uploaded.id })
    expect(reread.columns).toContainEqual({ name: 'person', type: 'integer', schema_valid: true })
    await ok('warehouse_tables_update', { id: uploaded.id, name: 'page_visits' })
    const { results, total } = await ok('warehouse_tables_list', { search: 'visits' })
    expect(total).toBe(1)
    expect(results).toMatchObject([{ id: uploaded.id, name: 'page_visits', format: 'CSVWithNames' }])
    await ok('warehouse_tables_delete', { id: uploaded.id })
    expect(await fails('warehouse_tables_get', { id: uploaded.id })).toContain('does not mean that it was deleted')
  })

  it('creates, runs, traces and deletes views', async () => {
    await ok('warehouse_tables_upload_file', { name: 'sales', content: 'country,amount\nDE,3\nFR,4\nDE,5\n' })
    const view = await ok('warehouse_saved_queries_create', {
      name: 'by_country',
      query: 'select country, sum(amount) as total from sales group by country',
    })
    const child = await ok('warehouse_saved_queries_create', {
      name: 'best',
      query: 'select max(total) as best from by_country',
    })
    expect(await fails('warehouse_saved_queries_create', { name: 'best', query: 'select 1 as x' })).toContain(
      String(child.id),
    )
    await ok('warehouse_saved_queries_materialize', { id: view.id, sync_frequency: '6hour' })
    await completed(view.id)
    await ok('warehouse_saved_queries_run', { id: view.id })
    await completed(view.id)
    const got = await ok('warehouse_saved_queries_get', { id: view.id })
    expect(got).toMatchObject({ is_materialized: true, status: 'Completed', sync_frequency: '6hour' })
    expect(await fails('warehouse_saved_queries_cancel', { id: view.id })).toContain(
      'Cannot cancel a query that is not running',
    )
    expect((await ok('warehouse_saved_queries_descendants', { id: view.id })).results).toEqual([child.id])
    expect((await ok('warehouse_saved_queries_ancestors', { id: child.id })).returned).toBe(2)
    expect((await ok('warehouse_saved_queries_ancestors', { id: child.id, level: 1 })).results).toEqual([view.id])
    expect(await ok('warehouse_saved_queries_dependencies', { id: view.id })).toMatchObject({
      upstream_count: 1,
      downstream_count: 1,
    })
    const { latest_history_id: edited_history_id } = got
    const query = 'select country, sum(amount) as total, count() as sales from sales group by country'
    expect(await fails('warehouse_saved_queries_update', { id: view.id, query })).toContain('latest_history_id')
    expect(await ok('warehouse_saved_queries_update', { id: view.id, query, edited_history_id })).toMatchObject({
      status: 'Modified',
    })
    expect(
      await fails('warehouse_saved_queries_update', { id: view.id, query: 'select 1 as x', edited_history_id }),
    ).toContain('modified by someone else')
    const history = await ok('warehouse_saved_queries_activity', { id: view.id, limit: 2 })
    expect(history).toMatchObject({ returned: 2, more: true, next: { page: 2 } })
    await ok('warehouse_saved_queries_resume_schedules', { view_ids: [view.id] })
    await ok('warehouse_saved_queries_revert_materialization', { id: view.id })
    expect(await ok('warehouse_saved_queries_get', { id: view.id })).toMatchObject({ is_materialized: false })
    expect(await fails('warehouse_saved_queries_delete', { id: view.id })).toContain('best')
    await ok('warehouse_saved_queries_delete', { id: child.id })
    await ok('warehouse_saved_queries_delete', { id: view.id })
    expect((await ok('warehouse_saved_queries_list')).total).toBe(0)
  })

  it('used all eight table tools and all fifteen view tools', () => {
    expect([...called].filter((name) => name.startsWith('warehouse_tables_'))).toHaveLength(8)
    expect([...called].filter((name) => name.startsWith('warehouse_saved_queries_'))).toHaveLength(15)
  })
})
