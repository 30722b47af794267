import type { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Faulty, good, startFaulty } from '../fake/faulty.ts'
import { type Connection, connectMcp, KEY, type Result, useMcp } from '../fake/mcp.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'
import { shown } from '../fake/shown.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
let upstream: Faulty
let mcp: Connection

beforeAll(async () => {
  upstream = await startFaulty()
  mcp = await connectMcp({ origin: upstream.origin, env: { LOG_LEVEL: 'debug' }, flags: ['--reveal-passwords'] })
})
afterAll(async () => {
  await mcp.close()
  await upstream.kill()
})

const read = (id = ID) => mcp.call('warehouse_tables_get', { id })
const write = () => mcp.call('warehouse_tables_update', { id: ID, name: 'orders' })

/** A call that destroys, where all is well until its request is sent; of another server. */
const destroy = async (script: Script, tool: string, args = {}): Promise<Result> => {
  const { origin } = await useRecorder(shown(script))
  const mine = await useMcp({ origin })
  return mine.call(tool, args)
}

const linesOf = ({ content, isError }: Result): readonly string[] => {
  expect(isError).toBe(true)
  expect(content).toHaveLength(1)
  const text = content[0]?.text ?? ''
  expect(text).not.toContain(KEY)
  return text.replaceAll(upstream.origin, '{origin}').split('\n')
}

/** After every fault the next call is answered. */
afterEach(async () => {
  if (!mcp.pid) throw new Error('the server is gone')
  upstream.behave((socket) => socket.write(good({ id: ID, name: 'alive' })))
  expect((await read()).structuredContent).toEqual({ id: ID, name: 'alive', project_id: 7 })
})

const NOTHING = 'Nothing was changed.'
const UNKNOWN = 'It is not known whether the change was carried out.'
const AGAIN = 'Call again in a moment.'
const LOOK = 'Do not repeat it blindly; look first with warehouse_tables_get.'
const HOST = 'Check POSTHOG_HOST (now {origin}): it should be the app, such as https://us.posthog.com.'
const LESS = 'Ask for less: a smaller limit, a narrower search, or one object instead of a list.'
const head = (status: string, ...headers: string[]) => `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n`
const JSON_TYPE = 'Content-Type: application/json'
const say =
  (text: string, then: (socket: Socket) => void = () => {}) =>
  (socket: Socket) =>
    void socket.write(text, () => then(socket))
const end = (socket: Socket) => void socket.end()

/** Fifty pieces, as fast as they are taken. */
const pour = (socket: Socket, piece: string, left = 50): void => {
  if (left > 0 && !socket.destroyed) socket.write(piece, () => pour(socket, piece, left - 1))
}

interface Fault {
  readonly act: (socket: Socket) => void
  /** Of the read and of the write: how often it is sent, what happened, what to do. */
  readonly what: string | RegExp
  readonly reads: number
  readonly readNext: string
  readonly writeNext: string
}

