/** What moves, copies, counts, files and deletes rows of the tree, and the objects behind them. */
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
  readonly shortcut: boolean
}
// What comes is compared with literals; the casts only spare narrowing on the way there.
const add = async (path: string, type = 'doc', more: object = {}): Promise<Row> =>
  (await bench.ask('POST', F, { path, type, ...more })).body as Row
const rows = async (query = ''): Promise<readonly Row[]> =>
  ((await bench.ask('GET', `${F}?${query}`)).body as { results: Row[] }).results
const paths = async (query = ''): Promise<readonly string[]> => (await rows(query)).map(({ path }) => path)
const idOf = async (path: string): Promise<string> => (await rows(`path=${encodeURIComponent(path)}`))[0]?.id ?? ''
const destroy = async (path: string) => {
  const { status, body } = await bench.ask('DELETE', `${F}${await idOf(path)}/`)
  return { status, body }
}
const unfiled = async (query = '') => (await bench.ask('GET', `${F}unfiled/${query}`)).body

describe('counting', () => {
  test('every row below, folders too, itself not, and none of a namesake', async () => {
    const folder = await add('A', 'folder')
    await add('A/B/x', 'dashboard')
    await add('A/y')
    await add('AB/z')
    await add('A\\/w')
    const entries = [
      expect.objectContaining({ path: 'A/B', depth: 2, type: 'folder', meta: {}, last_viewed_at: null }),
      expect.objectContaining({ path: 'A/y', depth: 2 }),
      expect.objectContaining({ path: 'A/B/x', depth: 3, type: 'dashboard' }),
    ]
    const counted = { status: 200, body: { count: 3, entries, has_more: false } }
    expect(await bench.ask('POST', `${F}${folder.id}/count/`)).toMatchObject(counted)
    expect(await bench.ask('POST', `${F}count_by_path/?path=A`)).toMatchObject(counted)
    expect((await bench.ask('POST', `${F}count_by_path/?path=nowhere`)).body).toEqual({
      count: 0,
      entries: [],
      has_more: false,
    })
  })

  test('the preview ends at 200', async () => {
    const folder = await add('Bulk', 'folder')
    for (let index = 0; index < 201; index += 1) await add(`Bulk/File${index}`)
    const { body } = await bench.ask('POST', `${F}${folder.id}/count/`)
    expect(body).toMatchObject({ count: 201, has_more: true })
    expect((body as { entries: unknown[] }).entries).toHaveLength(200)
  })
})

describe('moving', () => {
  test('a folder takes its descendants along and makes parents', async () => {
    await add('A/B/x')
    await add('AB')
    const moved = await bench.ask('POST', `${F}${await idOf('A')}/move/`, { new_path: 'C/D' })
    expect(moved).toMatchObject({ status: 200, body: { path: 'C/D', depth: 2, type: 'folder' } })
    expect((await rows()).map(({ path, depth }) => [path, depth])).toEqual([
      ['AB', 1],
      ['C', 1],
      ['C/D', 2],
      ['C/D/B', 3],
      ['C/D/B/x', 4],
    ])
  })

  test('a folder merges into one that is there, and is gone', async () => {
    await add('A/x')
    await add('C/y')
    const moved = await bench.ask('POST', `${F}${await idOf('A')}/move/`, { new_path: 'C' })
    expect(moved).toMatchObject({ status: 200, body: { id: null, path: 'A', type: 'folder' } })
    expect(await paths()).toEqual(['C', 'C/x', 'C/y'])
  })

  test('a file may share its place', async () => {
    const { id } = await add('x')
    await add('y')
    expect((await bench.ask('POST', `${F}${id}/move/`, { new_path: 'y' })).body).toMatchObject({ id, path: 'y' })
    expect(await paths()).toEqual(['y', 'y'])
    expect((await bench.ask('POST', `${F}${id}/move/`, { new_path: 'y' })).status).toBe(200)
  })

  test.each(['move', 'link'])('a folder cannot %s into itself', async (action) => {
    const { id } = await add('A', 'folder')
    expect(await bench.ask('POST', `${F}${id}/${action}/`, { new_path: 'A' })).toMatchObject({
      status: 400,
      body: { detail: `Cannot ${action} folder into itself` },
    })
    const lost = await bench.ask('POST', `${F}0194d642-0000-7000-8000-000000000001/${action}/`, { new_path: 'A' })
    expect(lost.status).toBe(404)
    expect((await bench.ask('POST', `${F}${id}/${action}/`, {})).body).toEqual({ detail: 'new_path is required' })
  })
})

