import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createCall } from '../../src/call.ts'
import type { Caller } from '../../src/callers/caller.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import { ANSWER_MS } from '../../src/confirm/person.ts'
import { allowFiles } from '../../src/files.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createLook } from '../../src/look.ts'
import { createProjects } from '../../src/project.ts'
import { createServer } from '../../src/server.ts'
import { createApp, MCP_PATH } from '../../src/transports/http/app.ts'
import { FairQueue } from '../../src/transports/http/fair-queue.ts'
import { listen } from '../../src/transports/http/listener.ts'
import { createRateLimit } from '../../src/transports/http/rate-limit.ts'
import { answerHere } from '../../src/transports/http/session-route.ts'
import { Sessions } from '../../src/transports/http/sessions.ts'
import { operations } from '../../tools/index.ts'
import { approvals, noHooks } from '../fake/hooks.ts'
import { modern, send } from '../fake/http.ts'
import { useRecorder } from '../fake/recorder.ts'
import { noSecrets } from '../fake/secrets.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const TOOL = 'warehouse_tables_delete'
const YES = { action: 'accept', content: { name: 'orders' } }

// No flag makes the ten minutes shorter, so the endpoint is in this process, whose clock can be moved.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** One caller, as the HTTP server has them. */
const toCaller = (origin: string): Caller => {
  const apiKey = 'phx_test-key-0123456789'
  const http = createHttpClient({ origin, apiKey, userAgent: 'test/1', maxInFlight: 8, env: {} })
  onTestFinished(() => http.close())
  const projects = createProjects(7, createLook(http))
  const means = { http, projects, files: allowFiles([]), origin, apiKey, confirm: approvals(), ...noSecrets }
  const call = createCall(means, noHooks)
  const nothing = () => undefined
  const surface = { offered: toCatalogue(operations, false), whyNot: nothing, whyNone: nothing, lacking: nothing }
  return {
    id: 'open',
    name: 'open',
    lacking: nothing,
    knows: () => true,
    watch: undefined,
    makeServer: (era, telling) => createServer({ version: '1', instructions: '', surface, call }, era, telling),
  }
}

/** The endpoint with its sessions, turns and listener, before a PostHog of its own. */
const useServer = async () => {
  const upstream = await useRecorder(posthog())
  const caller = toCaller(upstream.origin)
  const sessions = new Sessions({ most: 10, idleMs: 60 * 60_000 })
  const ignore = () => undefined
  const { app } = createApp({
    edges: { hosts: [], origins: [], bind: '127.0.0.1' },
    callers: { isOpen: true, identify: async () => ({ caller, release: ignore }), close: async () => undefined },
    sessions,
    queue: new FairQueue({ running: 1, waiting: 1 }),
    rate: createRateLimit(0),
    metadata: undefined,
    pages: new Hono(),
    route: answerHere,
    readiness: { whyNot: async () => undefined },
    tracing: undefined,
    report: ignore,
    onError: ignore,
    onFault: ignore,
  })
  const listener = await listen(app, 0, '127.0.0.1')
  onTestFinished(async () => {
    vi.useRealTimers()
    sessions.close()
    await listener.stopAccepting()
    await listener.close()
  })
  return { url: `${listener.url}${MCP_PATH}`, destroyed: () => upstream.requests.filter(isDestruction).length }
}

/** A POST whose answer is read while it comes; `fetch` would give up by the clock that is moved. */
const post = async (url: string, session: string, body: object) => {
  const headers = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' }
  const request = httpRequest(url, {
    method: 'POST',
    agent: false,
    headers: session === '' ? headers : { ...headers, 'Mcp-Session-Id': session },
  })
  request.end(JSON.stringify({ jsonrpc: '2.0', ...body }))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const until = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) await once(response, 'data')
    return text
  }
  return { session: String(response.headers['mcp-session-id']), until }
}

/** A session of 2025 whose client can ask, and opens no stream but those of its calls; one of them waits for a person. */
const callInSession = async (url: string) => {
  const clientInfo = { name: 'raw', version: '1' }
  const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo }
  const { session } = await post(url, '', { id: 0, method: 'initialize', params })
  await post(url, session, { method: 'notifications/initialized' })
  const call = { id: 'call', method: 'tools/call', params: { name: TOOL, arguments: DESTROYS[TOOL] } }
  const { until } = await post(url, session, call)
  const asked = /^data: (.*elicitation\/create.*)$/m.exec(await until(/elicitation\/create.*\n/))?.[1]
  const { id } = JSON.parse(asked ?? '{}') as { id?: unknown }
  return { answer: () => post(url, session, { id, result: YES }), ended: () => until(/"id":"call"/) }
}

test('in a session a person has ten minutes, and then the call says that nobody answered', async () => {
  const { url, destroyed } = await useServer()
  const late = await callInSession(url)
  await vi.advanceTimersByTimeAsync(ANSWER_MS)
  expect(await late.ended()).toContain('Nobody answered the question in time.\\nNothing was changed.')
  // What comes after that is an answer to nothing.
  await late.answer()
  const inTime = await callInSession(url)
  await vi.advanceTimersByTimeAsync(ANSWER_MS - 1_000)
  expect(destroyed()).toBe(0)
  await inTime.answer()
  expect(await inTime.ended()).not.toContain('isError')
  expect(destroyed()).toBe(1)
})

test('in rounds the same ten minutes', async () => {
  const { url, destroyed } = await useServer()
  const round = async (more: object = {}) => {
    const params = { name: TOOL, arguments: DESTROYS[TOOL], ...more }
    const { json, body } = await send(url, modern('tools/call', params, 1, { elicitation: { form: {} } }))
    return { body, requestState: (json.result as { requestState?: string }).requestState }
  }
  const answerAfter = async (waitMs: number): Promise<string> => {
    const { requestState } = await round()
    await vi.advanceTimersByTimeAsync(waitMs)
    return (await round({ requestState, inputResponses: { confirm: YES } })).body
  }
  expect(await answerAfter(ANSWER_MS)).toMatch(/older than ten minutes[^"]*\\nNothing was changed\./)
  expect(destroyed()).toBe(0)
  expect(await answerAfter(ANSWER_MS - 1)).not.toContain('isError')
  expect(destroyed()).toBe(1)
})
