import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Refusals } from '../../src/confirm/refusals.ts'
import { operations } from '../../tools/index.ts'
import { linesIn, useFolder } from '../audit/support.ts'
import { requests } from '../calls/requests.ts'
import { useHttp } from '../fake/http.ts'
import { useConnection, useMcp } from '../fake/mcp.ts'
import { approves, type Person } from '../fake/person.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const UNSUPPORTED = 'This action does not support personal API key access'
const TOOL = 'warehouse_tables_refresh_schema'
const NOT_ASKED = new RegExp(
  `^${TOOL}: not sent, and nobody was asked\\. PostHog does not let API keys call this[^\\n]*\\nNothing was changed\\.\\nDo not retry\\. Refresh the table in the PostHog app`,
)

const refusing =
  (detail: string): Script =>
  (request) =>
    isDestruction(request)
      ? { status: 403, json: { type: 'authentication_error', code: 'permission_denied', detail } }
      : posthog()(request)

/** Somebody who says yes, and counts how often they were asked. */
const counting = () => {
  const asked = { count: 0 }
  const person: Person = (question, signal) => {
    asked.count += 1
    return approves(question, signal)
  }
  return { asked, person }
}

test('what PostHog has refused to keys once, nobody is asked about again; other callers are', async () => {
  const upstream = await useRecorder(refusing(UNSUPPORTED))
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'tokens.json')
  const tokens = ['alice', 'bob'].map((name) => ({ name, token: `${name}-0123456789-abcdefgh` }))
  writeFileSync(file, JSON.stringify({ tokens }))
  const audit = join(useFolder(), 'audit.jsonl')
  const server = await useHttp({
    origin: upstream.origin,
    flags: ['--auth', 'token', '--audit', audit],
    env: { MCP_AUTH_TOKENS_FILE: file },
  })
  for (const { token } of tokens) {
    const { asked, person } = counting()
    const mcp = await useConnection(server.url, 'legacy', token, person)
    const before = upstream.requests.filter(isDestruction).length
    const call = async () => (await mcp.call(TOOL, { ...DESTROYS[TOOL] })).content[0]?.text
    expect(await call()).toContain('PostHog answered 403')
    expect(asked.count).toBe(1)
    const looks = upstream.requests.length
    expect(await call()).toMatch(NOT_ASKED)
    expect(await call()).toMatch(NOT_ASKED)
    expect(asked.count).toBe(1)
    // Nothing was looked up for it either.
    expect(upstream.requests).toHaveLength(looks)
    expect(upstream.requests.filter(isDestruction)).toHaveLength(before + 1)
  }
  expect(linesIn(audit).at(-2)).toMatchObject({
    confirmation: { how: 'none', answer: 'not asked: PostHog refuses API keys' },
  })
})

test('another refusal may be mended, and is asked about again', async () => {
  const upstream = await useRecorder(refusing("API key missing required scope 'warehouse_table:write'"))
  const { asked, person } = counting()
  const mcp = await useMcp({ origin: upstream.origin, person })
  for (const _time of [1, 2]) await mcp.call(TOOL, { ...DESTROYS[TOOL] })
  expect(asked.count).toBe(2)
  expect(upstream.requests.filter(isDestruction)).toHaveLength(2)
})

test('what every PostHog refuses to keys is not asked about at all', async () => {
  const upstream = await useRecorder(posthog())
  const { asked, person } = counting()
  const mcp = await useMcp({ origin: upstream.origin, person, flags: ['--confirm', 'writes'] })
  const never = operations.filter(({ keys, effect }) => keys === 'refused' && effect !== 'read')
  for (const { name } of never)
    expect((await mcp.call(name, { ...requests[name]?.args })).content[0]?.text).toContain('nobody was asked')
  expect(never.length).toBeGreaterThanOrEqual(1)
  expect([asked.count, upstream.requests]).toEqual([0, []])
})

test('a refusal is remembered for an hour, because a PostHog can be updated', () => {
  let now = 0
  const refusals = new Refusals(['never'], () => now)
  refusals.add('once')
  now = 60 * 60_000 - 1
  expect([refusals.has('once'), refusals.has('never'), refusals.has('other')]).toEqual([true, true, false])
  now += 1
  expect([refusals.has('once'), refusals.has('never')]).toEqual([false, true])
})
