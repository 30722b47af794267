import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Connection, connectMcp, type Era } from '../fake/mcp.ts'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'

const NAMES = ['orders', 'a "b" / c', 'ünïcode 表']
const uriOf = (group: string, name: string) =>
  `posthog://projects/1/${group}/${encodeURIComponent(name).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)}`

const isUpdate = (uri: string) => (note: { method: string; uri?: string | undefined }) =>
  note.method === 'notifications/resources/updated' && note.uri === uri
const isList = (note: { method: string }) => note.method === 'notifications/resources/list_changed'

const postgresIsHere = hasPostgres()

describe.each(['legacy', 'modern', 'v1'] as const satisfies readonly Era[])('on a real warehouse, %s', (era) => {
  let mcp: Connection
  let postgres: Postgres | undefined
  const call = async (name: string, args: Record<string, unknown>) => {
    const result = await mcp.call(name, args)
    expect(result.isError, `${name}: ${result.content[0]?.text}`).not.toBe(true)
    return result
  }

  beforeAll(async () => {
    mcp = await connectMcp({
      era,
      flags: ['--local', '--poll-seconds', '1'],
      env: { POSTHOG_PROJECT_ID: undefined, POSTHOG_PERSONAL_API_KEY: undefined },
    })
    await call('warehouse_tables_upload_file', {
      name: 'orders',
      format: 'CSVWithNames',
      content: 'id,Total Amount\n1,2.5\n2,3\n',
    })
    const { structuredContent } = await call('warehouse_tables_list', {})
    const [table] = (structuredContent?.results ?? []) as { id: string }[]
    // Names that only a rename can give.
    for (const name of NAMES.slice(1)) {
      await call('warehouse_tables_upload_file', { name: 'other', format: 'CSVWithNames', content: 'x\n1\n' })
      const { structuredContent: list } = await call('warehouse_tables_list', { search: 'other' })
      const [other] = (list?.results ?? []) as { id: string }[]
      await call('warehouse_tables_update', { id: other?.id, name })
    }
    expect(table?.id).toBeDefined()
    await call('warehouse_saved_queries_create', {
      name: 'sum.of_orders',
      query: 'select sum(`Total Amount`) as total from orders',
    })
  })
  afterAll(async () => {
    await mcp?.close()
    await postgres?.close()
  })

  it('lists everything in one order, and what is listed can be read', async () => {
    const { resources, nextCursor } = await mcp.resources()
    expect(nextCursor).toBeUndefined()
    expect(resources.map(({ uri }) => uri)).toEqual([
      'posthog://projects/1/index',
      ...[...NAMES, 'events', 'persons'].sort().map((name) => uriOf('tables', name)),
      uriOf('views', 'sum.of_orders'),
    ])
    for (const { uri, name, size } of resources) {
      const { contents } = await mcp.read(uri)
      expect(contents.map((each) => [each.uri, each.mimeType])).toEqual([
        [uri, 'text/plain'],
        [uri, 'application/json'],
      ])
      expect(contents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)).toBe(size)
      if (!uri.endsWith('/index')) expect(JSON.parse(contents[1]?.text ?? '')).toMatchObject({ name, project_id: 1 })
    }
  })

  it('says the same as the tools, byte for byte', async () => {
    for (const [group, name] of [...NAMES.map((each) => ['tables', each]), ['views', 'sum.of_orders']] as const) {
      const { contents } = await mcp.read(uriOf(group, name))
      const { content, structuredContent } = await call('schema_describe', { names: [name] })
      const [described] = (structuredContent?.described ?? []) as unknown[]
      expect([content[0]?.text, JSON.stringify(described)]).toEqual(contents.map(({ text }) => text))
    }
    const index = await mcp.read('posthog://projects/1/index')
    const { content, structuredContent } = await call('schema_list', {})
    expect([content[0]?.text, JSON.stringify(structuredContent)]).toEqual(index.contents.map(({ text }) => text))
  })

  it('names columns as SQL has them: the query of each runs', async () => {
    for (const name of [...NAMES, 'sum.of_orders', 'events']) {
      const { structuredContent } = await call('schema_describe', { names: [name] })
      const [{ query } = { query: '' }] = (structuredContent?.described ?? []) as { query: string }[]
      await call('query_run', { sql: query })
    }
    const { content } = await call('schema_describe', { names: ['orders'], sample: 1 })
    expect(content[0]?.text).toContain('“`Total Amount`” float')
    expect(content[0]?.text).toContain("used by (derived from the views' SQL): sum.of_orders")
    expect(content[0]?.text).toMatch(/Sample of orders\.[\s\S]*\n\| 1\t2\.5$/)
  })

  it('offers templates, and completes their variables', async () => {
    const templates = (await mcp.templates()).map(({ uriTemplate }) => uriTemplate)
    expect(templates).toEqual([
      'posthog://projects/{project_id}/tables/{name}',
      'posthog://projects/{project_id}/views/{name}',
      'posthog://projects/{project_id}/sources/{name}',
      'posthog://projects/{project_id}/index',
    ])
    const ask = (uri: string, name: string, value: string) =>
      mcp.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value } })
    expect((await ask(templates[0] ?? '', 'name', 'or')).values).toEqual(['orders'])
    expect((await ask(templates[1] ?? '', 'name', 'OF')).values).toEqual(['sum.of_orders'])
    expect((await ask(templates[0] ?? '', 'project_id', '')).values).toEqual(['1'])
    expect((await ask('posthog://other/{x}', 'x', '')).values).toEqual([])
    const prompt = await mcp.complete({
      ref: { type: 'ref/prompt', name: 'explore_table' },
      argument: { name: 'table', value: 'sum' },
    })
    expect(prompt.values).toEqual(['sum.of_orders'])
  })

  it('tells of changes to what was subscribed to, until it is unsubscribed', async () => {
    const uri = uriOf('tables', 'orders')
    const end = await mcp.subscribe([uri])
    const from = mcp.notes.length
    await call('warehouse_saved_queries_create', { name: 'count_of_orders', query: 'select count() as n from orders' })
    await mcp.noted(isUpdate(uri), from)
    await mcp.noted(isList, from)
    expect((await mcp.read(uri)).contents[0]?.text).toContain('count_of_orders')
    await end()
    const after = mcp.notes.length
    const { structuredContent } = await call('warehouse_saved_queries_list', { search: 'count_of_orders' })
    const [view] = (structuredContent?.results ?? []) as { id: string }[]
    await call('warehouse_saved_queries_delete', { id: view?.id })
    // Another subscription hears of the next change; by then the first would have been told of both.
    const other = uriOf('views', 'sum.of_orders')
    const endOther = await mcp.subscribe([other])
    await call('warehouse_saved_queries_materialize', { id: await idOfView(mcp, 'sum.of_orders') })
    await mcp.noted(isUpdate(other), after)
    expect(mcp.notes.slice(after).filter(isUpdate(uri))).toEqual([])
    await endOther()
  })

  it('hears by looking of what happens without it: a run that ends', async () => {
    const uri = uriOf('views', 'sum.of_orders')
    const end = await mcp.subscribe([uri])
    const id = await idOfView(mcp, 'sum.of_orders')
    for (let run = 0; ; run += 1) {
      const from = mcp.notes.length
      if (run === 0) await call('warehouse_saved_queries_run', { id })
      await mcp.noted(isUpdate(uri), from)
      const { contents } = await mcp.read(uri)
      if (/run: Completed, last run \d{4}-/.test(contents[0]?.text ?? '')) break
    }
    await end()
  })

  it('says what is not there, what is near, and what was there before', async () => {
    await expect(mcp.read(uriOf('tables', 'ordrs'))).rejects.toThrow(
      /no ordrs among its tables\. Nearest: posthog:\/\/projects\/1\/tables\/orders/,
    )
    await expect(mcp.read(uriOf('tables', 'sum.of_orders'))).rejects.toThrow(
      'Nearest: posthog://projects/1/views/sum.of_orders',
    )
    await expect(mcp.read('posthog://nonsense')).rejects.toMatchObject({ code: -32602 })
    await expect(mcp.resources('nonsense')).rejects.toThrow(/cursor is not one this server gave/)
    await call('warehouse_tables_upload_file', { name: 'short_lived', format: 'CSVWithNames', content: 'x\n1\n' })
    expect((await mcp.read(uriOf('tables', 'short_lived'))).contents).toHaveLength(2)
    const { structuredContent } = await call('warehouse_tables_list', { search: 'short_lived' })
    const [table] = (structuredContent?.results ?? []) as { id: string }[]
    await call('warehouse_tables_delete', { id: table?.id })
    await expect(mcp.read(uriOf('tables', 'short_lived'))).rejects.toThrow(
      /was there at \d{4}-.*dropped or renamed since/,
    )
  })

  it.skipIf(!postgresIsHere)(
    'describes a source and its synced table, and is told when a sync breaks',
    async () => {
      postgres = await startPostgres()
      const database = postgres
      await database.sql(
        "CREATE TABLE fruit (id integer PRIMARY KEY, kind text); INSERT INTO fruit SELECT n, 'apple' FROM generate_series(1, 30) n",
      )
      const created = await call('external_data_sources_create', {
        source_type: 'Postgres',
        prefix: 'shop_',
        payload: { ...database.login, schema: 'public' },
        all_tables: true,
      })
      const source = 'posthog://projects/1/sources/postgres.shop'
      const end = await mcp.subscribe([source])
      const until = async (fits: RegExp) => {
        for (let from = 0; ; from = mcp.notes.length) {
          const text = (await mcp.read(source)).contents[0]?.text ?? ''
          if (fits.test(text)) return text
          await mcp.noted(isUpdate(source), from)
        }
      }
      expect(await until(/fruit: .*30 rows, Completed/)).toContain('as postgres.shop.')
      const { structuredContent } = await call('schema_list', { source: 'postgres.shop' })
      const [[name] = []] = Object.values((structuredContent?.tables ?? {}) as Record<string, string[][]>).flat()
      const { content } = await call('schema_describe', { names: [String(name)] })
      expect(content[0]?.text).toMatch(/from: source postgres\.shop \([0-9a-f-]{36}\) table .*fruit/)
      expect(content[0]?.text).toMatch(/sync: Completed, last synced 20/)
      await database.sql("ALTER ROLE reader PASSWORD 'another'")
      await call('external_data_sources_reload', { id: created.structuredContent?.id })
      expect(await until(/fruit: .*Failed.*error: /)).not.toContain(database.login.password)
      await end()
    },
    60_000,
  )
})

const idOfView = async (mcp: Connection, name: string): Promise<string> => {
  const { structuredContent } = await mcp.call('warehouse_saved_queries_list', { search: name })
  return (
    ((structuredContent?.results ?? []) as { id: string; name: string }[]).find((view) => view.name === name)?.id ?? ''
  )
}
