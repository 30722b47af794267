import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '../../tools/index.ts'
import { type Connection, connectMcp, type Result } from '../fake/mcp.ts'
import { type Answer, inTurn, type Recorder, type Script, startRecorder, useRecorder } from '../fake/recorder.ts'
import { behindLooks, shown } from '../fake/shown.ts'
import { ID, replies } from '../fixtures/replies.ts'

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

const call = (tool: string, args: Record<string, unknown>, answers: readonly Answer[]): Promise<Result> => {
  posthog.script(inTurn(answers))
  return mcp.call(tool, args)
}
const sent = () => posthog.requests.map(({ method, path }) => `${method} ${path.replace('/api/projects/7/', '')}`)
const textOf = (result: Result) => result.content[0]?.text ?? ''
const rows = (results: readonly unknown[], next: string | null = null): Answer => ({
  json: { count: results.length, next, previous: null, results },
})
const answerOf = (tool: string): Answer => {
  const reply = replies[tool]
  if (reply === undefined) throw new Error(`no reply for ${tool}`)
  return reply.answer
}

describe('creating a view', () => {
  const args = { name: 'daily_orders', query: 'select 1' }
  const tool = 'warehouse_saved_queries_create'

  test('refuses a known name with its id, before anything is written', async () => {
    const result = await call(tool, args, [rows([{ id: ID, name: 'daily_orders' }])])
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(`A view named daily_orders exists already (id ${ID})`)
    expect(textOf(result)).toContain('warehouse_saved_queries_update')
    expect(textOf(result)).toContain('Nothing was changed.')
    expect(sent()).toEqual(['GET warehouse_saved_queries/'])
  })

  test('is not stopped by a name that only contains it', async () => {
    const others = rows([
      { id: ID, name: 'daily_orders_eu' },
      { id: ID, name: 'Daily_orders' },
    ])
    const result = await call(tool, args, [others, answerOf(tool)])
    expect(result.isError).not.toBe(true)
    expect(sent()).toEqual(['GET warehouse_saved_queries/', 'POST warehouse_saved_queries/'])
  })

  test('looks on every page of the search', async () => {
    const first = rows([{ id: '1', name: 'daily_orders_eu' }], 'https://elsewhere.example/?page=2')
    const result = await call(tool, args, [first, rows([{ id: ID, name: 'daily_orders' }])])
    expect(textOf(result)).toContain(`(id ${ID})`)
    expect(posthog.requests.map(({ method, query }) => [method, ...query.flat()])).toEqual([
      ['GET', 'search', 'daily_orders'],
      ['GET', 'search', 'daily_orders', 'page', '2'],
    ])
  })

  test('gives up rather than write on half a look', async () => {
    const endless = Array.from({ length: 30 }, () => rows([{ id: '1', name: 'x' }], 'more'))
    const result = await call(tool, args, endless)
    expect(textOf(result)).toContain('not sent')
    expect(posthog.requests).toHaveLength(10)
    expect(sent()).not.toContain('POST warehouse_saved_queries/')
  })

  test.each<[string, Answer]>([
    ['forbidden', { status: 403, json: { detail: "API key missing required scope 'warehouse_view:read'" } }],
    ['not readable', { body: '<html>', headers: { 'content-type': 'text/html' } }],
  ])('is not sent when the look is %s', async (_case, answer) => {
    const result = await call(tool, args, [answer])
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain('Nothing was changed.')
    expect(sent()).toEqual(['GET warehouse_saved_queries/'])
  })

  test('reports a 200 as the edit it is', async () => {
    const result = await call(tool, args, [rows([]), { ...answerOf(tool), status: 200 }])
    expect(result.structuredContent?.note).toBe(
      'PostHog answered 200, not 201: the view existed already and was changed; nothing new was created.',
    )
  })
})

