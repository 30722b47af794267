/** Exports and the tree in the real process, with the real engine: the sheet's exchanges, real rows, a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, hogql, startClient } from './http-client.ts'

const UNSUPPORTED = 'This action does not support personal API key access'

let directory: string
let strict: Client

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exports-http-'))
  strict = await startClient({ directory })
})
afterAll(async () => {
  await strict.local.close()
  await rm(directory, { recursive: true, force: true })
})

// What comes is compared with literals; the cast only spares narrowing on the way there.
const fieldsOf = (body: unknown) => body as Readonly<Record<string, unknown>>

const exported = async (client: Client, format: string, query: string, more: object = {}) => {
  const context = { source: hogql(query), ...more }
  return client.call('POST', 'exports/', { export_format: format, export_context: context })
}

/** Asks for the content like a client that follows redirects by hand, without its key. */
const contentOf = async (client: Client, id: unknown, search = ''): Promise<Response> => {
  const address = `${client.local.origin}/api/projects/1/exports/${id}/content/${search}`
  const reply = await fetch(address, { headers: { authorization: `Bearer ${client.local.key}` }, redirect: 'manual' })
  expect(reply.status).toBe(302)
  const location = reply.headers.get('location') ?? ''
  expect(new URL(location).origin).toBe(client.local.origin)
  return fetch(location)
}

