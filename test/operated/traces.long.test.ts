import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { expect, it } from 'vitest'
import { type Recorder, useRecorder } from '../fake/recorder.ts'
import { callTool, KEY, post, startHttpServer } from './server.ts'

type Value = string | number | undefined

/** A span as it was posted, its attributes as a plain object. */
interface Span {
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links?: readonly { readonly traceId: string }[]
  readonly status: { readonly code?: number }
  readonly attributes: Readonly<Record<string, Value>>
}

interface Posted extends Omit<Span, 'attributes'> {
  readonly attributes: readonly { key: string; value: { stringValue?: string; intValue?: number } }[]
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Posted['attributes'] }
    readonly scopeSpans: readonly { readonly spans: readonly Posted[] }[]
  }[]
}

const toObject = (attributes: Posted['attributes']): Readonly<Record<string, Value>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]))

/** All that a collector was sent. */
const spansAt = ({ requests }: Recorder): readonly Span[] =>
  requests
    .flatMap(({ json }) => (json as Export).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map((span) => ({ ...span, attributes: toObject(span.attributes) }))

const SERVER = 2
const CLIENT = 3
const ERROR = 2
const OF_MESSAGE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const OF_REQUEST = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const emptyList = () => ({ json: { count: 0, results: [] } })

const start = async (script: Parameters<typeof useRecorder>[0] = emptyList) => {
  const collector = await useRecorder()
  const posthog = await useRecorder(script)
  const server = await startHttpServer(posthog.origin, [], { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.origin}/` })
  const end = async (): Promise<readonly Span[]> => {
    server.terminate()
    expect(await server.ended).toBe(0)
    return spansAt(collector)
  }
  return { collector, posthog, server, end }
}

it('goes on with the trace of the message, links that of the request, and hands it on to PostHog', async () => {
  const { collector, posthog, server, end } = await start()
  await callTool(
    server.url,
    'warehouse_tables_list',
    { search: 'sought' },
    {
      meta: { traceparent: OF_MESSAGE, tracestate: 'a=b', baggage: 'user=jane' },
      headers: { traceparent: OF_REQUEST },
    },
  )
  const [message, attempt, ...others] = [...(await end())].sort((a, b) => a.kind - b.kind)
  expect(others).toEqual([])
  expect(message).toMatchObject({
    name: 'tools/call warehouse_tables_list',
    kind: SERVER,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: '00f067aa0ba902b7',
    links: [{ traceId: '0af7651916cd43dd8448eb211c80319c' }],
    attributes: {
      'mcp.method.name': 'tools/call',
      'jsonrpc.request.id': '1',
      'mcp.protocol.version': '2025-11-25',
      'gen_ai.tool.name': 'warehouse_tables_list',
      'gen_ai.operation.name': 'execute_tool',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
    },
  })
  const { hostname, port } = new URL(posthog.origin)
  expect(attempt).toMatchObject({
    name: 'GET /api/projects/{project_id}/warehouse_tables/',
    kind: CLIENT,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: message?.spanId,
    attributes: {
      'http.request.method': 'GET',
      'url.template': '/api/projects/{project_id}/warehouse_tables/',
      'url.scheme': 'http',
      'server.address': hostname,
      'server.port': Number(port),
      'http.response.status_code': 200,
    },
  })
  expect(posthog.requests[0]?.headers).toMatchObject({
    traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${attempt?.spanId}-01`,
    tracestate: 'a=b',
  })
  expect(posthog.requests[0]?.headers).not.toHaveProperty('baggage')
  expect(collector.requests.map(({ path }) => path)).toEqual(['/v1/traces'])
  const [posted] = collector.requests.map(({ json }) => (json as Export).resourceSpans[0]?.resource)
  expect(toObject(posted?.attributes ?? [])).toMatchObject({ 'service.name': 'posthog-warehouse-mcp' })
  for (const secret of [KEY, 'sought', 'jane']) expect(collector.requests[0]?.body).not.toContain(secret)
})

it('goes on with the trace of the HTTP request where the message names none', async () => {
  const { server, end } = await start()
  await callTool(server.url, 'warehouse_tables_list', {}, { headers: { traceparent: OF_REQUEST } })
  const spans = await end()
  expect(spans.map(({ traceId }) => traceId)).toEqual(Array(2).fill('0af7651916cd43dd8448eb211c80319c'))
  expect(spans.find(({ kind }) => kind === SERVER)?.links ?? []).toEqual([])
})

