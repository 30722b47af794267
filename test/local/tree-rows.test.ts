/** Rows of the tree: writing and reading them, paths, filters, orders, searches, views. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Bench, openBench } from './tree-setup.ts'

const F = 'file_system/'
let bench: Bench

beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench.close())

interface Row {
  readonly id: string
  readonly path: string
  readonly depth: number
  readonly type: string
}
// What comes is compared with literals; the casts only spare narrowing on the way there.
const add = async (path: string, type = 'doc', more: object = {}, key?: string): Promise<Row> =>
  (await bench.ask('POST', F, { path, type, ...more }, key)).body as Row
const rows = async (query = ''): Promise<readonly Row[]> =>
  ((await bench.ask('GET', `${F}?${query}`)).body as { results: Row[] }).results
const paths = async (query = ''): Promise<readonly string[]> => (await rows(query)).map(({ path }) => path)

const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)

describe('one row', () => {
  test('is made with its parents, in the shape of the sheet', async () => {
    const meta = { created_by: 1, created_at: '2026-09-01T08:00:00Z' }
    const body = { path: ' Marketing/Revenue ', type: 'dashboard', ref: '4711', href: '/dashboard/4711', meta }
    const made = await bench.ask('POST', F, body)
    expect(made.status).toBe(201)
    const row = {
      id: UUID,
      path: 'Marketing/Revenue',
      depth: 2,
      type: 'dashboard',
      ref: '4711',
      href: '/dashboard/4711',
      meta,
      shortcut: false,
      created_at: '2026-09-02T10:11:12.345Z',
      last_viewed_at: null,
    }
    expect(made.body).toEqual(row)
    expect((await bench.ask('GET', F)).body).toEqual({
      count: 2,
      next: null,
      previous: null,
      results: [{ ...row, path: 'Marketing', depth: 1, type: 'folder', ref: null, href: null, meta: {} }, row],
      users: [
        {
          id: 1,
          uuid: '0194d642-0000-7000-8000-000000000001',
          distinct_id: 'u_1',
          first_name: 'Ada',
          last_name: 'Li',
          email: 'ada@example.com',
          is_email_verified: true,
          hedgehog_config: null,
          role_at_organization: 'engineering',
        },
      ],
    })
  })

  test('is not unique, and other projects do not see it', async () => {
    const first = await add('a/b')
    const second = await add('a/b')
    expect(second.id).not.toBe(first.id)
    expect(await paths()).toEqual(['a', 'a/b', 'a/b'])
    expect(((await bench.ask('GET', `2/${F}`)).body as { count: number }).count).toBe(0)
    expect((await bench.ask('GET', `2/${F}${first.id}/`)).status).toBe(404)
  })

  test('is found by its id through the filters of the list', async () => {
    const { id } = await add('a', 'dashboard')
    expect((await bench.ask('GET', `${F}${id}/?type=dashboard`)).status).toBe(200)
    expect((await bench.ask('GET', `${F}${id}/?type=insight`)).status).toBe(404)
    expect((await bench.ask('PATCH', `${F}${id}/?search=zzz`, { path: 'b' })).status).toBe(404)
    expect((await bench.ask('DELETE', `${F}${id}/?depth=2`)).status).toBe(404)
  })

  test('changes alone: no parents, no children, but its depth', async () => {
    const folder = await add('A', 'folder')
    await add('A/x')
    const moved = await bench.ask('PATCH', `${F}${folder.id}/`, { path: 'B/C', ref: 'r', shortcut: 'yes' })
    expect(moved.body).toMatchObject({ path: 'B/C', depth: 2, type: 'folder', ref: 'r', shortcut: true })
    expect(await paths()).toEqual(['A/x', 'B/C'])
    expect((await bench.ask('PUT', `${F}${folder.id}/`, { type: 'doc' })).body).toMatchObject({
      code: 'required',
      attr: 'path',
    })
    const put = await bench.ask('PUT', `${F}${folder.id}/`, { path: 'D' })
    expect(put.body).toMatchObject({ path: 'D', depth: 1, type: 'folder', ref: 'r' })
  })

  test.each([
    [{ path: null }, 'null', 'path', 'This field may not be null.'],
    [{ path: 'a', type: 'x'.repeat(101) }, 'max_length', 'type', 'Ensure this field has no more than 100 characters.'],
    [{ path: 'a', type: null }, 'null', 'type', 'This field may not be null.'],
    [{ path: 'a', ref: 'x'.repeat(101) }, 'max_length', 'ref', 'Ensure this field has no more than 100 characters.'],
    [{ path: 'a', shortcut: 'perhaps' }, 'invalid_input', 'shortcut', 'Must be a valid boolean.'],
    [{ path: ['a'] }, 'invalid_input', 'path', 'Not a valid string.'],
  ])('%j is refused', async (body, code, attr, detail) => {
    const reply = await bench.ask('POST', F, body)
    expect(reply.status).toBe(400)
    expect(reply.body).toEqual({ type: 'validation_error', code, detail, attr })
  })

  test.each([[null], ['text'], [[]], [7]])('a meta of %j breaks every page that holds it', async (meta) => {
    await add('a')
    const { id } = await add('b', 'doc', { meta })
    const broken = await bench.ask('GET', F)
    expect(broken.status).toBe(500)
    expect(broken.body).toEqual({ type: 'server_error', code: 'error', detail: 'A server error occurred.', attr: null })
    expect(await paths('limit=1')).toEqual(['a'])
    expect((await bench.ask('GET', `${F}${id}/`)).body).toMatchObject({ path: 'b', meta })
    await bench.ask('PATCH', `${F}${id}/`, { meta: {} })
    expect(await paths()).toEqual(['a', 'b'])
  })
})

describe('the grammar of paths', () => {
  test.each([
    ['a', 1],
    ['a/b', 2],
    ['a//b/', 2],
    ['/', 0],
    ['/a', 1],
    ['a\\/b', 1],
    ['a\\/b/c', 2],
    ['a\\\\/b', 2],
    ['a\\\\\\/b', 1],
    ['a\\b/c', 2],
    ['a\\', 1],
    ['ä/😀/c', 3],
  ])('%j has depth %i and is stored as sent', async (path, depth) => {
    expect(await add(path)).toMatchObject({ path, depth })
  })

  test('creating names parents without escapes, and any row at the place will do', async () => {
    await add('a\\/b/c')
    expect((await rows()).map(({ path, depth, type }) => [path, depth, type])).toEqual([
      ['a/b', 1, 'folder'],
      ['a\\/b/c', 2, 'doc'],
    ])
    await add('a/b/d')
    expect(await paths()).toEqual(['a', 'a/b', 'a/b/d', 'a\\/b/c'])
    await add('leaf', 'dashboard')
    await add('leaf/x')
    expect((await rows('path=leaf')).map(({ type }) => type)).toEqual(['dashboard'])
  })

  test('moving and linking name parents with escapes', async () => {
    const { id } = await add('x')
    await bench.ask('POST', `${F}${id}/move/`, { new_path: 'a\\/b/c' })
    expect((await rows()).map(({ path, depth }) => [path, depth])).toEqual([
      ['a\\/b', 1],
      ['a\\/b/c', 2],
    ])
    await bench.ask('POST', `${F}${id}/link/`, { new_path: 'd\\/e/f\\\\/g' })
    expect(await paths('parent=d%5C/e')).toEqual(['d\\/e/f\\\\', 'd\\/e/f\\\\/g'])
  })
})

describe('filters and orders', () => {
  beforeEach(async () => {
    await add('b', 'dashboard', { ref: '1' })
    bench.now += 1000
    await add('A/z', 'insight', { ref: 'q' })
    bench.now += 1000
    await add('a/y', 'hog_function/destination', { ref: '1' })
    bench.now += 1000
    await add('C', 'dashboard', { ref: '1', shortcut: true })
  })

  test.each([
    ['', ['A', 'a', 'a/y', 'A/z', 'b', 'C']],
    ['depth=1', ['A', 'a', 'b', 'C']],
    ['depth=two', ['A', 'a', 'a/y', 'A/z', 'b', 'C']],
    ['path=A/z', ['A/z']],
    ['parent=A', ['A/z']],
    ['parent=a&depth=1', []],
    ['type=dashboard', ['b', 'C']],
    ['not_type=folder', ['a/y', 'A/z', 'b', 'C']],
    ['type__startswith=hog_function/', ['a/y']],
    ['ref=1', ['a/y', 'b', 'C']],
    ['ref=1&order_by=-path', ['a/y', 'b', 'C']],
    ['created_at__gt=2026-09-02T10:11:13.345Z', ['a', 'a/y', 'C']],
    ['created_at__lt=2026-09-02 10:11:13', ['b']],
    ['created_at__lt=2026-09-02T12:11:13%2B02:00', ['b']],
    ['order_by=path', ['A', 'A/z', 'C', 'a', 'a/y', 'b']],
    ['order_by=-path', ['b', 'a/y', 'a', 'C', 'A/z', 'A']],
    ['order_by=created_at', ['b', 'A', 'A/z', 'a', 'a/y', 'C']],
    ['limit=2&offset=1', ['a', 'a/y']],
    ['limit=-1&offset=x', ['A', 'a', 'a/y', 'A/z', 'b', 'C']],
  ])('?%s', async (query, expected) => {
    const found = await paths(query)
    // Rows of one millisecond have no order of their own.
    expect(query === 'order_by=created_at' ? [...found].sort() : found).toEqual(
      query === 'order_by=created_at' ? [...expected].sort() : expected,
    )
  })

  test('one depth has its folders first, one object its shortcuts last', async () => {
    await add('zoo', 'folder')
    expect(await paths('depth=1')).toEqual(['A', 'a', 'zoo', 'b', 'C'])
    await add('0', 'dashboard', { ref: '1', shortcut: true })
    expect(await paths('ref=1')).toEqual(['a/y', 'b', '0', 'C'])
    expect((await paths())[0]).toBe('0')
  })

  test('an unknown order is newest first', async () => {
    expect((await paths('order_by=size'))[0]).toBe('C')
    expect((await paths('order_by=-created_at')).at(-1)).toBe('b')
    expect((await paths('order_by=created_at'))[0]).toBe('b')
  })

  test('a time that is none is a 400', async () => {
    expect((await bench.ask('GET', `${F}?created_at__gt=soon`)).status).toBe(400)
  })

  test('pages link to each other', async () => {
    expect((await bench.ask('GET', `${F}?limit=2&offset=2`)).body).toMatchObject({
      count: 6,
      next: 'http://127.0.0.1/api/projects/1/file_system/?limit=2&offset=4',
      previous: 'http://127.0.0.1/api/projects/1/file_system/?limit=2',
    })
  })
})

describe('the language of searches', () => {
  beforeEach(async () => {
    await add('Marketing/Revenue 2026', 'dashboard', { ref: '4711' })
    await add('Marketing/Q3\\/Q4 plan', 'notebook', { ref: 'nb1' })
    await add('Sales/Revenue', 'insight', { ref: 'in1' }, 'phx_ben')
    await add('Alerts', 'hog_function/destination', { ref: 'u1' })
    await add('time:line', 'doc')
  })

  test.each([
    ['revenue', ['Marketing/Revenue 2026', 'Sales/Revenue']],
    ['REVENUE sales', ['Sales/Revenue']],
    ['board', ['Marketing/Revenue 2026']],
    ['keting/Rev', ['Marketing/Revenue 2026']],
    ['Q3/Q4', ['Marketing/Q3\\/Q4 plan']],
    ['"revenue 2026"', ['Marketing/Revenue 2026']],
    ["'revenue 2026'", ['Marketing/Revenue 2026']],
    ['revenue\\ 2026', ['Marketing/Revenue 2026']],
    ['"revenue 2026', ['Marketing/Revenue 2026']],
    ['-revenue', ['Alerts', 'Marketing', 'Marketing/Q3\\/Q4 plan', 'Sales', 'time:line']],
    ['revenue !sales', ['Marketing/Revenue 2026']],
    ['name:market', ['Marketing']],
    ['name:q3', ['Marketing/Q3\\/Q4 plan']],
    ['name:"revenue 2"', ['Marketing/Revenue 2026']],
    ['path:market', ['Marketing/Q3\\/Q4 plan', 'Marketing/Revenue 2026']],
    ['-path:market name:e', ['Alerts', 'Marketing', 'Sales', 'Sales/Revenue', 'time:line']],
    ['type:dashboard', ['Marketing/Revenue 2026']],
    ['type:dash', []],
    ['type:hog_function/', ['Alerts']],
    ['type:destination', ['Alerts']],
    ['-type:folder revenue', ['Marketing/Revenue 2026', 'Sales/Revenue']],
    ['ref:4711', ['Marketing/Revenue 2026']],
    ['ref:47', []],
    ['user:me revenue', ['Marketing/Revenue 2026']],
    ['user:ben', ['Sales', 'Sales/Revenue']],
    ['author:"ben roy" name:rev', ['Sales/Revenue']],
    ['author:ben@example', ['Sales', 'Sales/Revenue']],
    ['time:line', ['time:line']],
    ['time:lines', []],
    [
      '',
      [
        'Alerts',
        'Marketing',
        'Marketing/Q3\\/Q4 plan',
        'Marketing/Revenue 2026',
        'Sales',
        'Sales/Revenue',
        'time:line',
      ],
    ],
  ])('%s', async (search, expected) => {
    expect(await paths(`search=${encodeURIComponent(search)}`)).toEqual(expected)
  })

  test('search_name_only keeps plain words to the last name', async () => {
    expect(await paths('search=market&search_name_only=true')).toEqual(['Marketing'])
    expect(await paths('search=dashboard&search_name_only=true')).toEqual([])
    expect(await paths('search=path:market&search_name_only=true')).toHaveLength(2)
  })
})

describe('views', () => {
  test('are one per person and object, and order the recents', async () => {
    await add('a', 'dashboard', { ref: '1' })
    await add('b', 'insight', { ref: 'x' })
    await add('c', 'insight', { ref: 'y' })
    const log = (body: object, key?: string) => bench.ask('POST', `${F}log_view/`, body, key)
    const first = await log({ type: 'insight', ref: 'x' })
    expect([first.status, first.body]).toEqual([204, null])
    bench.now += 1000
    await log({ type: 'dashboard', ref: '1' })
    bench.now += 1000
    await log({ type: 'insight', ref: 'x' })
    await log({ type: 'insight', ref: 'y' }, 'phx_ben')
    expect((await bench.ask('GET', `${F}log_view/`)).body).toEqual([
      { type: 'insight', ref: 'x', viewed_at: '2026-09-02T10:11:14.345Z' },
      { type: 'dashboard', ref: '1', viewed_at: '2026-09-02T10:11:13.345Z' },
    ])
    expect((await bench.ask('GET', `${F}log_view/?type=dashboard`)).body).toHaveLength(1)
    expect((await bench.ask('GET', `${F}log_view/?limit=1`)).body).toHaveLength(1)
    const recent = await bench.ask('GET', `${F}?order_by=-last_viewed_at&type=folder&offset=1`)
    expect(recent.body).toMatchObject({
      count: 2,
      next: null,
      previous: null,
      results: [
        { path: 'b', last_viewed_at: '2026-09-02T10:11:14.345Z' },
        { path: 'a', last_viewed_at: '2026-09-02T10:11:13.345Z' },
      ],
    })
    expect(await paths('order_by=last_viewed_at')).toEqual(['a', 'b'])
    expect(await paths('order_by=last_viewed_at&limit=1')).toEqual(['a'])
    expect(await paths('order_by=last_viewed_at&not_type=insight')).toEqual(['a'])
    expect(await paths('order_by=last_viewed_at&search=name:b')).toEqual(['b'])
    expect((await rows())[0]).toMatchObject({ path: 'a', last_viewed_at: null })
  })

  test.each([
    [{ ref: '1' }, 'required', 'type'],
    [{ type: 'dashboard' }, 'required', 'ref'],
    [{ type: 'dashboard', ref: '1', viewed_at: 'now' }, 'invalid_input', 'viewed_at'],
  ])('%j is no view', async (body, code, attr) => {
    expect((await bench.ask('POST', `${F}log_view/`, body)).body).toMatchObject({ code, attr })
  })

  test('even reading them needs the right to write, and a limit of at least one', async () => {
    const refused = await bench.ask('GET', `${F}log_view/`, undefined, 'phx_read')
    expect(refused.body).toMatchObject({ detail: "API key missing required scope 'file_system:write'" })
    expect((await bench.ask('GET', `${F}log_view/?limit=0`)).body).toMatchObject({ code: 'min_value', attr: 'limit' })
  })
})