describe('linking', () => {
  test('copies a file as a shortcut', async () => {
    const { id } = await add('x', 'dashboard', { ref: '1' })
    const link = (await bench.ask('POST', `${F}${id}/link/`, { new_path: 'L/x' })).body as Row
    expect(link).toMatchObject({ path: 'L/x', depth: 2, type: 'dashboard', ref: '1', shortcut: true })
    expect(link.id).not.toBe(id)
    expect((await rows()).map(({ path, shortcut }) => [path, shortcut])).toEqual([
      ['L', false],
      ['L/x', true],
      ['x', false],
    ])
  })

  test('copies a folder with all below it, or only what is below into one that is there', async () => {
    await add('A/B/x')
    await bench.ask('POST', `${F}${await idOf('A')}/link/`, { new_path: 'L' })
    expect(await paths('parent=L')).toEqual(['L/B', 'L/B/x'])
    expect((await rows('search=path:L')).every(({ shortcut }) => shortcut)).toBe(true)
    await add('M', 'folder')
    const into = await bench.ask('POST', `${F}${await idOf('A')}/link/`, { new_path: 'M' })
    expect(into.body).toMatchObject({ path: 'M', shortcut: false })
    expect(await rows('path=M')).toHaveLength(1)
    expect(await paths('parent=M')).toEqual(['M/B', 'M/B/x'])
  })
})

describe('filing what is not filed', () => {
  test('makes a row per object once, below Unfiled', async () => {
    expect(await unfiled('?type=dashboard')).toEqual({ count: 2 })
    expect(await rows('type=dashboard')).toMatchObject([
      {
        path: 'Unfiled/Dashboards/Product overview',
        depth: 3,
        ref: '1',
        href: '/dashboard/1',
        meta: { created_by: 1, created_at: '2025-01-01T00:00:00Z' },
      },
      { path: 'Unfiled/Dashboards/Revenue', ref: '2' },
    ])
    expect(await unfiled()).toEqual({ count: 7 })
    expect(await unfiled()).toEqual({ count: 0 })
    expect(await paths('type=notebook')).toEqual(['Unfiled/Notebooks/Q3\\/Q4 research'])
    expect(await paths('type=hog_function/destination')).toEqual(['Unfiled/Destinations/Alerts to chat'])
  })

  test('puts folders right that a change orphaned', async () => {
    const { id } = await add('A', 'folder')
    await add('A/x')
    await bench.ask('PATCH', `${F}${id}/`, { path: 'B' })
    expect(await paths()).toEqual(['A/x', 'B'])
    await unfiled('?type=none')
    expect(await paths()).toEqual(['A', 'A/x', 'B'])
  })

  test('an object that a row names already is filed, a shortcut does not count', async () => {
    await add('here', 'dashboard', { ref: '1' })
    await add('there', 'dashboard', { ref: '2', shortcut: true })
    expect(await unfiled('?type=dashboard')).toEqual({ count: 1 })
  })
})