it('marks what failed: an attempt that is repeated, a tool, a message', async () => {
  let isFirst = true
  const { server, end } = await start(({ path }) => {
    if (path.includes('external_data_sources')) return { status: 403, json: { detail: 'no scope' } }
    if (!isFirst) return emptyList()
    isFirst = false
    return { status: 503, json: {} }
  })
  await callTool(server.url, 'warehouse_tables_list')
  await callTool(server.url, 'external_data_sources_list')
  await callTool(server.url, 'a tool <of nobody>')
  await post(server.url, { method: `made/up/${'x'.repeat(5_000)}` })
  const spans = await end()
  const told = spans.map(({ name, status, attributes }) => [
    name,
    status.code === ERROR,
    attributes['error.type'],
    attributes['http.request.resend_count'],
  ])
  expect(told).toEqual([
    ['GET /api/projects/{project_id}/warehouse_tables/', true, '503', undefined],
    ['GET /api/projects/{project_id}/warehouse_tables/', false, undefined, 1],
    ['tools/call warehouse_tables_list', false, undefined, undefined],
    ['GET /api/projects/{project_id}/external_data_sources/', true, '403', undefined],
    ['tools/call external_data_sources_list', true, 'tool_error', undefined],
    ['tools/call', true, '-32602', undefined],
    ['unknown', true, '-32601', undefined],
  ])
  expect(String(spans.at(-1)?.attributes['mcp.method.name'])).toHaveLength(200)
})

it('sees a client of today, each of whose messages is one span', async () => {
  const { server, end } = await start()
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(server.url)))
  await client.listTools()
  await client.callTool({ name: 'warehouse_tables_list', arguments: {} })
  await client.close()
  const spans = await end()
  const names = spans.filter(({ kind }) => kind === SERVER).map(({ name }) => name)
  expect(names).toContain('tools/list')
  expect(names.filter((name) => name === 'tools/call warehouse_tables_list')).toHaveLength(1)
})

it('knows the session of a message, and the address it is about', async () => {
  const { server, end } = await start(() => ({ json: { results: [], tables: {} } }))
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }
  const begun = await post(server.url, { method: 'initialize', params })
  const session = begun.headers.get('mcp-session-id') ?? ''
  const uri = 'posthog://projects/7/tables/none'
  await post(server.url, { method: 'resources/read', params: { uri } }, { 'Mcp-Session-Id': session })
  const [first, second] = (await end()).filter(({ kind }) => kind === SERVER)
  expect(first).toMatchObject({ name: 'initialize', attributes: { 'mcp.protocol.version': '2025-11-25' } })
  expect(second).toMatchObject({
    name: 'resources/read',
    attributes: { 'mcp.session.id': session, 'mcp.resource.uri': uri, 'error.type': expect.stringMatching(/^-32/) },
  })
})

it('sends no trace anywhere, and hands none on, without a collector', async () => {
  const posthog = await useRecorder(emptyList)
  const server = await startHttpServer(posthog.origin)
  await callTool(server.url, 'warehouse_tables_list', {}, { meta: { traceparent: OF_MESSAGE } })
  expect(posthog.requests[0]?.headers).not.toHaveProperty('traceparent')
})

it('serves on without a collector that answers, says so, and ends in time', async () => {
  const posthog = await useRecorder(emptyList)
  const server = await startHttpServer(posthog.origin, [], {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_BSP_SCHEDULE_DELAY: '10',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  })
  expect((await callTool(server.url, 'warehouse_tables_list')).message).toMatchObject({ result: {} })
  await server.logged(({ msg }) => msg === 'spans not sent')
  server.terminate()
  expect(await server.ended).toBe(0)
})

/** Options of Node that leave it without packages, as if they were not installed. */
const without = (packages: RegExp): string => {
  const toUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`
  const hook = `export const resolve = (name, context, next) => {
    if (${packages}.test(name)) throw Object.assign(new Error('Cannot find ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  return `--import=${toUrl(`import { register } from 'node:module'; register(${JSON.stringify(toUrl(hook))})`)}`
}

it('loads neither OpenTelemetry nor what counts before somebody asks for it', async () => {
  const posthog = await useRecorder(emptyList)
  const env = { NODE_OPTIONS: without(/^(@opentelemetry\/|prom-client)/) }
  const server = await startHttpServer(posthog.origin, [], env)
  expect((await callTool(server.url, 'warehouse_tables_list')).message).toMatchObject({ result: {} })
  await expect(startHttpServer(posthog.origin, ['--metrics-port', '0'], env)).rejects.toThrow('prom-client')
})

it('says what to install where what sends spans is missing', async () => {
  const posthog = await useRecorder(emptyList)
  const env = { NODE_OPTIONS: without(/^@opentelemetry\/sdk/), OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }
  await expect(startHttpServer(posthog.origin, [], env)).rejects.toThrow(
    'npm install @opentelemetry/core@2 @opentelemetry/resources@2 @opentelemetry/sdk-trace-base@2',
  )
  const server = await startHttpServer(posthog.origin, [], { ...env, OTEL_SDK_DISABLED: 'true' })
  expect((await callTool(server.url, 'warehouse_tables_list')).message).toMatchObject({ result: {} })
})

it('refuses an address that is none, without repeating it', async () => {
  const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))
  const env = { PATH: process.env.PATH, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:secret@4318' }
  const ended: unknown = await promisify(execFile)(process.execPath, [main, 'http'], { env }).catch((error) => error)
  expect(ended).toMatchObject({
    code: 2,
    stderr: 'posthog-warehouse-mcp: OTEL_EXPORTER_OTLP_ENDPOINT is no address such as http://127.0.0.1:4318\n',
  })
})
