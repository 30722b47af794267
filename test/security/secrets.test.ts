import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations } from '../../tools/index.ts'
import { requests } from '../calls/requests.ts'
import { type Connection, connectMcp, type Result } from '../fake/mcp.ts'
import { type Answer, type Recorder, type Script, startRecorder } from '../fake/recorder.ts'
import { FORMS, leaksIn } from './forms.ts'

const KEY = 'phx_Marked+Key/0123456789=~x'
const ID = '0198bb00-0000-0000-0000-000000000001'
let upstream: Recorder
let mcp: Connection

beforeAll(async () => {
  upstream = await startRecorder()
  const env = { LOG_LEVEL: 'debug', POSTHOG_PERSONAL_API_KEY: KEY }
  mcp = await connectMcp({ origin: upstream.origin, env, flags: ['--reveal-passwords'] })
})
afterAll(async () => {
  await mcp.close()
  await upstream.close()
})

/** A marked value that every form writes differently. */
const mark = (name: string) => `mk-${name} $&/+"'<ü>\\~!9Z`

/** Every secret input of every record that has some, each with its own mark. */
const MARKED: Readonly<Record<string, { readonly args: Record<string, unknown>; readonly marks: readonly string[] }>> =
  {
    warehouse_tables_create: {
      args: {
        name: 'orders',
        format: 'CSV',
        url_pattern: 'https://acme.s3.us-east-1.amazonaws.com/*.csv',
        credential: { access_key: mark('ak'), access_secret: mark('as') },
      },
      marks: [mark('ak'), mark('as')],
    },
    warehouse_tables_update: {
      args: { id: ID, credential: { access_key: mark('ak'), access_secret: mark('as') } },
      marks: [mark('ak'), mark('as')],
    },
    external_data_sources_create: {
      args: {
        source_type: 'Postgres',
        all_tables: true,
        payload: {
          host: 'db.example.com',
          password: mark('pw'),
          ssh_tunnel: {
            host: 'jump',
            auth_type: { selection: 'keypair', private_key: mark('pk'), passphrase: mark('pp') },
          },
          stripe_secret_key: mark('sk'),
          keys: [mark('l1'), { deep: mark('l2') }],
          api_token: 918_273_645,
        },
      },
      marks: [mark('pw'), mark('pk'), mark('pp'), mark('sk'), mark('l1'), mark('l2'), '918273645'],
    },
    external_data_sources_update: {
      args: { id: ID, job_inputs: { password: mark('pw'), nested: { api_key: mark('na') }, token: mark('tk') } },
      marks: [mark('pw'), mark('na'), mark('tk')],
    },
    external_data_sources_database_schema: {
      args: { source_type: 'Postgres', payload: JSON.stringify({ host: 'h', password: mark('pw'), x: [mark('x1')] }) },
      marks: [mark('pw'), mark('x1')],
    },
  }

const json = (status: number, value: unknown): Answer => ({ status, json: value })
const inChunks =
  (status: number, value: unknown, pieces: number): ReturnType<Script> =>
  (response) => {
    const bytes = Buffer.from(JSON.stringify(value))
    response.writeHead(status, { 'content-type': 'application/json' })
    const size = Math.ceil(bytes.length / pieces)
    const send = async () => {
      for (let at = 0; at < bytes.length; at += size) {
        response.write(bytes.subarray(at, at + size))
        await turn()
      }
      response.end()
    }
    void send()
  }

/** The ways in which an upstream can repeat a text in a reply. */
const ECHOES: Readonly<Record<string, (text: string) => ReturnType<Script>>> = {
  'a 400 with detail': (text) => json(400, { type: 'validation_error', code: 'x', detail: text, attr: 'payload' }),
  'a 400 with attr': (text) =>
    json(400, { type: 'validation_error', code: 'x', detail: 'no', attr: `payload__${text}` }),
  'a 500 with error': (text) => json(500, { error: `could not connect: ${text}` }),
  'a 400 with message': (text) => json(400, { message: text }),
  'a 404 with detail': (text) => json(404, { detail: text }),
  'a 403 that looks like a missing scope': (text) => json(403, { detail: `API key missing required scope '${text}'` }),
  'a 400 where the quote is cut': (text) => json(400, { detail: `${'x '.repeat(190)}${text}${text}` }),
  'a page': (text) => ({
    status: 502,
    body: `<html>${text}`,
    headers: { 'content-type': 'text/html', 'retry-after': '600' },
  }),
  'plain text': (text) => ({ status: 400, body: text, headers: { 'content-type': 'text/plain' } }),
  'broken JSON under 200': (text) => ({ body: `{"a": "${text}`, headers: { 'content-type': 'application/json' } }),
  'success:false': (text) => json(200, { success: false, error: text }),
  'an exception': (text) => json(200, { exception: text, has_content: false }),
  'a success': (text) =>
    json(200, { id: ID, name: text, note: text, latest_error: text, [text]: 1, deep: [[{ x: text }]], results: [] }),
  'a list': (text) =>
    json(200, {
      count: 1,
      next: null,
      results: [{ id: ID, name: text, status: text, latest_error: `x ${text}`, type: { [text]: text } }],
    }),
  'a bare list': (text) => json(200, [{ table: text, name: text, latest_error: text, permission_error: text }]),
  'a 400 in 40 pieces': (text) => inChunks(400, { detail: text }, 40),
  'a success in 200 pieces': (text) =>
    inChunks(200, { id: ID, name: text, latest_error: text, results: [{ name: text }] }, 200),
}