describe('uploading a file', () => {
  const tool = 'warehouse_tables_upload_file'
  const args = { name: 'orders', content: 'a\n1\n' }
  const found = (extra: object) => rows([{ id: ID, name: 'orders', external_data_source: null, ...extra }])

  test('refuses a known name without replace', async () => {
    const result = await call(tool, args, [found({})])
    expect(textOf(result)).toContain(`A table named orders exists already (id ${ID})`)
    expect(textOf(result)).toContain('replace: true')
    expect(sent()).toEqual(['GET warehouse_tables/'])
  })

  test('overwrites with replace, and does not send the word on', async () => {
    posthog.script(
      shown(
        () => answerOf(tool),
        ({ path }) => (path.endsWith('/warehouse_tables/') ? found({}) : { json: {} }),
      ),
    )
    const result = await mcp.call(tool, { ...args, replace: true })
    expect(result.isError).not.toBe(true)
    expect(sent().at(0)).toBe('GET warehouse_tables/')
    const written = behindLooks(posthog.requests)
    expect(written.map(({ method, path }) => [method, path])).toEqual([
      ['POST', '/api/projects/7/warehouse_tables/file/'],
    ])
    expect(written[0]?.body).not.toContain('replace')
  })

  test.each([
    ['a Stripe source', { external_data_source: { id: ID, source_type: 'Stripe' } }],
    ['a materialized view', { created_via: 'materialized_view' }],
  ])('never overwrites what %s fills', async (what, extra) => {
    const result = await call(tool, { ...args, replace: true }, [found(extra)])
    expect(textOf(result)).toContain(`is filled by ${what}`)
    expect(sent()).toEqual(['GET warehouse_tables/'])
  })

  test('looks beyond the first thousand', async () => {
    const result = await call(tool, args, [rows([], 'more'), found({})])
    expect(textOf(result)).toContain(`(id ${ID})`)
    expect(posthog.requests[1]?.query).toEqual([
      ['search', 'orders'],
      ['limit', '1000'],
      ['offset', '1000'],
    ])
  })

  test.each([
    ['neither path nor content', { name: 'orders' }],
    ['both path and content', { name: 'orders', path: 'a.csv', content: 'a\n1\n' }],
  ])('wants exactly one file: %s', async (_case, wrong) => {
    const result = await call(tool, wrong, [rows([]), answerOf(tool)])
    expect(result.isError).toBe(true)
    expect(textOf(result)).toMatch(/path.*content|content.*path/)
    expect(posthog.requests).toHaveLength(0)
  })
})

describe('updating', () => {
  test('a prefix only of a direct source', async () => {
    const tool = 'external_data_sources_update'
    const refused = await call(tool, { id: ID, prefix: 'x' }, [{ json: { id: ID, access_method: 'warehouse' } }])
    expect(textOf(refused)).toContain('The prefix of a synced source cannot be changed')
    expect(sent()).toEqual([`GET external_data_sources/${ID}/`])
    const done = await call(tool, { id: ID, prefix: 'x' }, [
      { json: { id: ID, access_method: 'direct' } },
      answerOf(tool),
    ])
    expect(done.isError).not.toBe(true)
    expect(posthog.requests[1]?.json).toEqual({ prefix: 'x' })
  })

  test('without a prefix reads nothing first', async () => {
    const tool = 'external_data_sources_update'
    await call(tool, { id: ID, description: '' }, [answerOf(tool)])
    expect(sent()).toEqual([`PATCH external_data_sources/${ID}/`])
    expect(posthog.requests[0]?.json).toEqual({ description: '' })
  })

  const folder: Answer = { json: { id: ID, type: 'folder', path: 'Marketing' } }

  test('never moves a folder away from what is in it', async () => {
    const result = await call('file_system_update', { id: ID, path: 'Sales' }, [folder])
    expect(textOf(result)).toContain('file_system_create')
    expect(textOf(result)).toContain('Nothing was changed.')
    expect(sent()).toEqual([`GET file_system/${ID}/`])
  })

  test('keeps a folder where it is', async () => {
    const tool = 'file_system_update'
    const result = await call(tool, { id: ID, path: 'Marketing', href: '/x' }, [folder, answerOf(tool)])
    expect(result.isError).not.toBe(true)
    await call(tool, { id: ID, href: '/x' }, [answerOf(tool)])
    expect(sent()).toEqual([`PATCH file_system/${ID}/`])
  })
})

