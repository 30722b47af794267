import { expect, test } from 'vitest'
import { initialize, legacy, modern, type Sent, send, useHttp } from '../fake/http.ts'
import { posthog } from '../fake/posthog.ts'
import { useRecorder } from '../fake/recorder.ts'
import { leaksIn } from '../security/forms.ts'

/** Other letters for each place, so that a leak says where it came from; no eight of them are in a word. */
const mark = (place: string): string => `phx_${place}7Qv/Zk2+Xw${place}9Jt=Rb4~Hn${place}`
const MARKS = {
  server: mark('Sx'),
  good: mark('Gq'),
  wrong: mark('Wj'),
  tool: mark('Tz'),
  argument: mark('Vy'),
  path: mark('Px'),
  query: mark('Qz'),
  header: mark('Hj'),
  session: mark('Zn'),
  method: mark('Mq'),
  id: mark('Dx'),
  uri: mark('Uw'),
}

/** Where anything of a secret is in a text: all of it in any writing, or eight characters of it as they are. */
const partsIn = (text: string, secret: string): readonly string[] => {
  const windows = Array.from({ length: secret.length - 7 }, (_, at) => secret.slice(at, at + 8))
  return [...leaksIn(text, secret), ...windows.filter((part) => text.includes(part))]
}

/** Requests that have a secret wherever a caller can put one. */
const REQUESTS: readonly Sent[] = [
  initialize,
  modern('tools/call', { name: 'warehouse_tables_list' }),
  modern('tools/call', { name: 'warehouse_tables_get', arguments: { id: MARKS.argument } }),
  // This one goes into an address at PostHog.
  modern('tools/call', { name: 'query_cancel', arguments: { query_id: MARKS.argument } }),
  legacy('tools/call', { name: 'warehouse_tables_list', arguments: { search: MARKS.argument } }),
  legacy('tools/call', { name: 'warehouse_tables_list', arguments: { [MARKS.argument]: 1 } }),
  legacy('tools/call', { name: MARKS.tool, arguments: {} }),
  modern('tools/call', { name: 'warehouse_tables_get', arguments: { id: '1' } }, MARKS.id),
  legacy(MARKS.method),
  legacy('resources/read', { uri: `posthog://${MARKS.uri}` }),
  { ...legacy('tools/list'), path: `/mcp/${encodeURIComponent(MARKS.path)}` },
  { ...legacy('tools/list'), path: `/mcp?token=${encodeURIComponent(MARKS.query)}` },
  { ...legacy('tools/list'), headers: { 'X-Api-Key': MARKS.header, 'X-Request-Id': MARKS.header } },
  { ...legacy('tools/list'), headers: { 'Mcp-Session-Id': MARKS.session } },
  { ...legacy('tools/list'), headers: { 'MCP-Protocol-Version': MARKS.header } },
  { method: 'GET', headers: { 'Mcp-Session-Id': MARKS.session } },
  { method: 'DELETE', headers: { 'Mcp-Session-Id': MARKS.session } },
]

test.each([
  ['token', { MCP_AUTH_TOKEN: MARKS.good, POSTHOG_PERSONAL_API_KEY: MARKS.server }],
  ['posthog', { POSTHOG_PERSONAL_API_KEY: MARKS.server }],
])('with --auth %s nothing of a secret is in the metrics, wherever a caller puts one', async (auth, env) => {
  const credentials = { [MARKS.good]: { scopes: ['*'] }, [MARKS.server]: { scopes: ['*'] } }
  const upstream = await useRecorder(posthog(credentials))
  const flags = ['--auth', auth, '--metrics-port', '0']
  const server = await useHttp({ origin: upstream.origin, flags, env })
  const [metrics] = await server.logged(({ msg }) => msg === 'metrics')
  const statuses: number[] = []
  for (const token of [MARKS.good, MARKS.wrong, undefined])
    for (const request of REQUESTS)
      statuses.push((await send(server.url, token === undefined ? request : { ...request, token })).status)
  // PostHog itself refuses now, and repeats what it was sent.
  const says = { status: 401, json: { detail: `no key ${MARKS.good} ${MARKS.server} ${MARKS.argument}` } }
  upstream.script((request) => (request.path.endsWith('@current') ? posthog(credentials)(request) : says))
  for (const request of REQUESTS) statuses.push((await send(server.url, { ...request, token: MARKS.good })).status)
  expect([...new Set(statuses)]).toEqual(expect.arrayContaining([200, 401, 404]))
  const { body } = await send(String(metrics?.url), { method: 'GET' })
  // It has counted them.
  expect(body).toMatch(/^mcp_http_requests_total{method="POST",status="401"} \d\d/m)
  expect(body).toMatch(/^mcp_tool_calls_total{tool="warehouse_tables_list",outcome="ok"} [1-9]/m)
  expect(body).toMatch(/^mcp_tool_errors_total{kind="http_401"} [1-9]/m)
  const found = Object.entries(MARKS).map(([place, secret]) => [place, partsIn(body, secret)])
  expect(found).toEqual(Object.keys(MARKS).map((place) => [place, []]))
})

test('what looks for parts finds them', () => {
  const { good } = MARKS
  const base64 = Buffer.from(`Basic u:${good}`).toString('base64')
  for (const text of [`x="${good}"`, encodeURIComponent(good), base64, good.slice(9, 20)])
    expect(partsIn(`mcp_x{tool="${text}"} 1`, good), text).not.toEqual([])
  expect(partsIn('mcp_tool_calls_total{tool="warehouse_tables_list"} 1', good)).toEqual([])
})
