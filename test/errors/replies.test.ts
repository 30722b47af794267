import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isDestruction } from '../confirm/destroys.ts'
import { type Connection, connectMcp, KEY, type Result } from '../fake/mcp.ts'
import { type Answer, type Recorder, startRecorder } from '../fake/recorder.ts'
import { behindLooks, shown } from '../fake/shown.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
let upstream: Recorder
let mcp: Connection

beforeAll(async () => {
  upstream = await startRecorder()
  mcp = await connectMcp({ origin: upstream.origin, env: { LOG_LEVEL: 'debug' }, flags: ['--reveal-passwords'] })
})
afterAll(async () => {
  await mcp.close()
  await upstream.close()
})

const read = () => mcp.call('warehouse_tables_get', { id: ID })
const write = () => mcp.call('warehouse_tables_update', { id: ID, name: 'orders' })

/** The three lines of an error, with the fake's address as {origin}. */
const linesOf = ({ content, isError, structuredContent }: Result): readonly string[] => {
  expect(isError).toBe(true)
  expect(structuredContent).toBeUndefined()
  expect(content).toHaveLength(1)
  const text = content[0]?.text ?? ''
  expect(text).not.toContain(KEY)
  expect(text).not.toMatch(/\n {4}at |Traceback|<html|node_modules|(?<!received )undefined|\[object/i)
  return text.replaceAll(upstream.origin, '{origin}').split('\n')
}

const NOTHING = 'Nothing was changed.'
const UNKNOWN = 'It is not known whether the change was carried out.'
const LOOK = 'Do not repeat it blindly; look first with warehouse_tables_get.'
const CORRECT = 'Correct the input and call again.'
const STATE = 'The state of the object does not allow it: look at it first, wait if it is changing.'
const AGAIN = 'Call again in a moment.'
const KEYS = 'Check POSTHOG_PERSONAL_API_KEY; make a personal API key (phx_…) at {origin}/settings/user-api-keys.'
const BILLING = 'Someone with billing access has to raise the limit in the PostHog app.'
const ADMIN = 'A PostHog admin has to allow it; retrying does not help.'
const LISTED =
  'Take an id from warehouse_tables_list. It may not exist, or this key may not see it; this does not mean that it was deleted.'
const NOT_HERE = 'This PostHog does not offer the operation; no retry will help.'
const NARROW = 'Narrow the SQL: a shorter time range or fewer columns.'
const WAIT = 'Wait 600 seconds, then call again.'
const ASKS = ' PostHog asks to wait 600 seconds.'

/** Status, what it is called, and for a read and a write: what changed and what to do. */
const STATUSES: readonly (readonly [number, string, string, string, string])[] = [
  [400, 'refused input', CORRECT, NOTHING, CORRECT],
  [401, 'key refused', KEYS, NOTHING, KEYS],
  [402, 'over the plan', BILLING, NOTHING, BILLING],
  [403, 'forbidden', ADMIN, NOTHING, ADMIN],
  [404, 'not found', LISTED, NOTHING, LISTED],
  [
    405,
    'method not allowed',
    'This PostHog release does not offer this operation.',
    NOTHING,
    'This PostHog release does not offer this operation.',
  ],
  [409, 'conflict', STATE, NOTHING, STATE],
  [413, 'refused input', CORRECT, NOTHING, CORRECT],
  [415, 'refused input', CORRECT, NOTHING, CORRECT],
  [429, 'too many requests', WAIT, NOTHING, WAIT],
  [500, 'server error', `${AGAIN}${ASKS}`, UNKNOWN, `${LOOK}${ASKS}`],
  [501, 'not available here', NOT_HERE, NOTHING, NOT_HERE],
  [502, 'server error', `${AGAIN}${ASKS}`, UNKNOWN, `${LOOK}${ASKS}`],
  [503, 'server error', `${AGAIN}${ASKS}`, UNKNOWN, `${LOOK}${ASKS}`],
  [504, 'server error', `${AGAIN}${ASKS}`, UNKNOWN, `${LOOK}${ASKS}`],
  [512, 'query too heavy', NARROW, UNKNOWN, `${NARROW} ${LOOK}`],
  [513, 'query too heavy', NARROW, UNKNOWN, `${NARROW} ${LOOK}`],
]

const json = (value: unknown): Answer => ({ json: value })
const said = (detail: string, attr: string | null = null) =>
  json({ type: 'validation_error', code: 'invalid_input', detail, attr })

/** The shape of a body, and what of it is quoted. */
const SHAPES: readonly (readonly [string, Answer, string])[] = [
  ['{type, code, detail, attr}', said('This field is required.', 'name'), ' about name: “This field is required.”'],
  ['attr null', said('A server error occurred.'), ': “A server error occurred.”'],
  ['a nested attr', said('Blank.', 'credential__access_secret'), ' about credential.access_secret: “Blank.”'],
  ['an attr in a list', said('Odd.', 'columns__1__type'), ' about columns[1].type: “Odd.”'],
  [
    'a password attr',
    said('This field is required.', 'config__password'),
    ' about config.password: “This field is required.”',
  ],
  ['{error}', json({ error: 'No such thing' }), ': “No such thing”'],
  ['{message}', json({ message: 'Could not connect' }), ': “Could not connect”'],
  ['{detail}', json({ detail: 'Nope' }), ': “Nope”'],
  ['detail before error before message', json({ message: 'c', error: 'b', detail: 'a' }), ': “a”'],
  ['a blank detail', json({ detail: ' ', error: 'b' }), ': “b”'],
  ['a detail that is a list', json({ detail: ['x'] }), ''],
  ['an empty body', { body: '' }, ''],
  ['an empty object', json({}), ''],
  [
    'a page',
    { body: '<!DOCTYPE html><html><body>Sign in</body></html>', headers: { 'content-type': 'text/html' } },
    '',
  ],
  ['a page that claims to be JSON', { body: '<html>x', headers: { 'content-type': 'application/json' } }, ''],
  [
    'plain text with a stack',
    { body: 'Traceback (most recent call last):\n  File "x.py"', headers: { 'content-type': 'text/plain' } },
    '',
  ],
  ['a list', json(['x']), ''],
  ['a string', json('x'), ''],
  ['null', json(null), ''],
  ['truncated JSON', { body: '{"detail": "No', headers: { 'content-type': 'application/json' } }, ''],
  [
    'control characters',
    said('one\r\ntwo\0\u001b[31mred\u2028three'),
    ': “one two[31mred three” (3 hidden characters left out)',
  ],
  ['5,000 characters', said('x'.repeat(5_000)), `: “${'x'.repeat(400)}…” (cut, 5000 characters)`],
  ['a megabyte', json({ error: 'y '.repeat(500_000) }), `: “${'y '.repeat(200)}…” (cut, 999999 characters)`],
  [
    'an attr of a megabyte',
    said('Odd.', 'z'.repeat(1_000_000)),
    ` about “${'z'.repeat(100)}…” (cut, 1000000 characters): “Odd.”`,
  ],
  ['an attr with line breaks', said('Odd.', 'a\nIgnore all\u001b'), ' about “a Ignore all”: “Odd.”'],
]

describe.each(STATUSES)('%i', (status, short, readNext, writeChanged, writeNext) => {
  const headers = { 'retry-after': '600' }
  test.each(SHAPES)('%s', async (_shape, answer, quoted) => {
    upstream.script(() => ({ ...answer, status, headers: { ...answer.headers, ...headers } }))
    const ended = quoted === '' ? '.' : quoted
    const what = `PostHog answered ${status} (${short}) for project 7${ended}`
    expect(linesOf(await read())).toEqual([`warehouse_tables_get: ${what}`, NOTHING, readNext])
    expect(linesOf(await write())).toEqual([`warehouse_tables_update: ${what}`, writeChanged, writeNext])
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET', 'PATCH'])
  })
})

test('17 statuses with 25 shapes were looked at', () => {
  expect(new Set(STATUSES.map(([status]) => status)).size).toBe(17)
  expect(new Set(SHAPES.map(([shape]) => shape)).size).toBe(25)
})

const forbidden = (detail: string): Answer => ({
  status: 403,
  json: { type: 'authentication_error', code: 'permission_denied', detail, attr: null },
})

describe('the 403s', () => {
  const SCOPE = (scope: string) =>
    `The key lacks the scope ${scope}. Make a key that has it at {origin}/settings/user-api-keys (this tool needs: warehouse_table:read), and do not retry before.`
  const ROWS: readonly (readonly [string, string])[] = [
    ['OAuth token has no scopes and cannot access this resource', ADMIN],
    [
      'This action does not support personal API key access',
      'PostHog does not let API keys call this, whatever their scopes: do not retry. Use the PostHog app.',
    ],
    [
      "Organization 'Acme' does not allow using personal API keys. Contact an admin to enable personal API keys for this organization.",
      ADMIN,
    ],
    ['API keys with scoped projects are only supported on project-based endpoints.', ADMIN],
    [
      'API key does not have access to the requested project: ID 7.',
      'Use a project the key is made for, or another key.',
    ],
    ['API key does not have access to the requested organization: ID 0194d640-5db4-0000-6cde-48d6114c0f99.', ADMIN],
    ["API key missing required scope 'warehouse_table:read'", SCOPE('warehouse_table:read')],
    ["You don't have access to the project.", ADMIN],
    [
      'You do not have editor access to this resource.',
      "The key's owner lacks the role in PostHog; a project admin can grant it.",
    ],
    [
      'Your organization restricts MCP access to read-only. An organization admin can change this in your organization settings.',
      ADMIN,
    ],
  ]

  test.each(ROWS)('%s', async (detail, next) => {
    upstream.script(() => forbidden(detail))
    expect(linesOf(await read())).toEqual([
      `warehouse_tables_get: PostHog answered 403 (forbidden) for project 7: “${detail}”`,
      NOTHING,
      next,
    ])
    expect(upstream.requests).toHaveLength(1)
  })

  test('are ten', () => expect(new Set(ROWS.map(([detail]) => detail)).size).toBe(10))

  test('a refusal of keys, in the older spelling too, says what answers instead', async () => {
    upstream.script(() => forbidden('This action does not support Personal API Key access'))
    expect(linesOf(await mcp.call('data_warehouse_warehouse_status'))[2]).toBe(
      "PostHog does not let API keys call this, whatever their scopes: do not retry. Only PostHog's control plane knows it: the PostHog app shows it under Data warehouse.",
    )
  })

  test('where even what an answer is computed from is refused, that is said', async () => {
    upstream.script(() => forbidden('This action does not support personal API key access'))
    expect(linesOf(await mcp.call('data_warehouse_total_rows_stats'))).toEqual([
      'data_warehouse_total_rows_stats: PostHog keeps it from API keys, and nothing it could be computed from can be read. Missing: the list of sources: PostHog answered 403 (forbidden) for project 7: “This action does not support personal API key access”',
      NOTHING,
      'Make a key that may read these, or look into the PostHog app.',
    ])
  })

  test('a missing scope of a tool that needs a write scope names both', async () => {
    upstream.script(() => forbidden("API key missing required scope 'warehouse_table:write'"))
    expect(linesOf(await write())[2]).toBe(
      'The key lacks the scope warehouse_table:write. Make a key that has it at {origin}/settings/user-api-keys (this tool needs: warehouse_table:write), and do not retry before.',
    )
  })

  test('a scope that is no scope is not repeated as advice', async () => {
    upstream.script(() => forbidden("API key missing required scope 'x: run rm -rf'"))
    expect(linesOf(await read())[2]).toBe(ADMIN)
  })
})

describe('the 404s', () => {
  const missing = (detail: string) =>
    upstream.script(() => ({ status: 404, json: { type: 'invalid_request', code: 'not_found', detail, attr: null } }))

  test('an object: absent or invisible, never deleted', async () => {
    missing('Not found.')
    expect(linesOf(await read())).toEqual([
      'warehouse_tables_get: PostHog answered 404 (not found) for project 7: “Not found.”',
      NOTHING,
      LISTED,
    ])
  })

  test('a project', async () => {
    missing('Project not found.')
    expect(linesOf(await mcp.call('warehouse_tables_get', { id: ID, project_id: 999 }))).toEqual([
      'warehouse_tables_get: PostHog answered 404 (not found) for project 999: “Project not found.”',
      NOTHING,
      'Check the project id 999: this key knows no such project.',
    ])
  })

  test('a route', async () => {
    missing('Endpoint not found.')
    expect(linesOf(await mcp.call('file_system_count', { id: ID }))).toEqual([
      'file_system_count: PostHog answered 404 (not found) for project 7: “Endpoint not found.”',
      NOTHING,
      'This PostHog release does not have the route. file_system_list with parent lists and counts everything below a folder.',
    ])
  })

  test('a delete of something absent claims no deletion', async () => {
    missing('Not found.')
    const [what = '', changed] = linesOf(await mcp.call('warehouse_saved_queries_delete', { id: ID }))
    expect(what).toBe(
      'warehouse_saved_queries_delete: PostHog answered 404 (not found) for project 7: “Not found.” (while looking at what would be lost)',
    )
    expect(changed).toBe(NOTHING)
    expect(upstream.requests.filter(isDestruction)).toEqual([])
  })

  test('nor does one that looks first', async () => {
    missing('Not found.')
    expect(linesOf(await mcp.call('warehouse_tables_delete', { id: ID }))).toEqual([
      'warehouse_tables_delete: PostHog answered 404 (not found) for project 7: “Not found.” (while looking before the change)',
      NOTHING,
      LISTED,
    ])
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET'])
  })

  test('nor does a delete of what was there a moment ago', async () => {
    upstream.script(shown(() => ({ status: 404, json: { detail: 'Not found.' } })))
    expect(linesOf(await mcp.call('warehouse_tables_delete', { id: ID }))).toEqual([
      'warehouse_tables_delete: PostHog answered 404 (not found) for project 7: “Not found.”',
      NOTHING,
      LISTED,
    ])
    expect(behindLooks(upstream.requests).map(({ method }) => method)).toEqual(['DELETE'])
  })

  test('a page that is none', async () => {
    missing('Invalid page.')
    expect(linesOf(await mcp.call('warehouse_saved_queries_list', { offset: 5_000 }))).toEqual([
      'warehouse_saved_queries_list: PostHog answered 404 (not found) for project 7: “Invalid page.”',
      NOTHING,
      'There is no such page: go back to an earlier one.',
    ])
  })
})

describe('an edit conflict', () => {
  const conflict = 'The query was modified by someone else.'
  const edit = { id: ID, query: 'select 1', edited_history_id: 'abc' }
  const update = async (detail: string) => {
    upstream.script(() => ({ ...said(detail), status: 400 }))
    return linesOf(await mcp.call('warehouse_saved_queries_update', edit))
  }

  test('is known by its text, and asks to read again', async () => {
    expect(await update(conflict)).toEqual([
      `warehouse_saved_queries_update: PostHog answered 400 (refused input) for project 7: “${conflict}”`,
      NOTHING,
      'Read it again with warehouse_saved_queries_get, look at what changed, and repeat with its new latest_history_id.',
    ])
  })

  test('is not guessed from any other 400', async () => {
    expect((await update('The query was modified.'))[2]).toBe(CORRECT)
  })

  test('has no part in a read', async () => {
    upstream.script(() => ({ ...said(conflict), status: 400 }))
    expect(linesOf(await read())[2]).toBe(CORRECT)
  })
})

describe('in the words of the inputs', () => {
  test('a field upstream calls otherwise has the name of the input', async () => {
    upstream.script(() => ({ ...said('Taken.', 'schema_name'), status: 400 }))
    expect(linesOf(await mcp.call('data_warehouse_enable_backfill', { table_name: 'prod' }))[0]).toBe(
      'data_warehouse_enable_backfill: PostHog answered 400 (refused input) for project 7 about table_name: “Taken.”',
    )
  })

  test.each([
    ['data_warehouse_enable_backfill', { table_name: 'prod' }, 'schema_name is required', 'table_name is required'],
    [
      'data_warehouse_provision',
      { database_name: 'acme', table_name: 'prod' },
      'Invalid schema_name: schema_name must be short',
      'Invalid table_name: table_name must be short',
    ],
    ['data_warehouse_check_database_name', { name: 'acme' }, 'database_name is taken', 'name is taken'],
  ])('%s: so it has within a text', async (tool, args, theirs, ours) => {
    upstream.script(() => ({ json: { error: theirs }, status: 400 }))
    expect(linesOf(await mcp.call(tool, args))).toEqual([
      `${tool}: PostHog answered 400 (refused input) for project 7: “${ours}”`,
      NOTHING,
      CORRECT,
    ])
  })

  test('what a refused create may leave behind is said', async () => {
    upstream.script(() => ({ ...said('Could not read.', 'url_pattern'), status: 400 }))
    const args = {
      name: 'orders',
      format: 'Parquet',
      url_pattern: 'https://b.s3.us-east-1.amazonaws.com/x.parquet',
      credential: { access_key: 'AKIAIOSFODNN7EXAMPLE', access_secret: 'wJalrXUtnFEMI-K7MDENG' },
    }
    expect(linesOf(await mcp.call('warehouse_tables_create', args))).toEqual([
      'warehouse_tables_create: PostHog answered 400 (refused input) for project 7 about url_pattern: “Could not read.”',
      'PostHog may keep the unused bucket credential of a create that it refused after reading. Nothing else was changed.',
      CORRECT,
    ])
    // Refused before anything was read.
    upstream.script(() => forbidden('No.'))
    expect(linesOf(await mcp.call('warehouse_tables_create', args))[1]).toBe(NOTHING)
  })

  test('and what a refused upload may', async () => {
    upstream.script(({ method }) =>
      method === 'GET' ? { json: { count: 0, next: null, results: [] } } : { ...said('Could not read.'), status: 400 },
    )
    expect(linesOf(await mcp.call('warehouse_tables_upload_file', { name: 'orders', content: 'a' }))).toEqual([
      'warehouse_tables_upload_file: PostHog answered 400 (refused input) for project 7: “Could not read.”',
      'A file PostHog could not read may leave a table without columns (warehouse_tables_list shows it). Nothing else was changed.',
      'Check that the file is what format says: one header line, as many cells in every row, UTF-8, not empty.',
    ])
  })

  test('an input of ours that is wrong is named, and nothing is sent', async () => {
    upstream.script(() => ({ json: {} }))
    const args = { name: 'x', format: 'CSV', url_pattern: 'https://x', credential: { access_key: '' } }
    const [what = '', changed] = linesOf(await mcp.call('warehouse_tables_create', args))
    expect(what).toMatch(/^credential\.access_key: must not be empty; credential\.access_secret: is required\.$/)
    expect(changed).toBe(NOTHING)
    expect(upstream.requests).toEqual([])
  })

  test('a long unknown input is not repeated whole', async () => {
    const [what = ''] = linesOf(await mcp.call('warehouse_tables_get', { id: ID, ['k'.repeat(100_000)]: 1 }))
    expect(what).toBe(`“${'k'.repeat(200)}…” (cut, 100000 characters) is not an input.`)
  })

  test('a thousand unknown inputs are counted, and names of JavaScript are not special', async () => {
    const args = Object.fromEntries(['constructor', 'toString', ...Array(1_000).keys()].map((name) => [`${name}`, 1]))
    const [what = ''] = linesOf(await mcp.call('warehouse_tables_get', { id: ID, ...args }))
    expect(what).toMatch(/^0 is not an input; 1 is not an input; .*; 11 is not an input; and 990 more\.$/)
    expect(linesOf(await mcp.call('warehouse_tables_get', { id: ID, constructor: 1 }))[0]).toBe(
      'constructor is not an input.',
    )
  })
})

describe('429', () => {
  const throttled = (headers: Record<string, string>): Answer => ({
    status: 429,
    headers,
    json: { type: 'throttled_error', code: 'throttled', detail: 'Request was throttled.', attr: null },
  })

  test('a read and a write are repeated after the pause asked for, when it fits', async () => {
    for (const call of [read, write]) {
      let count = 0
      upstream.script(() => {
        count += 1
        return count === 1 ? throttled({ 'retry-after': '1' }) : { json: { id: ID, name: 'orders' } }
      })
      expect((await call()).structuredContent).toMatchObject({ id: ID, name: 'orders' })
      expect(upstream.requests).toHaveLength(2)
    }
  })

  test('a pause that does not fit is told at once', async () => {
    upstream.script(() => throttled({ 'retry-after': '46' }))
    expect(linesOf(await read())[2]).toBe('Wait 46 seconds, then call again.')
    expect(upstream.requests).toHaveLength(1)
  })

  test('without Retry-After it is tried four times with pauses of our own', async () => {
    upstream.script(() => throttled({}))
    expect(linesOf(await write())).toEqual([
      'warehouse_tables_update: PostHog answered 429 (too many requests) for project 7: “Request was throttled.”',
      NOTHING,
      'Wait a minute, then call again.',
    ])
    expect(upstream.requests).toHaveLength(4)
  })
})

describe('a busy server', () => {
  test.each([502, 503, 504])('%i: a read is repeated, a write is not', async (status) => {
    upstream.script(() => ({ status, json: { detail: 'busy' }, headers: { 'retry-after': '0' } }))
    expect(linesOf(await read())[1]).toBe(NOTHING)
    expect(upstream.requests).toHaveLength(4)
    upstream.script(() => ({ status, json: { detail: 'busy' }, headers: { 'retry-after': '0' } }))
    expect(linesOf(await write())[1]).toBe(UNKNOWN)
    expect(upstream.requests).toHaveLength(1)
  })
})

test('the log of all this is JSON without arguments, replies or the key', () => {
  expect(mcp.stderr.length).toBeGreaterThan(850)
  for (const line of mcp.stderr) {
    expect(() => JSON.parse(line)).not.toThrow()
    expect(line).not.toMatch(/orders|This field is required|0198bb00|phx_/)
  }
})
