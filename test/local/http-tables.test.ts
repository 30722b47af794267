/** The life of tables: made from a file, read, changed, uploaded over, deleted. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, hogql, startClient } from './http-client.ts'

let client: Client
let directory: string
let allowed: string

const P = 'warehouse_tables'
const credential = { access_key: 'AKIA-marker', access_secret: 'secret-marker' }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'http-tables-'))
  allowed = join(directory, 'allowed')
  await mkdir(allowed)
  await writeFile(join(allowed, 'orders.csv'), 'id,amount,note\n1,2.5,first\n2,4,"sec""ond"\n3,1,third\n')
  await writeFile(join(allowed, 'broken.csv'), 'a,b\n1,2\n3,4,5,6\n')
  await writeFile(join(directory, 'secret.csv'), 'a\n1\n')
  await symlink(join(directory, 'secret.csv'), join(allowed, 'link.csv'))
  client = await startClient({ allowDirs: [allowed], sessionActions: 'allow' })
})
afterAll(async () => {
  await client?.local.close()
  await rm(directory, { recursive: true })
})

const file = (name: string, path: string) => ({
  name,
  format: 'CSVWithNames',
  url_pattern: `file://${path}`,
  credential,
})

test('a table lives from its creation to its deletion', async () => {
  const made = await client.call('POST', `${P}/`, file('orders', join(allowed, 'orders.csv')))
  expect(made).toMatchObject({
    status: 201,
    body: {
      name: 'orders',
      format: 'CSVWithNames',
      deleted: false,
      options: {},
      hogql_name: 'orders',
      created_via: 'api',
      created_by: { id: 1, email: 'ada@example.com', hedgehog_config: null },
      credential: { id: expect.any(String), created_by: null, created_at: expect.any(String) },
      external_data_source: null,
      external_schema: null,
      user_access_level: 'manager',
      columns: [
        { key: 'id', name: 'id', type: 'integer', schema_valid: true },
        { key: 'amount', name: 'amount', type: 'float', schema_valid: true },
        { key: 'note', name: 'note', type: 'string', schema_valid: true },
      ],
    },
  })
  expect(JSON.stringify(made.body)).not.toMatch(/marker/)
  expect(await client.rows('select id, amount, note from orders order by id')).toEqual([
    [1, 2.5, 'first'],
    [2, 4, 'sec"ond'],
    [3, 1, 'third'],
  ])

  const one = `${P}/${made.body.id}`
  expect(await client.call('GET', one)).toMatchObject({ status: 200, body: { name: 'orders' } })
  expect((await client.call('POST', `${one}/update_schema/`, { updates: { amount: 'string' } })).status).toBe(200)
  expect(await client.call('GET', one)).toMatchObject({
    body: { columns: [{}, { name: 'amount', type: 'string' }, {}] },
  })
  expect(await client.rows('select amount from orders order by id limit 1')).toEqual([['2.5']])
  expect(await client.call('POST', `${one}/refresh_schema/`)).toMatchObject({ status: 200, body: null })
  expect(await client.call('GET', one)).toMatchObject({
    body: { columns: [{}, { name: 'amount', type: 'float' }, {}] },
  })

  expect(await client.call('PATCH', one, { name: 'sales' })).toMatchObject({ status: 200, body: { name: 'sales' } })
  expect(await client.rows('select count() from sales')).toEqual([[3]])
  expect(await client.rows('select count() from orders')).toMatchObject({ type: 'validation_error' })

  expect(await client.call('DELETE', `${one}/`)).toMatchObject({ status: 204, body: null })
  expect((await client.call('GET', one)).status).toBe(404)
  expect(await client.rows('select count() from sales')).toMatchObject({ type: 'validation_error' })
  const again = await client.call('POST', `${P}/`, file('sales', join(allowed, 'orders.csv')))
  expect(again.status).toBe(201)
  await client.call('DELETE', `${P}/${again.body.id}/`)
})

test('a column that cannot be read as its type is marked, the others are not', async () => {
  const made = await client.call('POST', `${P}/`, file('typed', join(allowed, 'orders.csv')))
  const one = `${P}/${made.body.id}`
  expect((await client.call('POST', `${one}/update_schema/`, { updates: { note: 'integer' } })).status).toBe(200)
  expect(await client.call('GET', one)).toMatchObject({
    body: { columns: [{ name: 'id' }, { name: 'amount' }, { name: 'note', type: 'integer', schema_valid: false }] },
  })
})

test('update_schema is all or nothing, and a wrongly cased type is the crash it is upstream', async () => {
  const made = await client.call('POST', `${P}/`, file('atomic', join(allowed, 'orders.csv')))
  const one = `${P}/${made.body.id}`
  const before = (await client.call('GET', one)).body
  const updates = { id: 'float', nope: 'float' }
  expect((await client.call('POST', `${one}/update_schema/`, { updates })).status).toBe(400)
  expect((await client.call('POST', `${one}/update_schema/`, { updates: { id: 'Float' } })).status).toBe(500)
  expect((await client.call('POST', `${one}/update_schema/`, {})).status).toBe(200)
  expect((await client.call('POST', `${one}/update_schema/`, { updates: {} })).status).toBe(200)
  expect((await client.call('GET', one)).body).toEqual(before)
})

test.each([
  [
    'outside the folders',
    () => join(directory, 'secret.csv'),
    'The local warehouse reads files only below the folders it was started with.',
  ],
  [
    'dots out of the folder',
    () => `${allowed}/../secret.csv`,
    'The local warehouse reads files only below the folders it was started with.',
  ],
  [
    'encoded dots',
    () => `${allowed}/%2e%2e/secret.csv`,
    'The local warehouse reads files only below the folders it was started with.',
  ],
  [
    'a link out of the folder',
    () => join(allowed, 'link.csv'),
    'The local warehouse reads files only below the folders it was started with.',
  ],
  ['a file that is not there', () => join(allowed, 'none.csv'), "The provided file doesn't exist in the bucket"],
  ['a pattern', () => join(allowed, '*.csv'), "The provided file doesn't exist in the bucket"],
])('%s is no table', async (_why, path, detail) => {
  expect(await client.call('POST', `${P}/`, file('outside', path()))).toMatchObject({
    status: 400,
    body: { code: 'invalid_input', attr: 'url_pattern', detail },
  })
})

test('a file that cannot be read says why', async () => {
  expect(await client.call('POST', `${P}/`, file('broken', join(allowed, 'broken.csv')))).toMatchObject({
    status: 400,
    body: { attr: null, detail: expect.stringMatching(/^(The provided file has rows|Could not get columns)/) },
  })
  expect(
    await client.call('POST', `${P}/`, { ...file('broken', join(allowed, 'orders.csv')), format: 'Parquet' }),
  ).toMatchObject({ status: 400, body: { attr: null, detail: 'The provided file is not in Parquet format' } })
})

test.each([
  ['http', 'http://example.com/x.csv', 'URL pattern must use https.'],
  ['no host', 'https:///x.csv', /hostname/],
  ['wildcard bucket', 'https://s3.eu-west-1.amazonaws.com/my-*/x.csv', /bucket/],
  ['encoded bucket', 'https://s3.amazonaws.com/my%2Dbucket/x.csv', /bucket/],
  ['our storage', 'https://local-warehouse.storage.invalid/managed/team_2/x.csv', /PostHog manages/],
  ['decimal loopback', 'https://2130706433/x.csv', /internal IP/],
  ['mapped loopback', 'https://[::ffff:127.0.0.1]/x.csv', /internal IP/],
  ['6to4 of a private address', 'https://[2002:a00:1::]/x.csv', /internal IP/],
  ['unique local', 'https://[fd00::1]/x.csv', /internal IP/],
  ['wildcard DNS', 'https://10.0.0.1.nip.io/x.csv', /internal IP/],
  ['a dot after localhost', 'https://localhost./x.csv', 'URL pattern hostname is not allowed.'],
  ['our storage with a dot', 'https://local-warehouse.storage.invalid./x.csv', /PostHog manages/],
  ['our bucket behind dots', 'https://s3.amazonaws.com/x/%2e%2e/local-warehouse/x.csv', /PostHog manages/],
  ['userinfo', 'https://example.com@127.0.0.1/x.csv', 'URL pattern must include a valid hostname.'],
  ['a backslash', 'https://example.com\\@127.0.0.1/x.csv', 'URL pattern must include a valid hostname.'],
  ['a tab', 'https://example.com\t/x.csv', 'URL pattern must include a valid hostname.'],
  ['a list of hosts', 'https://{a,b}.example.com/x.csv', 'URL pattern must include a valid hostname.'],
])('url_pattern: %s is refused', async (_why, url_pattern, detail) => {
  const body = { ...file('url', '/x'), url_pattern }
  const answer = await client.call('POST', `${P}/`, body)
  expect(answer).toMatchObject({
    status: 400,
    body: { attr: 'url_pattern', detail: detail instanceof RegExp ? expect.stringMatching(detail) : detail },
  })
})

