import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/operation.ts'
import { createRedactor } from '../../src/redact.ts'
import { contentsAt } from '../../src/schema/places.ts'
import { createSchemaReader } from '../../src/schema/schema-reader.ts'
import { readSchemaReply } from '../../src/schema/schema-reply.ts'
import { StatusError } from '../../src/status-error.ts'
import { ToolError } from '../../src/tool-error.ts'
import { olderSchemaReply, SOURCE_ID, schemaReply, sourcesReply, viewsReply } from './replies.ts'

const redactor = createRedactor([])
const never = new AbortController().signal

const replies: Record<string, () => Json> = {
  schema: () => schemaReply,
  sources: () => sourcesReply,
  views: () => viewsReply,
}

const read = (changed: Partial<Record<keyof typeof replies, () => Json>> = {}) =>
  createSchemaReader(
    async (which) => ({ ...replies, ...changed })[which]?.() ?? {},
    () => 5,
  )(7, never)

const refused = (status: number) => (): Json => {
  throw new StatusError(new ToolError(`answered ${status}: a scope is missing`, { next: '' }), status)
}

describe('what the three replies say together', () => {
  it('is in one order, PostHog’s own first', async () => {
    const { entries } = await read()
    expect(entries.map(({ name, group }) => `${group} ${name}`)).toEqual([
      'tables events',
      'tables persons',
      'tables odd/name "x" ü',
      'tables postgres.prod.orders',
      'views daily_revenue',
      'views report',
    ])
  })

  it('takes the state of a sync from the list of sources, which knows errors', async () => {
    const { byName, sources } = await read()
    expect(byName.get('postgres.prod.orders')?.origin).toEqual({
      source: 'postgres.prod',
      source_id: SOURCE_ID,
      schema: 'orders',
      enabled: true,
      status: 'Failed',
      sync_type: 'incremental',
      sync_frequency: '6hour',
      last_synced_at: '2026-09-02T10:00:00Z',
      latest_error: 'password=hunter2 was refused',
    })
    expect(sources[0]?.tables.map(({ name, table, enabled }) => [name, table, enabled])).toEqual([
      ['orders', 'postgres.prod.orders', true],
      ['customers', undefined, false],
    ])
  })

  it('takes the state of a view and its descriptions from the list of views', async () => {
    const view = (await read()).byName.get('daily_revenue')
    expect(view?.view).toEqual({
      materialized: true,
      sync_frequency: '24hour',
      status: 'Failed',
      last_run_at: '2026-09-03T10:00:00Z',
      latest_error: 'Memory limit exceeded',
    })
    expect(view?.description).toBe('Revenue of each day')
    expect(view?.columns.map(({ name, description }) => [name, description])).toEqual([
      ['id', undefined],
      ['total', 'in EUR, without VAT'],
    ])
  })

  it('derives who depends on it from the SQL of views, and keeps joins where they begin', async () => {
    const { byName } = await read()
    expect(byName.get('postgres.prod.orders')?.used_by).toEqual(['daily_revenue'])
    expect(byName.get('daily_revenue')?.used_by).toEqual(['report'])
    expect(byName.get('report')?.used_by).toEqual([])
    expect(byName.get('persons')?.joins).toEqual([
      { field: 'orders', key: 'properties.email', table: 'postgres.prod.orders', table_key: 'email' },
    ])
  })

  it('invents nothing that PostHog does not say', async () => {
    const { byName } = await read()
    expect(byName.get('odd/name "x" ü')).toEqual({
      group: 'tables',
      kind: 'data_warehouse',
      name: 'odd/name "x" ü',
      id: '0198bb00-0000-4000-8000-000000000002',
      columns: [{ name: 'a', type: 'string' }],
      joins: [],
      used_by: [],
      format: 'CSVWithNames',
      url_pattern: 'https://bucket.example.com/a.csv',
    })
  })

  it('tells sources of one name apart by their ids', async () => {
    const twice = [...(sourcesReply.results as Json[]), { ...(sourcesReply.results as Json[])[0], id: 'abcdef01-2' }]
    const { sources } = await read({ sources: () => ({ ...sourcesReply, results: twice }) })
    expect(sources.map(({ name }) => name)).toEqual(['postgres.prod~0198dd00', 'postgres.prod~abcdef01'])
  })
})

describe('what cannot be read', () => {
  it.each(['sources', 'views'] as const)('is said where the key may not list the %s', async (which) => {
    const snapshot = await read({ [which]: refused(403) })
    expect(snapshot.missing).toEqual([expect.stringContaining('answered 403: a scope is missing')])
    const text = contentsAt(snapshot, { project: 7, group: 'tables', name: 'events' }, redactor)?.text
    expect(text).toContain('not known: ')
  })

  it('is asked for again soon where it may be there the next time', async () => {
    const partial = await read({ sources: refused(503) })
    expect([partial.isPartial, partial.knowsSources, partial.missing.length]).toEqual([true, false, 1])
    // Its origin is called as the list would have called it.
    expect(partial.byName.get('postgres.prod.orders')?.origin?.source).toBe('postgres.prod')
    expect((await read({ sources: refused(403) })).isPartial).toBe(false)
    await expect(read({ schema: refused(403) })).rejects.toThrow('403')
  })

  it.each([[{}], [{ tables: [] }], [{ detail: 'no' }], [{ tables: null }], [{ results: [], hasMore: false }]])(
    'is no project without tables: %j',
    async (body) => {
      expect(readSchemaReply(body)).toBeUndefined()
      await expect(read({ schema: () => body })).rejects.toThrow('something else than tables')
    },
  )

  it('understands the older form, and asks the list of views what is one', async () => {
    const { byName } = await read({ schema: () => olderSchemaReply })
    expect(byName.get('events')).toMatchObject({
      group: 'tables',
      columns: [
        { name: 'event', type: 'string' },
        { name: 'odd name', type: 'json', sql: '`odd name`' },
      ],
    })
    expect(byName.get('report')).toMatchObject({ group: 'views', view: { materialized: false } })
  })

  it('stays what it is where a table or a column is none', async () => {
    const { byName } = await read({
      schema: () => ({ tables: { a: null, b: { type: 7, fields: [null, 5, { name: 'x' }] }, c: 'text' } }),
    })
    expect([...byName.values()].map(({ name, columns }) => [name, columns.length])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ])
  })

  it('reads every page, and says when there are more than anybody reads', async () => {
    let pages = 0
    const endless = () => {
      pages += 1
      return { ...sourcesReply, next: 'https://elsewhere.example.com/?offset=100' }
    }
    const { missing, sources } = await read({ sources: endless })
    expect([pages, sources.length]).toEqual([50, 50])
    expect(missing).toEqual([expect.stringContaining('only the first 50 were read')])
  })
})
