import { describe, expect, test } from 'vitest'
import { type Era, useMcp } from '../fake/mcp.ts'
import { approves } from '../fake/person.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const SOURCE = String(DESTROYS.external_data_sources_delete?.id)
const TABLE = '0198bb00-0000-0000-0000-00000000000a'
const ORPHAN = '0198bb00-0000-0000-0000-00000000000b'

/** What may have happened to a source, its table and a view while somebody thought. */
interface State {
  readonly status: string
  readonly synced: string
  readonly rows: number
  readonly chosen: readonly string[]
  readonly views: readonly string[]
  readonly lastRun: string
}

const BEFORE: State = {
  status: 'Running',
  synced: '2026-09-30T12:00:00Z',
  rows: 1_200_000,
  chosen: ['invoices'],
  views: ['big_invoices'],
  lastRun: '2026-09-30T11:00:00Z',
}

/** A PostHog with a source whose one table views read, and a view beside. */
const busy = ({ status, synced, rows, chosen, views, lastRun }: State): Script => {
  const schemas = chosen.map((name) => ({
    id: `s-${name}`,
    name,
    should_sync: true,
    status,
    last_synced_at: synced,
    table: { id: TABLE, name: `prod_${name}` },
  }))
  const source = { id: SOURCE, source_type: 'Postgres', prefix: 'prod', status, schemas }
  const table = {
    id: TABLE,
    name: 'prod_invoices',
    type: 'data_warehouse',
    row_count: rows,
    fields: {},
    source: { id: SOURCE, source_type: 'Postgres', prefix: 'prod', status, last_synced_at: synced },
    schema: { id: 's-invoices', name: 'invoices', should_sync: true, status, last_synced_at: synced },
  }
  const readers = views.map((name, at) => [
    name,
    { id: `v${at}`, name, type: 'view', query: { query: 'SELECT * FROM prod_invoices' }, fields: {} },
  ])
  const view = { id: ORPHAN, name: 'totals', is_materialized: true, last_run_at: lastRun, query: { query: 'SELECT 1' } }
  return (request) => {
    const { method, path } = request
    if (path.endsWith('/query/'))
      return { json: { tables: { prod_invoices: table, ...Object.fromEntries(readers) }, joins: [] } }
    if (method === 'GET' && path.includes(`external_data_sources/${SOURCE}`)) return { json: source }
    if (method === 'GET' && path.endsWith('/external_data_sources/'))
      return { json: { count: 1, next: null, results: [source] } }
    if (method === 'GET' && path.includes('warehouse_saved_queries/')) return { json: view }
    return posthog()(request)
  }
}

const SYNCED: State = {
  ...BEFORE,
  status: 'Completed',
  synced: '2026-09-30T12:10:00Z',
  rows: 1_200_456,
  lastRun: '2026-09-30T12:10:00Z',
}

/** How somebody approves: asked while the call waits, in rounds, or with the token of a preview. */
type How = Extract<Era, 'legacy' | 'modern'> | 'preview'

/** Deletes while something happens: between what is shown and the yes to it. */
const useDeleting = async (how: How) => {
  const upstream = await useRecorder()
  let shown = ''
  let meanwhile: () => void = () => undefined
  const mcp = await useMcp({
    origin: upstream.origin,
    ...(how === 'preview' ? { flags: ['--unasked', 'preview'] } : { era: how }),
    person:
      how === 'preview'
        ? 'nobody'
        : (question, signal) => {
            shown = question.message
            meanwhile()
            return approves(question, signal)
          },
  })
  return async (kind: 'source' | 'view', before: State, after: State) => {
    const [tool, args] =
      kind === 'source'
        ? ['external_data_sources_delete', { id: SOURCE }]
        : ['warehouse_saved_queries_delete', { id: ORPHAN }]
    upstream.script(busy(before))
    meanwhile = () => upstream.script(busy(after))
    let result = await mcp.call(tool, args)
    if (how === 'preview') {
      shown = String(result.content[0]?.text)
      meanwhile()
      result = await mcp.call(tool, { ...args, confirmation: /^confirmation: (\S+) /m.exec(shown)?.[1] })
    }
    return { shown, text: String(result.content[0]?.text), deleted: upstream.requests.filter(isDestruction).length }
  }
}

/** What comes while somebody thinks, and was not what they said yes to. */
const NEWS: Readonly<Record<string, readonly [State, State]>> = {
  'a view that reads it': [BEFORE, { ...BEFORE, views: ['big_invoices', 'new_view'] }],
  'a table to lose': [BEFORE, { ...BEFORE, chosen: ['invoices', 'customers'] }],
  'the first rows': [{ ...BEFORE, rows: 0 }, BEFORE],
}

describe.each<How>(['legacy', 'modern', 'preview'])('%s', (how) => {
  test('a sync, or a run, that ends meanwhile takes no yes away', async () => {
    const destroy = await useDeleting(how)
    const source = await destroy('source', BEFORE, SYNCED)
    // It was there to be seen.
    expect(source.shown).toMatch(/status: Running[\s\S]*rows: 1,200,000\nlast sync: .*2026-09-30/)
    expect([source.deleted, source.text]).toEqual([1, expect.not.stringContaining('changed since')])
    const view = await destroy('view', BEFORE, SYNCED)
    expect(view.shown).toMatch(/last run: .*2026-09-30/)
    expect([view.deleted, view.text]).toEqual([1, expect.not.stringContaining('changed since')])
  })

  test('what is new to lose does', async () => {
    const destroy = await useDeleting(how)
    for (const [what, [before, after]] of Object.entries(NEWS)) {
      const { shown, text, deleted } = await destroy('source', before, after)
      expect(shown, what).toContain('views that read it: big_invoices')
      expect(text, what).toMatch(/it has changed since\.\nNothing was changed\./)
      expect(deleted, what).toBe(0)
    }
  })
})

test('a table more than a question has room for counts too', async () => {
  const destroy = await useDeleting('legacy')
  const some = ['invoices', ...Array.from({ length: 29 }, (_, at) => `t${at}`)]
  const before = { ...BEFORE, chosen: [...some, 'customers'] }
  const { shown, text, deleted } = await destroy('source', before, { ...before, chosen: [...some, 'payroll'] })
  expect(shown).toMatch(/tables chosen: invoices, .*, t18 and 11 more\n/)
  expect(text).toContain('it has changed since')
  expect(deleted).toBe(0)
})