const FAULTS: Readonly<Record<string, Fault>> = {
  'killed in the middle of the reply': {
    act: say(`${head('200 OK', JSON_TYPE, 'Content-Length: 100')}{"id": "01`, (socket) => socket.destroy()),
    what: /^The reply of the server broke off after its status 200 \([A-Z_]+\)\.$/,
    reads: 4,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  'reset before the reply': {
    act: (socket) => socket.resetAndDestroy(),
    what: 'The connection to the server was lost before it answered (ECONNRESET).',
    reads: 4,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  'closed before the reply': {
    act: end,
    what: 'The connection to the server was lost before it answered (UND_ERR_SOCKET).',
    reads: 4,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  'a chunked reply without its end': {
    act: say(`${head('200 OK', JSON_TYPE, 'Transfer-Encoding: chunked', 'Connection: close')}5\r\n{"id"`, end),
    what: /^The reply of the server broke off after its status 200 \([A-Z_]+\)\.$/,
    reads: 4,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  'bytes that are no HTTP': {
    act: say('\x16\x03\x01\x02\x00garbage\xff\xfe\r\n\r\n', end),
    what: 'What the server answered is not HTTP (PARSE_ERROR).',
    reads: 1,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  'a compressed reply nobody asked for': {
    act: say(`${head('200 OK', JSON_TYPE, 'Content-Encoding: gzip', 'Content-Length: 3')}abc`),
    what: 'The server compressed its reply although it was asked not to.',
    reads: 1,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  'a page with 200': {
    act: say(`${head('200 OK', 'Content-Type: text/html', 'Content-Length: 21')}<html>Sign in</html>\n`),
    what: '{origin} answered 200 with a web page instead of data.',
    reads: 1,
    readNext: HOST,
    writeNext: `${HOST} ${LOOK}`,
  },
  'truncated JSON with 200': {
    act: say(`${head('200 OK', JSON_TYPE, 'Content-Length: 11')}{"id": "019`),
    what: '{origin} answered 200 with a reply that is not whole JSON.',
    reads: 1,
    readNext: AGAIN,
    writeNext: LOOK,
  },
  '50 MB announced': {
    act: (socket) => {
      socket.write(head('200 OK', JSON_TYPE, 'Content-Length: 52428800'))
      pour(socket, ' '.repeat(0x100000))
    },
    what: 'The reply of the server has more than 8388608 bytes.',
    reads: 1,
    readNext: LESS,
    writeNext: LOOK,
  },
  '50 MB in chunks': {
    act: (socket) => {
      socket.write(head('200 OK', JSON_TYPE, 'Transfer-Encoding: chunked'))
      pour(socket, `100000\r\n${' '.repeat(0x100000)}\r\n`)
    },
    what: 'The reply of the server has more than 8388608 bytes.',
    reads: 1,
    readNext: LESS,
    writeNext: LOOK,
  },
  'a head without end': {
    act: say(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(200_000)}`),
    what: 'What the server answered is not HTTP (UND_ERR_HEADERS_OVERFLOW).',
    reads: 1,
    readNext: AGAIN,
    writeNext: LOOK,
  },
}

describe.each(Object.entries(FAULTS))('%s', (_fault, { act, what, reads, readNext, writeNext }) => {
  const check = (told: string | undefined, name: string) => {
    const said = told?.replace(`${name}: `, '')
    if (typeof what === 'string') expect(said).toBe(what)
    else expect(said).toMatch(what)
  }

  test('of a read', async () => {
    upstream.behave(act)
    const [told, changed, next] = linesOf(await read())
    check(told, 'warehouse_tables_get')
    expect([changed, next]).toEqual([NOTHING, readNext])
    expect(upstream.requests).toHaveLength(reads)
  })

  test('of a write', async () => {
    upstream.behave(act)
    const [told, changed, next] = linesOf(await write())
    check(told, 'warehouse_tables_update')
    expect([changed, next]).toEqual([UNKNOWN, writeNext])
    expect(upstream.requests).toHaveLength(1)
  })
})

test('a read that is lost once is simply repeated', async () => {
  let count = 0
  upstream.behave((socket) => {
    count += 1
    if (count === 1) socket.resetAndDestroy()
    else socket.write(good({ id: ID, name: 'second' }))
  })
  expect((await read()).structuredContent).toMatchObject({ name: 'second' })
})

test('a write whose check is refused to API keys says where else to look', async () => {
  const reset: Script = () => (response) => void response.socket?.resetAndDestroy()
  expect(linesOf(await destroy(reset, 'data_warehouse_deprovision')).slice(1)).toEqual([
    UNKNOWN,
    'Do not repeat it blindly; look first with data_warehouse_warehouse_status. PostHog keeps that status from API keys; the app shows it under Data warehouse.',
  ])
})

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%i is not followed and nobody else learns the key', async (status) => {
    const elsewhere = await useRecorder()
    upstream.behave(say(head(`${status} Moved`, `Location: ${elsewhere.origin}/x`, 'Content-Length: 0')))
    for (const [call, changed] of [
      [read, NOTHING],
      [write, NOTHING],
    ] as const) {
      expect(linesOf(await call()).slice(1)).toEqual([changed, HOST])
    }
    expect(upstream.requests).toHaveLength(2)
    expect(elsewhere.requests).toEqual([])
  })

  test('of an export to a private address or by http is refused, without its address', async () => {
    const storage = await useRecorder(() => ({ body: 'secret file' }))
    upstream.behave(say(head('302 Found', `Location: ${storage.origin}/f?X-Amz-Signature=abc`, 'Content-Length: 0')))
    const [what, changed] = linesOf(await mcp.call('exports_content', { id: 5 }))
    expect(what).toBe('exports_content: The redirect was not followed: its address is not https.')
    expect(changed).toBe(NOTHING)
    expect(storage.requests).toEqual([])
  })
})

describe('a server that is not there', () => {
  test('is told apart from one that failed: nothing was changed, even by a write', async () => {
    const other = await startFaulty()
    const mine = await connectMcp({ origin: other.origin })
    try {
      await other.kill()
      const lines = async (name: string, args: Record<string, unknown>) =>
        ((await mine.call(name, args)).content[0]?.text ?? '').replaceAll(other.origin, '{origin}').split('\n')
      const next = 'Check POSTHOG_HOST (now {origin}), the network and the proxy settings, then call again.'
      const refused = 'No connection to the server could be made (ECONNREFUSED).'
      expect(await lines('warehouse_tables_get', { id: ID })).toEqual([
        `warehouse_tables_get: ${refused}`,
        NOTHING,
        next,
      ])
      expect(await lines('warehouse_saved_queries_delete', { id: ID })).toEqual([
        `warehouse_saved_queries_delete: ${refused}`,
        NOTHING,
        next,
      ])
    } finally {
      await mine.close()
    }
  })
})

describe('failures under a success status', () => {
  const answer = (body: unknown, status = '200 OK') => {
    const text = JSON.stringify(body)
    upstream.behave(say(`${head(status, JSON_TYPE, `Content-Length: ${Buffer.byteLength(text)}`)}${text}`))
  }

  test('an exception', async () => {
    answer({ id: 5, exception: 'ran out of memory', has_content: false })
    expect(linesOf(await read())).toEqual([
      'warehouse_tables_get: PostHog answered 200, but the export failed: “ran out of memory”',
      NOTHING,
      'Read the reason; the same call fails the same way until it is dealt with.',
    ])
  })

  test('success: false of a write', async () => {
    answer({ success: false, error: 'webhook refused' })
    expect(linesOf(await write())).toEqual([
      'warehouse_tables_update: PostHog answered 200, but it did not succeed: “webhook refused”',
      UNKNOWN,
      `Read the reason; the same call fails the same way until it is dealt with. ${LOOK}`,
    ])
  })

  test('a query that is still running', async () => {
    answer({ query_status: { id: 'q', complete: false } }, '202 Accepted')
    expect(linesOf(await read())[0]).toBe(
      'warehouse_tables_get: PostHog answered 202, but the query is still running and has no rows yet.',
    )
  })

  test('200 where 201 was expected is told as a change', async () => {
    answer({ id: ID, path: 'a/b', type: 'folder' })
    const { structuredContent } = await mcp.call('file_system_create', { path: 'a/b', type: 'folder' })
    expect(structuredContent).toMatchObject({
      id: ID,
      note: 'PostHog answered 200, not 201: the entry existed already and was changed; nothing new was created.',
    })
  })

  test('201 has no such note', async () => {
    answer({ id: ID, path: 'a/b', type: 'folder' }, '201 Created')
    const { structuredContent } = await mcp.call('file_system_create', { path: 'a/b', type: 'folder' })
    expect(structuredContent).toEqual({ id: ID, path: 'a/b', type: 'folder', project_id: 7 })
  })

  test('an empty body becomes a sentence of fact', async () => {
    const nothing: Script = () => ({ status: 204, body: '' })
    const { structuredContent, isError } = await destroy(nothing, 'warehouse_saved_queries_delete', { id: ID })
    expect(isError).toBeUndefined()
    expect(structuredContent).toEqual({
      done: 'PostHog deleted the view, its materialized rows, its schedule and its joins.',
      id: ID,
      project_id: 7,
    })
  })
})

test('the log is JSON lines without arguments or the key', () => {
  expect(mcp.stderr.length).toBeGreaterThan(60)
  for (const line of mcp.stderr) {
    expect(() => JSON.parse(line)).not.toThrow()
    expect(line).not.toMatch(/phx_|orders|0198bb00/)
  }
})
