import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BINARY, KEY, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
type Message = {
  readonly id?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: Record<string, unknown>
}

/** The program with its bare streams. */
const start = (env: Record<string, string>, flags: readonly string[] = []) => {
  const child: ChildProcess = spawn(process.execPath, [BINARY, ...flags], {
    env: { PATH: process.env.PATH ?? '', LOG_LEVEL: 'debug', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const out: string[] = []
  const err: string[] = []
  let wake = () => {}
  const { stdout, stderr, stdin } = child
  if (!stdout || !stderr || !stdin) throw new Error('the streams are pipes')
  createInterface(stdout).on('line', (line) => {
    out.push(line)
    wake()
  })
  createInterface(stderr).on('line', (line) => err.push(line))
  stdin.on('error', () => {})
  child.on('exit', () => wake())
  let taken = 0
  return {
    child,
    out,
    err,
    send: (message: unknown) => stdin.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\n`),
    end: () => stdin.end(),
    exited: once(child, 'exit'),
    /** The next line of stdout, which has to be a message of the protocol. */
    async next(): Promise<Message> {
      while (out.length <= taken) {
        if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}: ${err.join('\n')}`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
      const message = JSON.parse(out[taken++] ?? '')
      expect(message.jsonrpc).toBe('2.0')
      return message
    },
  }
}

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
}
const call = (id: unknown, name: unknown, args: unknown) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
})

const connected = async (origin: string) => {
  const server = start({ POSTHOG_HOST: origin, POSTHOG_PERSONAL_API_KEY: KEY, POSTHOG_PROJECT_ID: '7' })
  server.send(INITIALIZE)
  expect((await server.next()).result).toMatchObject({ protocolVersion: '2025-06-18' })
  server.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  return server
}

describe('what is not a good message', () => {
  const CASES: readonly (readonly [string, unknown, Message])[] = [
    ['a line that is no JSON', 'garbage\n', { id: null, error: { code: -32700 } }],
    ['half a message', '{"jsonrpc":"2.0","id":1,\n', { id: null, error: { code: -32700 } }],
    [
      '9 MB with the id first',
      `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"${'x'.repeat(9_000_000)}"}}\n`,
      { id: 5, error: { code: -32600 } },
    ],
    [
      '9 MB with the id last',
      `{"method":"tools/call","params":{"name":"${'x'.repeat(9_000_000)}"},"jsonrpc":"2.0","id":"six"}\n`,
      { id: 'six', error: { code: -32600 } },
    ],
    ['9 MB of nothing', `${'x'.repeat(9_000_000)}\n`, { id: null, error: { code: -32600 } }],
    ['a number', '5\n', { id: null, error: { code: -32600 } }],
    ['text', '"ping"\n', { id: null, error: { code: -32600 } }],
    ['null', 'null\n', { id: null, error: { code: -32600 } }],
    ['an empty object', {}, { id: null, error: { code: -32600 } }],
    ['an object of another protocol', { id: 21, method: 'ping' }, { id: 21, error: { code: -32600 } }],
    ['a batch', [{ jsonrpc: '2.0', id: 22, method: 'ping' }], { id: null, error: { code: -32600 } }],
    ['an unknown method', { jsonrpc: '2.0', id: 7, method: 'no/such' }, { id: 7, error: { code: -32601 } }],
    [
      'an unknown tool',
      call(8, 'no_such_tool', {}),
      { id: 8, error: { code: -32602, message: 'Unknown tool: no_such_tool' } },
    ],
    ['a tool named like a part of JavaScript', call(9, '__proto__', {}), { id: 9, error: { code: -32602 } }],
    ['arguments that are a list', call(10, 'warehouse_tables_list', []), { id: 10, error: { code: -32602 } }],
    ['arguments that are text', call(11, 'warehouse_tables_list', '{}'), { id: 11, error: { code: -32602 } }],
    ['a name that is a number', call(12, 5, {}), { id: 12, error: { code: -32602 } }],
    [
      'an argument of the wrong type',
      call(13, 'warehouse_tables_get', { id: 5 }),
      { id: 13, result: { isError: true } },
    ],
    ['a required argument left out', call(14, 'warehouse_tables_get', {}), { id: 14, result: { isError: true } }],
    [
      'no arguments at all',
      { jsonrpc: '2.0', id: 15, method: 'tools/call', params: { name: 'warehouse_tables_get' } },
      { id: 15, result: { isError: true } },
    ],
  ]

  test('has the answer of the protocol, and the next call its result', async () => {
    const upstream = await useRecorder(() => ({ json: { results: [], count: 0 } }))
    const server = await connected(upstream.origin)
    for (const [what, message, expected] of CASES) {
      server.send(message)
      expect(await server.next(), what).toMatchObject(expected)
      server.send(call('good', 'warehouse_tables_list', {}))
      expect(await server.next(), `after ${what}`).toMatchObject({
        id: 'good',
        result: { structuredContent: { returned: 0 } },
      })
    }
    expect(upstream.requests).toHaveLength(CASES.length)
    expect(CASES).toHaveLength(20)
  })

  test('a batch, a notification nobody knows and a blank line do not end it', async () => {
    const upstream = await useRecorder(() => ({ json: { results: [] } }))
    const server = await connected(upstream.origin)
    server.send('\n  \r\n')
    server.send({ jsonrpc: '2.0', method: 'notifications/no_such' })
    server.send([{ jsonrpc: '2.0', id: 1, method: 'ping' }])
    server.send({ jsonrpc: '2.0', id: 'p', method: 'ping' })
    let last: Message
    do last = await server.next()
    while (last.id !== 'p')
    expect(last.result).toEqual({})
  })

  test('a message in pieces, and two in one piece, are read', async () => {
    const upstream = await useRecorder(() => ({ json: { results: [] } }))
    const server = await connected(upstream.origin)
    const line = `${JSON.stringify(call('ü-1', 'warehouse_tables_list', { search: 'größe 🦔' }))}\n`
    const bytes = Buffer.from(line)
    for (let at = 0; at < bytes.length; at += 7) server.child.stdin?.write(bytes.subarray(at, at + 7))
    expect(await server.next()).toMatchObject({ id: 'ü-1', result: { structuredContent: { returned: 0 } } })
    expect(upstream.requests[0]?.query).toContainEqual(['search', 'größe 🦔'])
    server.send(
      `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })}\n${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' })}\n`,
    )
    expect([(await server.next()).id, (await server.next()).id]).toEqual([1, 2])
  })
})

