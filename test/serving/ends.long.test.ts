import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type HttpProcess, initialize, legacy, modern, type Sent, send, useHttp } from '../fake/http.ts'
import { type Era, useConnection } from '../fake/mcp.ts'
import { type Recorder, type Script, useRecorder } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']
const CALL = { name: 'warehouse_tables_get', arguments: { id: ID } }
const isCall = ({ msg }: { readonly msg?: unknown }) => msg === 'call'

const start = async (script: Script = () => 'hang', flags: readonly string[] = []) => {
  const upstream = await useRecorder(script)
  return { upstream, server: await useHttp({ origin: upstream.origin, flags }) }
}

/** A request that its sender gives up in the middle: no goodbye, the socket is gone. */
const sendAndVanish = (url: string, { headers = {}, body }: Sent) => {
  const request = httpRequest(url, {
    method: 'POST',
    agent: false,
    headers: { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json', ...headers },
  })
  request.on('error', () => undefined)
  request.end(JSON.stringify(body))
  return { vanish: () => request.destroy() }
}

/** Holds every answer back until it is released; what comes after that is answered at once. */
const holding = () => {
  const held: (() => void)[] = []
  let isOver = false
  const script: Script = () => (response) => {
    const answer = (): void => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ id: ID, name: 'orders' }))
    }
    if (isOver) answer()
    else held.push(answer)
  }
  return {
    script,
    held,
    release: () => {
      isOver = true
      for (const answer of held.splice(0)) answer()
    },
  }
}

const isAlive = async (upstream: Recorder, server: HttpProcess): Promise<void> => {
  upstream.script(() => ({ json: { id: ID, name: 'alive' } }))
  expect((await send(server.url, modern('tools/call', CALL))).json).toMatchObject({
    result: { structuredContent: { name: 'alive' } },
  })
  expect(server.lines().filter(({ msg }) => msg === 'fault')).toEqual([])
}

describe('a call that nobody wants any more', () => {
  test.each(ERAS)('%s: cancelled by the client, it ends upstream, and gives its turn back', async (era) => {
    const { upstream, server } = await start(() => 'hang', ['--max-calls', '1', '--max-waiting', '0'])
    const mcp = await useConnection(server.url, era)
    for (const [tool, args] of [
      ['warehouse_tables_get', { id: ID }],
      ['warehouse_tables_update', { id: ID, name: 'orders' }],
    ] as const) {
      upstream.script(() => 'hang')
      const caller = new AbortController()
      const failed = expect(mcp.call(tool, args, caller.signal)).rejects.toThrow()
      await upstream.arrived(0)
      caller.abort()
      await failed
      await upstream.aborted(0)
    }
    await server.logged(isCall, 2)
    upstream.script(() => ({ json: { id: ID, name: 'alive' } }))
    // The turn comes back once the end has been written; until then the only one is taken.
    await expect.poll(async () => (await send(server.url, modern('tools/call', CALL))).status).toBe(200)
  })

  test.each([
    ['2026', modern('tools/call', CALL)],
    ['2025, without a session', legacy('tools/call', CALL)],
  ])('%s: its client vanished, and it ends upstream', async (_era, sent) => {
    const { upstream, server } = await start()
    const { vanish } = sendAndVanish(server.url, sent)
    await upstream.arrived(0)
    vanish()
    await upstream.aborted(0)
    await isAlive(upstream, server)
  })

  test('2025, in a session: a client that vanished may come back for it, and a word of cancelling ends it', async () => {
    const { upstream, server } = await start()
    const begun = await send(server.url, initialize)
    const headers = { 'Mcp-Session-Id': String(begun.headers['mcp-session-id']) }
    const { vanish } = sendAndVanish(server.url, { ...legacy('tools/call', CALL, 'gone'), headers })
    await upstream.arrived(0)
    vanish()
    const body = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'gone' } }
    expect((await send(server.url, { body, headers })).status).toBe(202)
    await upstream.aborted(0)
    await isAlive(upstream, server)
  })

  test('one that waits for its turn is never sent', async () => {
    const { upstream, server } = await start(() => 'hang', ['--max-calls', '1', '--max-waiting', '1'])
    const first = sendAndVanish(server.url, modern('tools/call', CALL))
    await upstream.arrived(0)
    const second = sendAndVanish(server.url, modern('tools/call', { ...CALL, name: 'warehouse_tables_delete' }))
    // Room for one that waits: once it is taken, another is turned away.
    await expect
      .poll(async () => {
        const { status, headers } = await send(server.url, modern('tools/list'))
        return [status, headers['retry-after']]
      })
      .toEqual([503, '2'])
    second.vanish()
    first.vanish()
    await upstream.aborted(0)
    await expect.poll(async () => (await send(server.url, modern('tools/list'))).status).toBe(200)
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET'])
  })
})

