/** Faults on demand and the admin door, over a real socket: a reset or a flood cannot be told from within a process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FaultBook } from '../../src/local/faults/fault-book.ts'
import { matchesPath, readFaults } from '../../src/local/faults/fault-rules.ts'
import { startLocal } from '../../src/local/start.ts'
import { askAdmin } from './admin-door.ts'
import { type Client, hogql, startClient } from './http-client.ts'

const T = '/api/projects/1/warehouse_tables'
let client: Client

beforeAll(async () => {
  client = await startClient({ admin: true })
})
afterEach(() => askAdmin(client, 'DELETE', 'faults'))
afterAll(() => client.local.close())

const fault = async (...faults: unknown[]): Promise<void> => {
  expect((await askAdmin(client, 'POST', 'faults', { faults })).status).toBe(201)
}
const get = (path: string, key = client.local.key): Promise<Response> =>
  fetch(`${client.local.origin}${path}`, { headers: { authorization: `Bearer ${key}` } })

describe('what a rule answers with', () => {
  test.each([
    [500, 'error', 'A server error occurred.', null],
    [503, 'database_unavailable', "We couldn't reach the database just now. Please try again in a moment.", '1'],
    [429, 'throttled', 'Request was throttled. Expected available in 12 seconds.', '12'],
    [404, 'not_found', 'Not found.', null],
  ])('%i in the shape of PostHog', async (status, code, detail, retryAfter) => {
    await fault({ path: '/api/users/@me', status })
    const response = await get('/api/users/@me/')
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code, detail, attr: null })
    expect(response.headers.get('retry-after')).toBe(retryAfter)
    expect((await get('/api/users/@me/')).status).toBe(200)
  })

  test('a page, nothing, and a Retry-After of one’s own', async () => {
    await fault(
      { path: '/api/users/@me', status: 502, body: 'html' },
      { path: '/api/users/@me', nth: 2, status: 503, body: 'empty', retry_after: 7 },
    )
    const page = await get('/api/users/@me/')
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8'])
    expect(await page.text()).toContain('<h1>502</h1>')
    const empty = await get('/api/users/@me/')
    expect([empty.status, empty.headers.get('retry-after'), await empty.text()]).toEqual([503, '7', ''])
  })

  test('a reset connection', async () => {
    await fault({ path: `${T}/**`, reply: 'reset' })
    await expect(get(`${T}/`)).rejects.toThrow('fetch failed')
    expect((await get(`${T}/`)).status).toBe(200)
  })

  test('half of the true JSON, and noise', async () => {
    await fault({ path: `${T}`, reply: 'truncated' }, { path: T, nth: 2, reply: 'garbage' })
    const half = await get(`${T}/`)
    expect(half.status).toBe(200)
    expect(await half.text()).toMatch(/^\{"count":0,"next":null/)
    await expect((await get(`${T}/`)).json()).rejects.toThrow(SyntaxError)
  })

  test('a flood of 50 MB that a reader can leave', async () => {
    await fault({ path: T, reply: 'flood', times: 2 })
    const text = await (await get(`${T}/`)).text()
    expect(text.length).toBe(50 * 1024 * 1024 + '{"results":[""]}'.length)
    expect(JSON.parse(text)).toMatchObject({ results: [expect.stringMatching(/^x{100}/)] })
    const reader = (await get(`${T}/`)).body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect((await get(`${T}/`)).status).toBe(200)
  })

  test('a delay by the clock that can be pushed', async () => {
    await fault({ path: T, delay_ms: 600_000 })
    let answered = false
    const slow = get(`${T}/`).then((response) => {
      answered = true
      return response.status
    })
    // The rule has counted the call: from here on it waits.
    const counted = async () => (await askAdmin(client, 'GET', 'faults')).body.faults
    while (JSON.stringify(await counted()).includes('"matched":0')) await new Promise(setImmediate)
    expect(answered).toBe(false)
    await askAdmin(client, 'POST', 'clock', { advance_ms: 600_000 })
    expect(await slow).toBe(200)
  })
})

describe('which calls a rule hits', () => {
  test('it needs no key, and nothing was done', async () => {
    await fault({ method: 'POST', path: '/api/projects/*/warehouse_saved_queries', status: 504 })
    const body = { name: 'not_made', query: hogql('select 1 as one') }
    expect((await client.call('POST', 'warehouse_saved_queries/', body, 'phx_wrong')).status).toBe(504)
    expect((await client.call('GET', 'warehouse_saved_queries/?search=not_made')).body).toMatchObject({ count: 0 })
  })

  test('with carried_out the work is done and only its answer lost', async () => {
    await fault({ method: 'POST', path: '/api/projects/*/warehouse_saved_queries', reply: 'reset', carried_out: true })
    const body = { name: 'made', query: hogql('select 1 as one') }
    await expect(client.call('POST', 'warehouse_saved_queries/', body)).rejects.toThrow('fetch failed')
    expect((await client.call('GET', 'warehouse_saved_queries/?search=made')).body).toMatchObject({ count: 1 })
  })

  test('the second and third of a kind, and every one', () => {
    const book = new FaultBook()
    book.add(readFaults({ faults: [{ method: 'GET', path: '/a/*', nth: 2, times: 2, status: 500 }] }))
    const hits = ['/a/1', '/a/2', '/b/1', '/a/3', '/a/4'].map((path) => book.next('GET', path)?.status)
    expect(hits).toEqual([undefined, 500, undefined, 500, undefined])
    expect(book.next('POST', '/a/1')).toBeUndefined()
    book.clear()
    book.add(readFaults({ faults: [{ path: '/**', times: null, status: 503 }] }))
    expect(['/a', '/b/c/', '/'].map((path) => book.next('GET', path)?.status)).toEqual([503, 503, 503])
  })

  test.each([
    ['/api/*/x', '/api/1/x', true],
    ['/api/*/x', '/api/1/2/x', false],
    ['/api/**/x', '/api/1/2/x', true],
    ['/api/x', '/api/x/', true],
    ['/api/x/', '/api/x', true],
    ['/api/x', '/api/xy', false],
    ['/api/**', '/api', true],
    ['/api/**', '/apis', false],
    ['/a.c', '/abc', false],
    ['/@me(1)', '/@me(1)', true],
  ])('%s and %s', (pattern, path, fits) => expect(matchesPath(pattern, path)).toBe(fits))
})