describe('deleting a table', () => {
  const tool = 'warehouse_tables_delete'

  test('never takes the rows away from a materialized view', async () => {
    const behind: Answer = { json: { id: ID, name: 'daily_orders', created_via: 'materialized_view' } }
    const result = await call(tool, { id: ID }, [behind, answerOf(tool)])
    expect(result.isError).toBe(true)
    expect(textOf(result)).toBe(
      'warehouse_tables_delete: not sent. This table holds the rows of the materialized view of its name. Drop them with warehouse_saved_queries_revert_materialization.\nNothing was changed.',
    )
    expect(sent()).toEqual([`GET warehouse_tables/${ID}/`])
  })

  test.each(['web', 'api', 'mcp', 'source', 'demo', null])('takes one that came by %s', async (created_via) => {
    const table = { id: ID, name: 'orders', created_via }
    posthog.script(
      shown(
        () => answerOf(tool),
        ({ path }) => ({ json: path.includes(ID) ? table : {} }),
      ),
    )
    const result = await mcp.call(tool, { id: ID })
    expect(result.isError).not.toBe(true)
    expect(sent().at(0)).toBe(`GET warehouse_tables/${ID}/`)
    expect(behindLooks(posthog.requests)).toHaveLength(1)
    expect(sent().at(-1)).toBe(`DELETE warehouse_tables/${ID}/`)
  })
})

describe('a look before a change', () => {
  const GUARDED: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['warehouse_tables_delete', { id: ID }, `GET warehouse_tables/${ID}/`],
    ['warehouse_tables_upload_file', { name: 'orders', content: 'a' }, 'GET warehouse_tables/'],
    ['warehouse_saved_queries_create', { name: 'orders', query: 'select 1' }, 'GET warehouse_saved_queries/'],
    ['external_data_sources_update', { id: ID, prefix: 'x' }, `GET external_data_sources/${ID}/`],
    ['file_system_update', { id: ID, path: 'Sales' }, `GET file_system/${ID}/`],
  ]
  const ask = async (tool: string, args: Record<string, unknown>, script: Script) => {
    posthog.script(script)
    const result = await mcp.call(tool, args)
    expect(result.isError).toBe(true)
    return textOf(result)
  }

  test('is made by these tools and no other', () => {
    const guarded = operations.filter(({ guard }) => guard !== undefined).map(({ name }) => name)
    expect(guarded.sort()).toEqual(GUARDED.map(([tool]) => tool).sort())
  })

  describe.each(GUARDED)('%s', (tool, args, look) => {
    const isList = look.endsWith('s/')

    test.each<[string, Answer]>([
      ['a notice', { json: { detail: 'maintenance' } }],
      ['an empty object', { json: {} }],
      ['an object of another form', { json: isList ? { id: ID, results: {} } : { id: 5, results: [] } }],
      ['an array', { json: [{ id: ID }] }],
      ['text', { json: 'ok' }],
      ['null', { json: null }],
      ['nothing', { body: '' }],
      ['half of JSON', { body: '{"id": "', headers: { 'content-type': 'application/json' } }],
      ['a page', { body: '<html>', headers: { 'content-type': 'text/html' } }],
    ])('lets nothing through on %s', async (_case, answer) => {
      expect(await ask(tool, args, () => answer)).toBe(
        `${tool}: not sent. The look before the change got no readable answer.\nNothing was changed.\nCall again in a moment.`,
      )
      expect(sent()).toEqual([look])
    })

    test.each<[string, Script, string]>([
      [
        'a 500',
        () => ({ status: 500, json: { detail: 'A server error occurred.' } }),
        'PostHog answered 500 (server error) for project 7: “A server error occurred.” (while looking before the change)\nNothing was changed.\nCall again in a moment.',
      ],
      [
        'a reset',
        () => (response) => void response.socket?.resetAndDestroy(),
        'The connection to the server was lost before it answered (ECONNRESET).\nNothing was changed.\nCall again in a moment.',
      ],
      [
        'a 403',
        () => ({ status: 403, json: { detail: 'You do not have viewer access to this resource.' } }),
        "PostHog answered 403 (forbidden) for project 7: “You do not have viewer access to this resource.” (while looking before the change)\nNothing was changed.\nThe key's owner lacks the role in PostHog; a project admin can grant it.",
      ],
      [
        // For two of the tools the same status of the change itself would tell of a residue.
        'a 400',
        () => ({ status: 400, json: { detail: 'No.' } }),
        'PostHog answered 400 (refused input) for project 7: “No.” (while looking before the change)\nNothing was changed.\nCorrect the input and call again.',
      ],
    ])('is told as a failed read after %s', async (_case, script, says) => {
      // The whole text: neither the check of the change nor a residue is in it.
      expect(await ask(tool, args, script)).toBe(`${tool}: ${says}`)
      expect(new Set(sent())).toEqual(new Set([look]))
    })
  })
})

