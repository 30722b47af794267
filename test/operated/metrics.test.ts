import { request } from 'node:http'
import { expect, it } from 'vitest'
import { useRecorder } from '../fake/recorder.ts'
import { callTool, type HttpServer, KEY, post, startHttpServer } from './server.ts'

const addressOf = async (server: HttpServer): Promise<string> =>
  String((await server.logged(({ msg }) => msg === 'metrics')).url)

/** The samples by their names with labels. */
const scrape = async (url: string): Promise<ReadonlyMap<string, number>> => {
  const response = await fetch(url)
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

it('counts calls, errors, requests to PostHog, repeats and what results cost', async () => {
  let isFirst = true
  const posthog = await useRecorder(({ path }) => {
    if (path.includes('external_data_sources')) return { status: 403, json: { detail: 'no scope' } }
    if (!isFirst) return { json: { count: 0, results: [] } }
    isFirst = false
    return { status: 503, json: {} }
  })
  const server = await startHttpServer(posthog.origin, ['--metrics-port', '0'])
  await callTool(server.url, 'warehouse_tables_list')
  await callTool(server.url, 'warehouse_tables_get', { id: '0198dd00-0000-7000-8000-000000000001' })
  await callTool(server.url, 'warehouse_tables_get', { id: 'no id' })
  await callTool(server.url, 'external_data_sources_list')
  await callTool(server.url, 'made_up_by_a_caller')
  const samples = await scrape(await addressOf(server))
  const expected: Record<string, number> = {
    'mcp_tool_calls_total{tool="warehouse_tables_list",outcome="ok"}': 1,
    'mcp_tool_calls_total{tool="warehouse_tables_get",outcome="error"}': 1,
    'mcp_tool_errors_total{kind="input"}': 1,
    'mcp_tool_errors_total{kind="http_403"}': 1,
    'mcp_tool_call_duration_seconds_count{tool="external_data_sources_list"}': 1,
    'posthog_requests_total{method="GET",route="/api/projects/{project_id}/warehouse_tables/",outcome="503"}': 1,
    'posthog_requests_total{method="GET",route="/api/projects/{project_id}/warehouse_tables/",outcome="200"}': 1,
    'posthog_requests_total{method="GET",route="/api/projects/{project_id}/warehouse_tables/{id}/",outcome="200"}': 1,
    'posthog_request_duration_seconds_count{method="GET",outcome="403"}': 1,
    posthog_request_retries_total: 1,
    posthog_requests_in_flight: 0,
    mcp_sessions: 0,
    mcp_calls_in_flight: 0,
    mcp_calls_waiting: 0,
  }
  expect(Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))).toEqual(expected)
  expect(samples.get('mcp_tool_result_tokens_total{tool="warehouse_tables_list"}')).toBeGreaterThan(5)
  expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6)
  const names = [...samples.keys()].join('\n')
  for (const secret of [KEY, 'made_up_by_a_caller', '0198dd00', 'no id']) expect(names).not.toContain(secret)
})

it('counts what waits, what runs and who is remembered', async () => {
  const posthog = await useRecorder(() => 'hang')
  const server = await startHttpServer(posthog.origin, ['--metrics-port', '0', '--max-calls', '1'])
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  expect((await post(server.url, { method: 'initialize', params })).status).toBe(200)
  const calls = [1, 2, 3].map(() => callTool(server.url, 'warehouse_tables_list').catch(() => undefined))
  await posthog.arrived(0)
  const url = await addressOf(server)
  let samples = await scrape(url)
  // The others arrive when they do.
  while (samples.get('mcp_calls_waiting') !== 2) samples = await scrape(url)
  expect(samples.get('mcp_calls_in_flight')).toBe(1)
  expect(samples.get('posthog_requests_in_flight')).toBe(1)
  expect(samples.get('mcp_sessions')).toBe(1)
  expect(calls).toHaveLength(3)
})

it('shows them to nobody who was not chosen: neither at the endpoint, nor to a web page', async () => {
  const posthog = await useRecorder()
  const server = await startHttpServer(posthog.origin, ['--metrics-port', '0'])
  expect((await fetch(server.at('/metrics'))).status).toBe(404)
  const { hostname, port, pathname } = new URL(await addressOf(server))
  expect(hostname).toBe('127.0.0.1')
  const status = await new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: pathname, headers: { Host: 'evil.example.com' } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
  expect(status).toBe(403)
})

it('has no second port unless one is asked for', async () => {
  const posthog = await useRecorder()
  const server = await startHttpServer(posthog.origin)
  await callTool(server.url, 'warehouse_tables_list')
  expect(server.lines.filter(({ msg }) => msg === 'metrics')).toEqual([])
})