test('fields are judged in order, and the first wrong one is told', async () => {
  expect(await client.call('POST', `${P}/`, {})).toMatchObject({
    status: 400,
    body: { code: 'required', attr: 'name' },
  })
  expect(await client.call('POST', `${P}/`, { name: 'x'.repeat(129) })).toMatchObject({
    body: { code: 'max_length', attr: 'name', detail: 'Ensure this field has no more than 128 characters.' },
  })
  expect(await client.call('POST', `${P}/`, { name: 'ok' })).toMatchObject({
    body: { code: 'required', attr: 'format' },
  })
  expect(
    await client.call('POST', `${P}/`, { ...file('ok', join(allowed, 'orders.csv')), credential: { access_key: 'a' } }),
  ).toMatchObject({ body: { code: 'required', attr: 'credential__access_secret' } })
})

test('CSV, JSON and Parquet uploads are real tables, and a second upload of a name replaces the first', async () => {
  expect((await client.upload('people', 'people.csv', 'id,name\n1,Ada\n2,Ben\n')).status).toBe(201)
  expect(await client.rows('select name from people order by id')).toEqual([['Ada'], ['Ben']])

  const json = await client.upload('clicks', 'clicks.json', '{"page":"/","n":3}\n{"page":"/x","n":4}\n', 'JSONEachRow')
  expect(json).toMatchObject({
    status: 201,
    body: {
      columns: [
        { name: 'page', type: 'string' },
        { name: 'n', type: 'integer' },
      ],
    },
  })
  expect(await client.rows('select sum(n) from clicks')).toEqual([[7]])

  const parquet = join(directory, 'made.parquet')
  const script = `require('chdb').query("SELECT 7 AS id, 'seven' AS label INTO OUTFILE '${parquet}' FORMAT Parquet")`
  await promisify(execFile)(process.execPath, ['-e', script])
  const binary = await client.upload('numbers', 'numbers.parquet', new Uint8Array(await readFile(parquet)), 'Parquet')
  expect(binary).toMatchObject({ status: 201, body: { columns: [{ name: 'id', type: 'integer' }, { name: 'label' }] } })
  expect(await client.rows('select id, label from numbers')).toEqual([[7, 'seven']])

  const second = await client.upload('people', 'people2.csv', 'id,city\n9,Oslo\n')
  expect(second).toMatchObject({ status: 201, body: { columns: [{ name: 'id' }, { name: 'city' }] } })
  expect(await client.rows('select * from people')).toEqual([[9, 'Oslo']])
  const found = await client.call('GET', `${P}/?search=people`)
  expect(found.body).toMatchObject({ count: 1, results: [{ id: second.body.id }] })
})