describe('deleting', () => {
  test('the last row takes the object along, and says how to get it back', async () => {
    await add('Marketing/Revenue', 'dashboard', { ref: '2' })
    expect(await destroy('Marketing/Revenue')).toEqual({
      status: 200,
      body: {
        deleted: [
          {
            type: 'dashboard',
            ref: '2',
            mode: 'soft',
            undo: 'Send PATCH /api/projects/@current/dashboards/{id} with deleted=false.',
            path: 'Marketing/Revenue',
            can_undo: true,
          },
        ],
      },
    })
    expect(await paths()).toEqual(['Marketing'])
    // The object is gone: nothing is left to file but the other dashboard.
    expect(await unfiled('?type=dashboard')).toEqual({ count: 1 })
  })

  test('a shortcut, a second row and a row of nothing go alone', async () => {
    await add('a', 'dashboard', { ref: '1' })
    await add('b', 'dashboard', { ref: '1' })
    await add('s', 'dashboard', { ref: '1', shortcut: true })
    await add('never', 'dashboard', { ref: '999' })
    const alone = { status: 204, body: null }
    expect(await destroy('s')).toEqual(alone)
    expect(await destroy('a')).toEqual(alone)
    expect(await destroy('never')).toEqual(alone)
    expect(await destroy('b')).toMatchObject({ status: 200, body: { deleted: [{ ref: '1', path: 'b' }] } })
    expect(await paths()).toEqual([])
  })

  test('a shortcut that is left does not keep the object', async () => {
    await add('a', 'insight', { ref: 'kPq3wZ8a' })
    await add('s', 'insight', { ref: 'kPq3wZ8a', shortcut: true })
    expect(await destroy('a')).toMatchObject({ status: 200, body: { deleted: [{ type: 'insight' }] } })
    expect(await paths()).toEqual(['s'])
  })

  test('a shortcut goes alone also when it is the only row of its object', async () => {
    await add('s', 'dashboard', { ref: '1', shortcut: true })
    expect(await destroy('s')).toEqual({ status: 204, body: null })
    expect(await unfiled('?type=dashboard')).toEqual({ count: 2 })
  })

  test('rows without a reference are no rows of the same', async () => {
    await add('a', 'dashboard')
    await add('b', 'dashboard')
    expect((await destroy('a')).status).toBe(400)
  })

  test('a folder takes everything, and two rows of one object in it count once', async () => {
    await add('A/one', 'dashboard', { ref: '1' })
    await add('A/B/two', 'dashboard', { ref: '1' })
    await add('A/survey', 'survey', { ref: '0194d643-0000-7000-8000-000000000001' })
    await add('A2', 'dashboard', { ref: '2' })
    const { status, body } = await destroy('A')
    expect(status).toBe(200)
    expect(body).toEqual({
      deleted: [
        expect.objectContaining({ type: 'dashboard', ref: '1', path: 'A/B/two' }),
        expect.objectContaining({ type: 'survey', mode: 'hard', can_undo: false }),
      ],
    })
    expect(await paths()).toEqual(['A2'])
  })

  test('an empty folder is 204', async () => {
    await add('A', 'folder')
    expect(await destroy('A')).toEqual({ status: 204, body: null })
  })

  test.each([
    ['doc-file', { ref: '1' }, "Cannot delete resources with type 'doc-file'."],
    ['dashboard', {}, "Cannot delete type 'dashboard' without a reference."],
    ['dashboard', { ref: '' }, "Cannot delete type 'dashboard' without a reference."],
  ])('a %s that cannot be deleted keeps its whole folder', async (type, more, detail) => {
    await add('A/a', 'dashboard', { ref: '1' })
    await add('A/z', type, more)
    expect(await destroy('A')).toEqual({
      status: 400,
      body: { type: 'validation_error', code: 'invalid_input', detail, attr: 'detail' },
    })
    expect(await paths()).toEqual(['A', 'A/a', 'A/z'])
    expect(await unfiled('?type=dashboard')).toEqual({ count: 1 })
  })
})