const shown = (result: Result): string => {
  const decoded = result.content.map(({ text = '' }) => text)
  return [JSON.stringify(result), ...decoded, ...stringsIn(result)].join('\n')
}

const stringsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [key, ...stringsIn(item)])
}

/** Calls a tool whose last request is answered with the echo; a client that refuses a result shows what it refused. */
const callWith = async (name: string, args: Record<string, unknown>, echo: ReturnType<Script>): Promise<string> => {
  const before = requests[name]?.before ?? []
  let count = 0
  upstream.script(() => {
    count += 1
    return before[count - 1] ?? echo
  })
  return shown(await mcp.call(name, args))
}

const NONE = { json: { count: 0, next: null, results: [] } }

describe('secrets in arguments', () => {
  test('are marked for every record that declares some', () => {
    const declared = operations.filter(({ secrets = [] }) => secrets.length > 0).map(({ name }) => name)
    expect(declared.toSorted()).toEqual(Object.keys(MARKED).toSorted())
    expect(declared).toHaveLength(5)
  })

  test('a server that did not mask would be noticed', async () => {
    const name = 'warehouse_tables_get'
    for (const form of Object.values(FORMS)) {
      const text = await callWith(name, { id: ID }, json(200, { id: ID, name: form(mark('free')) }))
      expect(leaksIn(text, mark('free')).length).toBeGreaterThan(0)
    }
  })

  test.each(Object.entries(MARKED))('%s: no mark comes back in any form by any way', async (name, { args, marks }) => {
    let checked = 0
    for (const [way, echo] of Object.entries(ECHOES)) {
      for (const marked of marks) {
        const all = way.includes('cut') ? Object.values(FORMS) : [allForms]
        for (const form of all) {
          const text = await callWith(name, args, echo(form(marked)))
          expect(leaksIn(text, marked), `${way}: ${text}`).toEqual([])
          // Where a quote is cut, half of a mark would be no form of it and a leak all the same.
          expect(text.includes(marked.slice(0, 4)), `${way}: ${text}`).toBe(false)
          checked += 1
        }
      }
    }
    // 16 ways with all forms at once, and the cut with each of the 23 by itself.
    expect(checked).toBe(marks.length * (16 + 23))
  })

  test('a mark in a wrong argument is not repeated', async () => {
    const { args, marks } = MARKED.external_data_sources_create ?? { args: {}, marks: [] }
    upstream.script(() => NONE)
    const text = shown(await mcp.call('external_data_sources_create', { ...args, source_type: 1, schemas: marks }))
    expect(text).toContain('source_type')
    for (const marked of marks) expect(leaksIn(text, marked)).toEqual([])
    expect(upstream.requests).toEqual([])
  })
})

const allForms = (secret: string): string =>
  Object.values(FORMS)
    .map((form) => form(secret))
    .join(' | ')

describe('the API key', () => {
  test('comes back from no tool by no way', async () => {
    let checked = 0
    for (const { name } of operations) {
      const args = { ...requests[name]?.args }
      for (const [way, echo] of Object.entries(ECHOES)) {
        const text = await callWith(name, args, echo(allForms(KEY)))
        expect(leaksIn(text, KEY), `${name}, ${way}: ${text}`).toEqual([])
        checked += 1
      }
    }
    expect(checked).toBe(54 * 17)
    // It did go where it belongs.
    expect(upstream.requests.at(-1)?.headers.authorization).toBe(`Bearer ${KEY}`)
  }, 90_000)
})