describe('rows of the engine', () => {
  test('of an uploaded table and a view come as CSV', async () => {
    await strict.upload('people', 'people.csv', 'id,name,born\n1,"Lovelace, Ada",1990-12-10\n2,"""Ben""",2000-01-01\n')
    await strict.call('POST', 'warehouse_saved_queries/', {
      name: 'names',
      query: hogql('select name, id + 0.5 as half, born from people order by id'),
    })
    const made = await exported(strict, 'text/csv', 'select * from names', { filename: 'Names & more' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ has_content: true, exception: null })
    expect(fieldsOf(made.body).filename).toMatch(/^names-more-\d{4}-\d\d-\d\d-\d{6}\.csv$/)
    const reply = await contentOf(strict, made.body.id, '?download=true')
    expect(reply.headers.get('content-type')).toBe('text/csv')
    expect(reply.headers.get('content-disposition')).toBe(`attachment; filename="${fieldsOf(made.body).filename}"`)
    expect(await reply.text()).toBe('name,half,born\r\n"Lovelace, Ada",1.5,1990-12-10\r\n"""Ben""",2.5,2000-01-01\r\n')
  })

  test('are as many as the query has, up to 50,000, and as few as it asks for', async () => {
    const lines = async (query: string) => {
      const { body } = await exported(strict, 'text/csv', query)
      return (await (await contentOf(strict, body.id)).text()).split('\r\n').length - 2
    }
    expect(await lines('select * from events')).toBe(360)
    expect(await lines('select * from events limit 7')).toBe(7)
    expect(await lines('select arrayJoin(range(60000)) as n from (select 1)')).toBe(50_000)
  })

  test('come as a workbook, a picture and JSON', async () => {
    const query = "select 1 as n, 'Ada' as name, [1, 2] as list, null as nothing"
    const sheet = await exported(strict, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', query)
    const workbook = Buffer.from(await (await contentOf(strict, sheet.body.id)).arrayBuffer())
    expect(workbook.subarray(0, 2).toString()).toBe('PK')
    const picture = await exported(strict, 'image/png', query)
    const reply = await contentOf(strict, picture.body.id)
    expect(reply.headers.get('content-type')).toBe('image/png')
    const image = PNG.sync.read(Buffer.from(await reply.arrayBuffer()))
    expect(image.width).toBeGreaterThan(200)
    const json = await exported(strict, 'application/json', query)
    expect(await (await contentOf(strict, json.body.id)).json()).toMatchObject({
      columns: ['n', 'name', 'list', 'nothing'],
      results: [[1, 'Ada', [1, 2], null]],
    })
  })

  test('that cannot be had are told in the export', async () => {
    const missing = await exported(strict, 'text/csv', 'select * from nowhere')
    expect(missing.status).toBe(201)
    expect(missing.body).toMatchObject({ has_content: false, exception: 'Unknown table `nowhere`.' })
    const syntax = await exported(strict, 'text/csv', 'select from')
    expect(syntax.body).toMatchObject({ has_content: false, exception: expect.stringMatching(/./) })
  })
})

test('a restart keeps exports with their files, rows, views and deletions', async () => {
  const kept = await mkdtemp(join(tmpdir(), 'exports-kept-'))
  try {
    const first = await startClient({ directory: kept })
    const made = await exported(first, 'text/csv', 'select 7 as n')
    await first.call('GET', 'file_system/unfiled/?type=dashboard')
    const list = await first.call('GET', 'file_system/?type=dashboard')
    await first.call('DELETE', `file_system/${list.body.results[0]?.id}/`)
    await first.call('POST', 'file_system/log_view/', { type: 'dashboard', ref: '2' })
    const paths = ['exports/', `exports/${made.body.id}/`, 'file_system/', 'file_system/log_view/']
    const bodies = async (client: Client) =>
      Promise.all(paths.map(async (path) => (await client.call('GET', path)).body))
    const before = await bodies(first)
    await first.local.close()
    const second = await startClient({ directory: kept })
    // Links carry the port, which is another one now; nothing here has more than one page.
    expect(await bodies(second)).toEqual(before)
    expect(await (await contentOf(second, made.body.id)).text()).toBe('n\r\n7\r\n')
    expect((await second.call('GET', 'file_system/unfiled/?type=dashboard')).body).toEqual({ count: 0 })
    const undone = await second.call('POST', 'file_system/undo_delete/', { items: [{ type: 'dashboard', ref: '1' }] })
    expect(undone).toMatchObject({ status: 200, body: { undone: [{ type: 'dashboard', ref: '1' }] } })
    expect(fieldsOf((await exported(second, 'text/csv', 'select 8 as n')).body).id).toBe(2)
    await second.local.close()
  } finally {
    await rm(kept, { recursive: true, force: true })
  }
})

describe('the exchanges of the sheet, section 5', () => {
  const standard = (type: string, code: string, detail: string, attr: string | null) => ({ type, code, detail, attr })
  const missing = standard('invalid_request', 'not_found', 'Not found.', null)
  const NO_SUBJECT = 'Either dashboard, insight or export_context is required for an export.'
  const F = 'file_system/'
  /** `:doc` and `:bare` stand for a row that is no folder, and for a dashboard's row without a reference. */
  const EXCHANGES: readonly (readonly [number, string, string, unknown, number, unknown])[] = [
    [23, 'GET', 'exports/812/content/', undefined, 404, missing],
    [
      24,
      'POST',
      'exports/',
      { export_format: 'text/csv' },
      400,
      standard('validation_error', 'invalid_input', NO_SUBJECT, null),
    ],
    [
      25,
      'POST',
      'exports/',
      { export_format: 'text/plain', export_context: {} },
      400,
      standard('validation_error', 'invalid_choice', '"text/plain" is not a valid choice.', 'export_format'),
    ],
    [
      26,
      'DELETE',
      'exports/812/',
      undefined,
      403,
      standard('authentication_error', 'permission_denied', UNSUPPORTED, null),
    ],
    [27, 'POST', F, {}, 400, standard('validation_error', 'required', 'This field is required.', 'path')],
    [28, 'POST', F, { path: '  ' }, 400, standard('validation_error', 'blank', 'This field may not be blank.', 'path')],
    [29, 'POST', `${F}:doc/count/`, undefined, 400, { detail: 'Count can only be called on folders' }],
    [30, 'POST', `${F}count_by_path/`, { path: 'A' }, 400, { detail: 'path parameter is required' }],
    [31, 'POST', `${F}:doc/move/`, { path: 'A/B' }, 400, { detail: 'new_path is required' }],
    [
      32,
      'DELETE',
      `${F}:bare/`,
      undefined,
      400,
      standard('validation_error', 'invalid_input', "Cannot delete type 'dashboard' without a reference.", 'detail'),
    ],
    [33, 'GET', `${F}not-a-uuid/`, undefined, 404, missing],
  ]
  let ids: Readonly<Record<string, string>>

  beforeAll(async () => {
    const doc = await strict.call('POST', F, { path: 'contract/doc', type: 'notebook' })
    const bare = await strict.call('POST', F, { path: 'contract/bare', type: 'dashboard' })
    ids = { ':doc': doc.body.id, ':bare': bare.body.id }
  })

  test('there are eleven', () => {
    expect(EXCHANGES.map(([row]) => row)).toEqual([23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33])
  })

  test.each(EXCHANGES)('row %i: %s %s', async (_row, method, path, body, status, expected) => {
    const filled = path.replace(/:\w+/, (name) => ids[name] ?? name)
    const reply = await strict.call(method, filled, body)
    expect({ status: reply.status, body: reply.body }).toEqual({ status, body: expected })
  })

  test('row 26 with a session is a 405', async () => {
    const open = await startClient({ sessionActions: 'allow' })
    try {
      expect(await open.call('DELETE', 'exports/812/')).toMatchObject({
        status: 405,
        body: standard('invalid_request', 'method_not_allowed', 'Method "DELETE" not allowed.', null),
      })
    } finally {
      await open.local.close()
    }
  })
})