describe('wrong rules', () => {
  test.each([
    [{}, 'faults: '],
    [{ faults: [{ path: '/x' }] }, 'a fault needs a status, a reply or a delay_ms'],
    [{ faults: [{ path: 'x', status: 500 }] }, 'faults.0.path'],
    [{ faults: [{ path: '/x', status: 500, reply: 'reset' }] }, 'exclude each other'],
    [{ faults: [{ path: '/x', reply: 'reset', body: 'html' }] }, 'need a status'],
    [{ faults: [{ path: '/x', status: 500, statsu: 1 }] }, 'statsu'],
  ])('%j', (rules, why) => expect(() => readFaults(rules)).toThrow(why))

  test('in a file they keep the warehouse from starting, and a right file is in force from the start', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'faults-'))
    const file = join(directory, 'faults.json')
    await expect(startLocal({ faults: file })).rejects.toThrow(`The faults cannot be read from ${file}.`)
    await writeFile(file, '{')
    await expect(startLocal({ faults: file })).rejects.toThrow(`The faults in ${file} are not JSON.`)
    await writeFile(file, '{"faults":[{"path":"/api/users/@me","status":513}]}')
    const local = await startLocal({ faults: file })
    const response = await fetch(`${local.origin}/api/users/@me/`)
    expect(response.status).toBe(513)
    expect(await response.json()).toMatchObject({ code: 'clickhouse_memory_limit_exceeded' })
    expect((await fetch(`${local.origin}/_admin/faults`)).status).toBe(404)
    await local.close()
    await rm(directory, { recursive: true })
  })
})

describe('the admin door', () => {
  test('opens to its own token only', async () => {
    const wrong = [undefined, '', 'adm_x', client.local.key].map((token) =>
      askAdmin(client, 'GET', 'faults', undefined, token ?? 'none'),
    )
    for (const answer of await Promise.all(wrong)) {
      expect(answer).toEqual({ status: 403, body: { error: 'The header X-Admin-Token is missing or wrong.' } })
    }
    expect(client.local.adminToken).toMatch(/^adm_\w{40,}$/)
  })

  test('makes keys with fewer rights', async () => {
    const made = await askAdmin(client, 'POST', 'keys', { label: 'x', scopes: ['query:read'], projects: [2] })
    expect(made).toEqual({ status: 201, body: { key: expect.stringMatching(/^phx_/) } })
    const key = String(made.body.key)
    expect(await (await get('/api/projects/1/query/x/', key)).json()).toMatchObject({
      detail: 'API key does not have access to the requested project: ID 1.',
    })
    expect(await (await get('/api/projects/2/query/x/', key)).json()).toMatchObject({
      detail: 'Query x not found for team 2',
    })
  })

  test.each([
    ['keys', {}, 'label: '],
    ['keys', { label: 'x', scopes: ['*'], owner: 'nobody' }, 'owner: '],
    ['keys', { label: 'x', scopes: ['*'], projects: [99] }, 'projects.0: '],
    ['clock', { advance_ms: -1 }, 'advance_ms: '],
    ['clock', undefined, 'body: '],
    ['faults', { faults: 1 }, 'The faults are not usable: faults: '],
  ])('refuses wrong %s: %j', async (path, body, why) => {
    const answer = await askAdmin(client, 'POST', path, body)
    expect(answer.status).toBe(400)
    expect(answer.body.error).toContain(why)
  })
})