describe('the end, with a call in flight', () => {
  const ENDS: readonly (readonly [string, (server: ReturnType<typeof start>) => void])[] = [
    ['stdin ends', (server) => server.end()],
    ['SIGINT', ({ child }) => void child.kill('SIGINT')],
    ['SIGTERM', ({ child }) => void child.kill('SIGTERM')],
  ]

  test.each(ENDS)(
    '%s: exit code 0, the upstream sees the close, stdout is protocol, stderr JSON',
    async (_how, end) => {
      const upstream = await useRecorder(() => 'hang')
      const server = await connected(upstream.origin)
      server.send(call(1, 'warehouse_tables_get', { id: ID }))
      await upstream.arrived(0)
      end(server)
      expect(await server.exited).toEqual([0, null])
      await upstream.aborted(0)
      for (const line of server.out) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
      const log = server.err.map((line) => JSON.parse(line))
      expect(log.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['ready', 'ended']))
      expect(server.err.join('\n')).not.toMatch(new RegExp(`${KEY}|${ID}`))
    },
  )

  test.each(ENDS)('%s before anything was said: exit code 0', async (_how, end) => {
    const server = start({ POSTHOG_PERSONAL_API_KEY: KEY })
    await expect.poll(() => server.err.some((line) => line.includes('ready')), { timeout: 15_000 }).toBe(true)
    end(server)
    expect(await server.exited).toEqual([0, null])
    expect(server.out).toEqual([])
  })
})

describe('without a key', () => {
  test('58 tools are listed, and each says how to set one and that nothing was done', async () => {
    const upstream = await useRecorder()
    const mcp = await useMcp({ origin: upstream.origin, env: { POSTHOG_PERSONAL_API_KEY: undefined } })
    const tools = await mcp.list()
    expect(tools).toHaveLength(58)
    const { content, isError } = await mcp.call('data_warehouse_deprovision')
    expect(isError).toBe(true)
    expect(content).toEqual([
      {
        type: 'text',
        text: 'No PostHog key is configured.\nNothing was changed.\nThe operator sets POSTHOG_PERSONAL_API_KEY (a personal API key, phx_…), or starts the server with --local to try it without an account.',
      },
    ])
    expect(upstream.requests).toEqual([])
  })
})