test('an upload that cannot be read changes nothing', async () => {
  expect((await client.upload('kept', 'kept.csv', 'id\n1\n')).status).toBe(201)
  expect(await client.upload('kept', 'kept.csv', 'not parquet', 'Parquet')).toMatchObject({
    status: 400,
    body: { message: 'Failed to upload file' },
  })
  expect(await client.rows('select id from kept')).toEqual([[1]])
})

test('uploads are checked in upstream order', async () => {
  const empty = new FormData()
  empty.set('name', 'x')
  expect((await client.call('POST', `${P}/file/`, empty)).body).toEqual({ message: 'No file provided' })
  expect((await client.upload(undefined, 'x.csv', 'a\n1\n')).body).toEqual({
    message: expect.stringMatching(/^Table names must/),
  })
  expect((await client.upload('bad-name', 'x.csv', 'a\n1\n', 'XLS')).body).toEqual({
    message: 'Invalid format. Must be one of: CSV, CSVWithNames, Delta, DeltaS3Wrapper, JSONEachRow, Parquet',
  })
  expect((await client.upload('big', 'big.csv', `a\n${'1'.repeat(52_428_800)}`)).body).toEqual({
    message: 'File size exceeds maximum allowed size of 50MB',
  })
  expect((await client.upload('huge', 'huge.csv', `a\n${'1'.repeat(60_000_000)}`)).body).toEqual({
    message: 'File size exceeds maximum allowed size of 50MB',
  })
  expect((await client.upload('events', 'events.csv', 'a\n1\n')).status).toBe(400)
  expect(await client.call('POST', `${P}/file/`, { name: 'x' })).toMatchObject({
    status: 415,
    body: { detail: 'Unsupported media type "application/json" in request.' },
  })
})

