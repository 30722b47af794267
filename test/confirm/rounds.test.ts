import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type HttpProcess, modern, send, useHttp } from '../fake/http.ts'
import { useRecorder } from '../fake/recorder.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const TOKENS = { alice: 'alice-0123456789-abcdef', bob: 'bob-0123456789-abcdefgh' }
const ARGS = DESTROYS.warehouse_tables_delete ?? {}

const start = async () => {
  const upstream = await useRecorder(posthog())
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'tokens.json')
  writeFileSync(file, JSON.stringify({ tokens: Object.entries(TOKENS).map(([name, token]) => ({ name, token })) }))
  const server = await useHttp({
    origin: upstream.origin,
    flags: ['--auth', 'token'],
    env: { MCP_AUTH_TOKENS_FILE: file },
  })
  return { upstream, server, destroyed: () => upstream.requests.filter(isDestruction).length }
}

interface Round {
  readonly tool?: string
  readonly args?: object
  readonly token?: string
  readonly state?: string
  readonly answer?: unknown
}

/** One round of a client that asks by hand. */
const round = async (server: HttpProcess, { tool = 'warehouse_tables_delete', args = ARGS, ...given }: Round) => {
  const { token = TOKENS.alice, state, answer } = given
  const params = {
    name: tool,
    arguments: args,
    ...(state !== undefined && { requestState: state }),
    ...(answer !== undefined && { inputResponses: { confirm: answer } }),
  }
  const sent = modern('tools/call', params, 1, { elicitation: { form: {} } })
  const { json } = await send(server.url, { ...sent, token })
  const result = (json.result ?? {}) as {
    resultType?: string
    requestState?: string
    isError?: boolean
    content?: { text: string }[]
  }
  return { ...result, text: result.content?.[0]?.text ?? JSON.stringify(json) }
}

const YES = { action: 'accept', content: { name: 'orders' } }

test('the first round asks, the second does it, and the same answer counts once', async () => {
  const { server, destroyed } = await start()
  const asked = await round(server, {})
  expect(asked.resultType).toBe('input_required')
  expect(destroyed()).toBe(0)
  const { requestState: state = '' } = asked
  // It says nothing by itself.
  expect(Buffer.from(state, 'base64url').toString()).not.toContain('orders')
  const done = await round(server, { state, answer: YES })
  expect(done.isError, done.text).not.toBe(true)
  expect(destroyed()).toBe(1)
  const again = await round(server, { state, answer: YES })
  expect(again.text).toMatch(/was used before[\s\S]*Nothing was changed/)
  expect(destroyed()).toBe(1)
})

test('an answer without a question is a new question', async () => {
  const { server, destroyed } = await start()
  expect((await round(server, { answer: YES })).resultType).toBe('input_required')
  expect(destroyed()).toBe(0)
})

test('a no uses the question up', async () => {
  const { server, destroyed } = await start()
  const { requestState: state = '' } = await round(server, {})
  expect((await round(server, { state, answer: { action: 'decline' } })).text).toContain('The person declined')
  expect((await round(server, { state, answer: YES })).text).toContain('was used before')
  expect(destroyed()).toBe(0)
})

test.each<[string, Round]>([
  ['another tool', { tool: 'warehouse_tables_refresh_schema' }],
  ['other arguments', { args: { id: '0198bb00-0000-0000-0000-000000000002' } }],
  ['another project', { args: { ...ARGS, project_id: 8 } }],
  ['another caller', { token: TOKENS.bob }],
])('of %s it is no answer', async (_what, other) => {
  const { server, destroyed } = await start()
  const { requestState: state = '' } = await round(server, {})
  const { text } = await round(server, { ...other, state, answer: YES })
  expect(text).toMatch(/does not belong to this call[\s\S]*Nothing was changed/)
  expect(destroyed()).toBe(0)
  // The one it was for still stands.
  expect((await round(server, { state, answer: YES })).isError).not.toBe(true)
})

test('an object that has changed since is shown anew', async () => {
  const { server, upstream, destroyed } = await start()
  const { requestState: state = '' } = await round(server, {})
  upstream.script(posthog({ name: 'orders', columns: 5 }))
  expect((await round(server, { state, answer: YES })).text).toMatch(/has changed since[\s\S]*Nothing was changed/)
  expect(destroyed()).toBe(0)
})

test('two that come at once are one', async () => {
  const { server, destroyed } = await start()
  const { requestState: state = '' } = await round(server, {})
  const both = await Promise.all(Array.from({ length: 8 }, () => round(server, { state, answer: YES })))
  expect(both.filter(({ isError }) => isError !== true)).toHaveLength(1)
  expect(destroyed()).toBe(1)
})
