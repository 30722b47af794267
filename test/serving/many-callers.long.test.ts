import { expect, test } from 'vitest'
import { initialize, legacy, modern, type Sent, send, useHttp } from '../fake/http.ts'
import { keyOf, posthog } from '../fake/posthog.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'

const LISTEN = modern('subscriptions/listen', { notifications: { resourcesListChanged: true } })
const [RUNNING, IDLE, LATE] = ['phx_with-a-running-call', 'phx_with-an-idle-session', 'phx_who-comes-too-late']
const keys = Array.from({ length: 999 }, (_, at) => `phx_with-a-stream-${at}`)

/** Opens a stream, and says what came of it. */
const open = async (url: string, { headers, body }: Sent, token: string) => {
  const leaving = new AbortController()
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      Accept: 'application/json, text/event-stream',
      'Content-Type': 'application/json',
      Authorization: `Bearer ${token}`,
      ...headers,
    },
    body: JSON.stringify(body),
    signal: leaving.signal,
  })
  // Kept: the stream of a response that nobody refers to is closed.
  return { response, leave: () => leaving.abort() }
}

test('more callers than are kept: nobody who is being served is cut off, and whoever is idle makes room', async () => {
  const known = posthog(Object.fromEntries([...keys, RUNNING, IDLE, LATE].map((key) => [key, { scopes: ['*'] }])))
  let finish = (): void => undefined
  const script: Script = (request) => {
    if (keyOf(request) !== RUNNING || !request.path.endsWith('/warehouse_tables/')) return known(request)
    return (response) => {
      finish = () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"results":[]}')
    }
  }
  const upstream = await useRecorder(script)
  const server = await useHttp({ origin: upstream.origin, flags: ['--auth', 'posthog'] })
  const running = send(server.url, { ...modern('tools/call', { name: 'warehouse_tables_list' }), token: RUNNING })
  await upstream.arrived(1)
  const { headers } = await send(server.url, { ...initialize, token: IDLE })
  const ping = () =>
    send(server.url, {
      ...legacy('ping'),
      token: IDLE,
      headers: { 'Mcp-Session-Id': String(headers['mcp-session-id']), 'MCP-Protocol-Version': '2025-06-18' },
    })
  expect((await ping()).status).toBe(200)
  const streams: Awaited<ReturnType<typeof open>>[] = []
  for (let at = 0; at < keys.length; at += 37)
    streams.push(...(await Promise.all(keys.slice(at, at + 37).map((key) => open(server.url, LISTEN, key)))))
  expect(streams.filter(({ response }) => response.status !== 200)).toEqual([])
  const late = () => send(server.url, { ...modern('tools/list'), token: LATE })
  const refused = await late()
  expect([refused.status, refused.headers['retry-after'], refused.headers['www-authenticate']]).toEqual([
    503,
    '5',
    undefined,
  ])
  streams[500]?.leave()
  await expect.poll(async () => (await late()).status).toBe(200)
  // Its caller made room for the last stream, and now takes the place of the late one.
  expect((await ping()).status).toBe(404)
  finish()
  expect((await running).json).toMatchObject({ result: { structuredContent: { results: [] } } })
  for (const { leave } of streams) leave()
}, 120_000)