test('an uploaded table keeps its place and takes no key', async () => {
  const { body } = await client.upload('placed', 'placed.csv', 'id\n1\n')
  const one = `${P}/${body.id}/`
  expect((await client.call('PATCH', one, { url_pattern: body.url_pattern })).status).toBe(200)
  expect(await client.call('PATCH', one, { url_pattern: 'https://example.com/x.csv' })).toMatchObject({
    status: 400,
    body: { attr: 'url_pattern', detail: expect.stringMatching(/^PostHog manages where this table reads from/) },
  })
  expect(await client.call('PATCH', one, { credential })).toMatchObject({
    status: 400,
    body: { attr: null, detail: expect.stringMatching(/^PostHog manages/) },
  })
  const patched = await client.call('PATCH', one, { options: { csv_allow_double_quotes: false } })
  expect(patched.body).toMatchObject({ options: { csv_allow_double_quotes: false } })
  expect((await client.call('PATCH', one, { deleted: true })).status).toBe(200)
  expect((await client.call('GET', one)).status).toBe(404)
})

test('lists are newest first, searched by every word, paged by offset', async () => {
  for (const name of ['page_red_one', 'page_red_two', 'page_blue_one'])
    await client.upload(name, `${name}.csv`, 'a\n1\n')
  const all = await client.call('GET', `${P}/?search=PAGE&include_columns=False`)
  expect(all.body).toMatchObject({
    count: 3,
    results: [{ name: 'page_blue_one', columns: [] }, { name: 'page_red_two' }, { name: 'page_red_one' }],
  })
  expect((await client.call('GET', `${P}/?search=one%20page_`)).body).toMatchObject({ count: 2 })
  const page = await client.call('GET', `/api/environments/1/${P}?search=page&limit=1&offset=1`)
  expect(page.body).toMatchObject({
    count: 3,
    next: `${client.local.origin}/api/environments/1/${P}?search=page&limit=1&offset=2`,
    previous: `${client.local.origin}/api/environments/1/${P}?search=page&limit=1`,
    results: [{ name: 'page_red_two' }],
  })
  expect((await client.call('GET', `${P}/?limit=x&offset=-4`)).status).toBe(200)
})

test('a table of one project does not exist in another', async () => {
  const other = await startClient({ keys: [{ label: 'all', scopes: ['*'] }] })
  const key = other.local.keys.all
  const made = await other.upload('mine', 'mine.csv', 'a\n1\n')
  expect((await other.call('GET', `/api/projects/2/${P}/${made.body.id}/`, undefined, key)).status).toBe(404)
  const asked = await other.call('POST', '/api/projects/2/query/', { query: hogql('select * from mine') }, key)
  expect(asked.status).toBe(400)
  await other.local.close()
})

test('nothing complained behind the scenes', () => expect(client.lines).toEqual([]))