describe('a route that a later PostHog renamed', () => {
  const tool = 'data_warehouse_enable_backfill'
  const gone: Answer = {
    status: 404,
    json: { type: 'invalid_request', code: 'not_found', detail: 'Endpoint not found.', attr: null },
  }

  test('is followed, and the reply reads the same', async () => {
    const result = await call(tool, { table_name: 'prod' }, [gone, { json: { onboarded: true, schema_name: 'prod' } }])
    expect(result.structuredContent).toEqual({ enabled: true, table_suffix: 'prod', project_id: 7 })
    expect(sent()).toEqual(['POST data_warehouse/enable_backfill/', 'POST data_warehouse/onboard-team/'])
    expect(posthog.requests[1]?.json).toEqual({ schema_name: 'prod' })
  })

  test('is not guessed from any other 404', async () => {
    const result = await call(tool, { table_name: 'prod' }, [{ status: 404, json: { detail: 'Project not found.' } }])
    expect(result.isError).toBe(true)
    expect(sent()).toEqual(['POST data_warehouse/enable_backfill/'])
  })
})

describe('the file of an export', () => {
  const tool = 'exports_content'
  const missing: Answer = { status: 404, json: { type: 'invalid_request', code: 'not_found', detail: 'Not found.' } }

  test.each<[string, Answer, string]>([
    ['failed', { json: { id: 812, has_content: false, exception: 'Query timed out' } }, 'Query timed out'],
    ['is not ready', { json: { id: 812, has_content: false, exception: null } }, 'still being made'],
    ['is lost', { json: { id: 812, has_content: true, exception: null } }, 'does not find its file'],
    ['is somebody else’s', missing, 'belongs to somebody else'],
  ])('tells when the export %s', async (_case, answer, says) => {
    const result = await call(tool, { id: 812 }, [missing, answer])
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(says)
    expect(sent()).toEqual(['GET exports/812/content/', 'GET exports/812/'])
  })

  test('is shown when it is an image', async () => {
    const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47])
    const result = await call(tool, { id: 812 }, [{ body: bytes, headers: { 'content-type': 'image/png' } }])
    expect(result.content[1]).toEqual({ type: 'image', data: 'iVBORw==', mimeType: 'image/png' })
    expect(result.structuredContent).toEqual({ id: 812, content_type: 'image/png', bytes: 4, project_id: 7 })
  })

  test('is no page of a website', async () => {
    const page: Answer = { body: '<html>Sign in</html>', headers: { 'content-type': 'text/html; charset=utf-8' } }
    const result = await call(tool, { id: 812 }, [page])
    expect(result.isError).toBe(true)
    expect(textOf(result).replaceAll(posthog.origin, '{origin}')).toBe(
      'exports_content: {origin} answered 200 with a web page instead of data.\nNothing was changed.\nCheck POSTHOG_HOST (now {origin}): it should be the app, such as https://us.posthog.com.',
    )
    expect(sent()).toEqual(['GET exports/812/content/'])
  })

  test('is not fetched from an address that is not public', async () => {
    const storage = await useRecorder()
    const location = `${storage.origin}/bucket/x.csv?X-Amz-Signature=abcdef`
    const result = await call(tool, { id: 812 }, [{ status: 302, headers: { location } }])
    expect(result.isError).toBe(true)
    expect(storage.requests).toHaveLength(0)
    expect(JSON.stringify(result)).not.toContain('abcdef')
    expect(mcp.stderr.join('\n')).not.toContain('abcdef')
  })
})