describe('words of an upstream that are no error of it', () => {
  test('the look before a write', async () => {
    for (const form of Object.values(FORMS)) {
      upstream.script(() => json(200, { results: [{ id: form(KEY), name: 'v' }] }))
      const text = shown(await mcp.call('warehouse_saved_queries_create', { name: 'v', query: 'select 1' }))
      expect(text).toContain('A view named v exists already. Change it')
      expect(leaksIn(text, KEY)).toEqual([])
    }
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET'])
  })

  test('the reason why an export has no file', async () => {
    const args = { id: 5 }
    for (const form of Object.values(FORMS)) {
      upstream.script(({ path }) =>
        path.endsWith('/content/') ? json(404, {}) : json(200, { exception: `${'x '.repeat(140)}${form(KEY)}` }),
      )
      const text = shown(await mcp.call('exports_content', args))
      expect(text).toContain('The export failed: “x x x')
      expect(leaksIn(text, KEY)).toEqual([])
      expect(text).not.toContain('Marked')
    }
  })
})

describe('credentials nobody told us of', () => {
  const ERROR =
    'could not connect to postgres://admin:hunter2pw@db/x with password=hunter2pw, AKIAIOSFODNN7EXAMPLE, Bearer abcdef.ghijkl, phx_someoneelses0123, -----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBg\n-----END PRIVATE KEY-----'
  const KNOWN = ['hunter2pw', 'AKIAIOSFODNN7', 'abcdef.ghijkl', 'phx_someone', 'MIIEvg']

  test.each([
    ['external_data_sources_list', {}, { results: [{ id: ID, latest_error: ERROR }] }],
    [
      'external_data_sources_get',
      { id: ID },
      { id: ID, latest_error: ERROR, schemas: [{ name: 'a', latest_error: ERROR }] },
    ],
    ['external_data_sources_jobs', { id: ID }, [{ id: ID, latest_error: ERROR, schema: { name: 'a' } }]],
    ['warehouse_saved_queries_list', {}, { results: [{ id: ID, name: 'v', latest_error: ERROR }] }],
    ['warehouse_saved_queries_get', { id: ID }, { id: ID, name: 'v', latest_error: ERROR }],
  ])('are scrubbed from the errors of %s', async (name, args, body) => {
    const text = await callWith(name, args, json(200, body))
    expect(text).toContain('could not connect to postgres://***@db/x with password=***')
    for (const known of KNOWN) expect(text).not.toContain(known)
  })

  test('fields that are secrets by name are masked in any reply', async () => {
    const body = {
      id: ID,
      name: 't',
      credential: { access_secret: 's3' },
      job_inputs: { password: 'p4' },
      api_token: 'phc_abcdefgh',
    }
    const result = JSON.parse(await callWithText('warehouse_tables_get', { id: ID }, json(200, body)))
    expect(result).toMatchObject({
      credential: { access_secret: '***' },
      job_inputs: { password: '***' },
      api_token: '***',
    })
  })
})

const callWithText = async (name: string, args: Record<string, unknown>, echo: Answer): Promise<string> => {
  upstream.script(() => echo)
  return (await mcp.call(name, args)).content[0]?.text ?? ''
}

describe('the two tools whose purpose is a password', () => {
  const PASSWORD = 'Root-Pass+word/42'
  test.each([
    [
      'data_warehouse_provision',
      { database_name: 'acme', table_name: 'prod' },
      { status: 'pending', org: ID, username: 'root', password: PASSWORD },
    ],
    ['data_warehouse_reset_password', {}, { username: 'root', password: PASSWORD }],
  ])('%s shows it, marked as sensitive', async (name, args, body) => {
    upstream.script(() => json(200, body))
    const { content, structuredContent } = await mcp.call(name, args)
    expect(structuredContent).toMatchObject({
      password: PASSWORD,
      username: 'root',
      sensitive: 'password: shown only here. Hand it over, do not store it in the chat.',
    })
    expect(JSON.parse(content[0]?.text ?? '')).toEqual(structuredContent)
    expect(leaksIn(mcp.stderr.join('\n'), PASSWORD)).toEqual([])
  })
})

test('the log of all this holds none of it', async () => {
  const log = mcp.stderr.join('\n')
  expect(mcp.stderr.length).toBeGreaterThan(1_500)
  const all = [KEY, ...Object.values(MARKED).flatMap(({ marks }) => marks)]
  for (const secret of all) expect(leaksIn(log, secret)).toEqual([])
  expect(log).not.toMatch(/mk-|hunter2|acme/)
})