describe('undoing', () => {
  const undo = async (items: unknown) => {
    const { status, body } = await bench.ask('POST', `${F}undo_delete/`, { items })
    return { status, body }
  }
  const refused = {
    status: 400,
    body: {
      type: 'validation_error',
      code: 'invalid_input',
      detail: 'An internal error occurred during undo delete.',
      attr: 'detail',
    },
  }

  beforeEach(async () => {
    await add('A/one', 'dashboard', { ref: '1' })
    await add('A/two', 'insight', { ref: 'kPq3wZ8a' })
    await add('A/three', 'survey', { ref: '0194d643-0000-7000-8000-000000000001' })
    expect((await destroy('A')).status).toBe(200)
  })

  test('brings objects back, where they were or below Unfiled', async () => {
    const items = [
      { type: 'dashboard', ref: '1', path: 'A\\/B/one' },
      { type: 'insight', ref: 'kPq3wZ8a' },
    ]
    expect(await undo(items)).toEqual({
      status: 200,
      body: {
        undone: [
          { type: 'dashboard', ref: '1' },
          { type: 'insight', ref: 'kPq3wZ8a' },
        ],
      },
    })
    expect(await paths('not_type=folder')).toEqual(['A\\/B/one', 'Unfiled/Insights/Weekly sign-ups'])
    expect(await paths('depth=1')).toEqual(['A\\/B', 'Unfiled'])
    expect(await undo(items.slice(0, 1))).toEqual(refused)
    expect(await destroy('A\\/B/one')).toMatchObject({ status: 200 })
  })

  const good = { type: 'dashboard', ref: '1' }
  test.each([
    ['no list', undefined],
    ['a word', 'all'],
    ['one that was not deleted', [good, { type: 'dashboard', ref: '2' }]],
    ['one that never was', [good, { type: 'dashboard', ref: '77' }]],
    ['one that is gone for good', [good, { type: 'survey', ref: '0194d643-0000-7000-8000-000000000001' }]],
    ['one twice', [good, good]],
    ['something else', [good, 'dashboard']],
    ['a path that is none', [{ ...good, path: 7 }]],
  ])('%s restores nothing', async (_, items) => {
    expect(await undo(items)).toEqual(refused)
    expect(await paths()).toEqual([])
    expect(await undo([good])).toMatchObject({ status: 200 })
  })
})

describe('the generations', () => {
  const other = async (options: Parameters<typeof openBench>[0]) => {
    await bench.close()
    bench = await openBench(options)
  }
  const UNSUPPORTED = 'This action does not support personal API key access'
  const ACTIONS = [
    ['POST', `${F}count_by_path/?path=A`],
    ['GET', `${F}unfiled/`],
    ['GET', `${F}log_view/`],
    ['POST', `${F}log_view/`],
    ['POST', `${F}0194d642-0000-7000-8000-000000000001/count/`],
    ['POST', `${F}0194d642-0000-7000-8000-000000000001/move/`],
    ['POST', `${F}0194d642-0000-7000-8000-000000000001/link/`],
    ['POST', `${F}undo_delete/`],
  ] as const

  test.each(ACTIONS)('F1 keeps keys from %s %s', async (method, path) => {
    await other({ editions: { files: 'F1' } })
    expect(await bench.ask(method, path)).toMatchObject({ status: 403, body: { detail: UNSUPPORTED } })
  })

  test.each(ACTIONS)('F2 has a scope for %s %s', async (method, path) => {
    const reply = await bench.ask(method, path, undefined, 'phx_ben')
    expect(reply.status).not.toBe(403)
  })

  test('F1 counts with a number, deletes rows only, knows no undo', async () => {
    await other({ editions: { files: 'F1' }, sessionActions: true })
    await add('A/one', 'dashboard', { ref: '1' })
    await add('A/x', 'doc-file')
    expect((await bench.ask('POST', `${F}count_by_path/?path=A`)).body).toEqual({ count: 2 })
    expect(await destroy('A')).toEqual({ status: 204, body: null })
    expect(await paths()).toEqual([])
    expect(await unfiled('?type=dashboard')).toEqual({ count: 2 })
    expect(await bench.ask('POST', `${F}undo_delete/`, { items: [] })).toMatchObject({
      status: 405,
      body: { detail: 'Method "POST" not allowed.' },
    })
    const all = await bench.ask('GET', `${F}?order_by=-last_viewed_at&type=dashboard&limit=1`)
    expect(all.body).toMatchObject({ count: 2, results: [{ type: 'dashboard', last_viewed_at: null }] })
    expect((all.body as { next: string }).next).toContain('offset=1')
  })

  test('N adds the access level and another text', async () => {
    await other({ editions: { warehouse: 'N' } })
    expect(await add('a', 'dashboard', { ref: '1' })).toMatchObject({ user_access_level: 'manager' })
    expect(await add('b')).toMatchObject({ user_access_level: null })
    expect((await bench.ask('POST', `${F}undo_delete/`, { items: [7] })).body).toMatchObject({
      detail: "Couldn't restore this. It may already be restored, or you may not have access to it.",
    })
    await other({})
    expect(await add('a')).not.toHaveProperty('user_access_level')
  })
})