describe('a wrong setting', () => {
  const SECRET = 'phx_Never-Show-This-0123456789'
  const good = { POSTHOG_PERSONAL_API_KEY: SECRET }
  const CASES: readonly (readonly [string, Record<string, string>, readonly string[], RegExp])[] = [
    [
      'a host without scheme',
      { ...good, POSTHOG_HOST: 'us.posthog.com' },
      [],
      /POSTHOG_HOST .*POSTHOG_HOST=https:\/\/us\.posthog\.com/,
    ],
    [
      'a host that is none',
      { ...good, POSTHOG_HOST: 'nonsense' },
      [],
      /POSTHOG_HOST .*POSTHOG_HOST=https:\/\/us\.posthog\.com/,
    ],
    [
      'an ingestion host',
      { ...good, POSTHOG_HOST: 'https://eu.i.posthog.com' },
      [],
      /POSTHOG_HOST is an ingestion host.*POSTHOG_HOST=https:\/\/eu\.posthog\.com/,
    ],
    [
      'an assets host',
      { ...good, POSTHOG_HOST: 'https://us-assets.i.posthog.com' },
      [],
      /POSTHOG_HOST=https:\/\/us\.posthog\.com/,
    ],
    [
      'plain http to elsewhere',
      { ...good, POSTHOG_HOST: 'http://posthog.example.com' },
      [],
      /POSTHOG_HOST must be https/,
    ],
    [
      'http to a name that begins like this machine',
      { ...good, POSTHOG_HOST: 'http://localhost.evil.com' },
      [],
      /POSTHOG_HOST must be https/,
    ],
    ['another scheme', { ...good, POSTHOG_HOST: 'ftp://us.posthog.com' }, [], /POSTHOG_HOST must be https/],
    [
      'a login in the host',
      { ...good, POSTHOG_HOST: `https://u:${SECRET}@us.posthog.com` },
      [],
      /POSTHOG_HOST must not hold a user or password/,
    ],
    [
      'a project token',
      { POSTHOG_PERSONAL_API_KEY: 'phc_Never-Show-This' },
      [],
      /POSTHOG_PERSONAL_API_KEY holds a project token.*phx_/,
    ],
    [
      'a key with a line break',
      { POSTHOG_PERSONAL_API_KEY: `phx_Never\nShow` },
      [],
      /POSTHOG_PERSONAL_API_KEY has characters/,
    ],
    [
      'a key with a letter no key has',
      { POSTHOG_PERSONAL_API_KEY: 'phx_NeverShöw' },
      [],
      /POSTHOG_PERSONAL_API_KEY has characters/,
    ],
    [
      'the other variable',
      { POSTHOG_API_KEY: 'phc_Never-Show-This' },
      [],
      /POSTHOG_PERSONAL_API_KEY holds a project token|POSTHOG_API_KEY/,
    ],
    ['a project by name', { ...good, POSTHOG_PROJECT_ID: 'acme' }, [], /POSTHOG_PROJECT_ID .*12345/],
    ['project 0', { ...good, POSTHOG_PROJECT_ID: '0' }, [], /POSTHOG_PROJECT_ID .*12345/],
    ['a negative project', good, ['--project=-3'], /--project.*12345/],
    ['a project flag that is no number', good, ['--project', '@current'], /--project.*12345/],
    ['a lock without a project', good, ['--lock-project'], /--lock-project needs a project: --project 7/],
    ['an unknown flag', good, ['--no-such-flag'], /unknown option '--no-such-flag'/],
    [
      'an unknown toolset',
      good,
      ['--toolsets', 'warehouse_tables,tables'],
      /--toolsets: there is no tables; there are schema, query, warehouse_tables/,
    ],
    ['an unknown tool', good, ['--tools', 'warehouse_tables_lst'], /--tools: there is no tool warehouse_tables_lst/],
    ['nothing left', good, ['--read-only', '--tools', 'warehouse_tables_delete'], /No tool is left/],
    ['a log level that is none', { ...good, LOG_LEVEL: 'loud' }, [], /LOG_LEVEL is one of .*LOG_LEVEL=warn/],
    ['the key as a flag', good, ['--api-key', SECRET], /unknown option '--api-key'/],
    ['the key as an argument', good, [SECRET], /too many arguments/],
    ['a proxy that is no address', { ...good, HTTPS_PROXY: `http://u:${SECRET}@` }, [], /HTTPS_PROXY|proxy/i],
    ['session actions that are neither', good, ['--session-actions', 'maybe'], /refuse or allow/],
  ]

  test.each(CASES)('%s', async (_what, env, flags, says) => {
    const server = start(env, flags)
    const [code] = await server.exited
    await expect.poll(() => server.err.length).toBeGreaterThan(0)
    const told = server.err.join('\n')
    expect(told).toMatch(says)
    expect(told).not.toMatch(/Never|Show-This|\n {4}at /)
    expect(code).toBe(2)
    expect(server.out).toEqual([])
  })
})