describe('a PostHog that', () => {
  test.each(ERAS)(
    '%s: refuses, or answers half, is an error of the call and nothing else',
    async (era) => {
      const { upstream, server } = await start()
      const mcp = await useConnection(server.url, era)
      const half: Script = () => (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
        response.write('{"id":')
        setImmediate(() => response.destroy())
      }
      for (const script of [half, () => ({ status: 500, json: { detail: 'broken' } })] satisfies Script[]) {
        upstream.script(script)
        expect((await mcp.call('warehouse_tables_get', { id: ID })).isError).toBe(true)
      }
      await isAlive(upstream, server)
      await upstream.close()
      expect((await mcp.call('warehouse_tables_get', { id: ID })).isError).toBe(true)
      expect(await mcp.list()).toHaveLength(58)
    },
    60_000,
  )

  test('says nothing for a call of one caller keeps no other from being answered', async () => {
    const { upstream, server } = await start(({ path }) => (path.includes(ID) ? 'hang' : { json: { results: [] } }))
    const { vanish } = sendAndVanish(server.url, modern('tools/call', CALL))
    await upstream.arrived(0)
    expect((await send(server.url, modern('tools/call', { name: 'warehouse_tables_list' }))).status).toBe(200)
    vanish()
  })
})

describe('the end of the process', () => {
  test('under load: what was accepted is answered, streams end, whoever comes later is refused, exit 0', async () => {
    const { script, held, release } = holding()
    const { upstream, server } = await start(script, ['--max-calls', '10', '--max-waiting', '10'])
    const sent = [modern('tools/call', CALL), legacy('tools/call', CALL)]
    const listening = send(
      server.url,
      modern('subscriptions/listen', { notifications: { resourcesListChanged: true } }),
    )
    await server.logged(({ msg, status }) => msg === 'request' && status === 200)
    // Ten run, ten wait; once the last is turned away, the others have been accepted.
    const calls = Array.from({ length: 21 }, (_, at) => send(server.url, sent[at % 2]))
    expect((await Promise.race(calls)).status).toBe(503)
    await upstream.arrived(9)
    server.signal('SIGTERM')
    await server.logged(({ msg }) => msg === 'ending')
    expect(held.length).toBe(10)
    release()
    const replies = (await Promise.all(calls)).filter(({ status }) => status !== 503)
    const names = replies.map(
      ({ json }) => (json.result as { structuredContent?: { name?: string } })?.structuredContent?.name,
    )
    expect(names).toEqual(Array(20).fill('orders'))
    expect((await listening).body).toContain('"resultType":"complete"')
    expect(await server.exited).toEqual([0, null])
    expect(server.lines().at(-1)).toMatchObject({ msg: 'ended' })
  })

  test('a request that comes too late is told so, and does not hold it up', async () => {
    const { script, held, release } = holding()
    const { upstream, server } = await start(script)
    const call = send(server.url, modern('tools/call', CALL))
    await upstream.arrived(0)
    const socket = connect(server.port, '127.0.0.1')
    const chunks: string[] = []
    socket.on('data', (chunk) => chunks.push(String(chunk)))
    // Half of a request before the end is asked for, the rest after it.
    const ended = new Promise((resolve) => socket.on('close', resolve))
    await new Promise<void>((resolve) => socket.write('GET /mcp HTTP/1.1\r\nHost: localhost\r\n', () => resolve()))
    await send(server.url, modern('tools/list'))
    server.signal('SIGTERM')
    await server.logged(({ msg }) => msg === 'ending')
    socket.write('\r\n')
    await ended
    expect(chunks.join('')).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1[\s\S]*about to end/i)
    expect(held).toHaveLength(1)
    release()
    expect((await call).status).toBe(200)
    expect(await server.exited).toEqual([0, null])
  })

  test.each(ERAS)('%s: clients that only wait do not hold it up', async (era) => {
    const { server } = await start(() => ({ json: { tables: {}, joins: [] } }))
    const mcp = await useConnection(server.url, era)
    await mcp.subscribe(['posthog://projects/7/index'])
    server.signal('SIGINT')
    expect(await server.exited).toEqual([0, null])
    expect(server.lines().filter(({ level }) => Number(level) > 30)).toEqual([])
  })
})
