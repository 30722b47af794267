import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Confirmed, createAudit } from '../../src/audit/audit.ts'
import { AuditFile } from '../../src/audit/audit-file.ts'
import { underAudit } from '../../src/audit/under-audit.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import { allowFiles } from '../../src/files.ts'
import { createProjects } from '../../src/project.ts'
import { createRedactor } from '../../src/redact.ts'
import { ToolError } from '../../src/tool-error.ts'
import { operations } from '../../tools/index.ts'
import { answering, requests } from '../calls/requests.ts'
import { startFaulty } from '../fake/faulty.ts'
import { approvals } from '../fake/hooks.ts'
import { useMcp } from '../fake/mcp.ts'
import { inTurn, useRecorder } from '../fake/recorder.ts'
import { noSecrets } from '../fake/secrets.ts'
import { ID, replies } from '../fixtures/replies.ts'
import { holdLock, linesIn, useFolder, verify } from './support.ts'

const HASH = expect.stringMatching(/^[0-9a-f]{64}$/)
const AT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

const start = async (flags: readonly string[] = []) => {
  const upstream = await useRecorder()
  const path = join(useFolder(), 'audit.jsonl')
  const mcp = await useMcp({ origin: upstream.origin, flags: ['--audit', path, '--reveal-passwords', ...flags] })
  return { upstream, path, mcp }
}

describe('a write', () => {
  test('has a line before it is sent, and one with its end', async () => {
    const { upstream, path, mcp } = await start()
    let known: readonly unknown[] = []
    upstream.script(() => {
      known = linesIn(path)
      return { json: { id: ID, name: 'orders' }, headers: { 'X-Request-Id': 'req-1.a' } }
    })
    await mcp.call('warehouse_tables_update', { id: ID, name: 'orders', credential: { access_secret: 'hunter22' } })
    const attempt = {
      seq: 1,
      prev: '0'.repeat(64),
      at: AT,
      event: 'attempt',
      who: 'local',
      tool: 'warehouse_tables_update',
      effect: 'write',
      host: upstream.origin,
      project: 7,
      object: ID,
      arguments: { id: ID, name: 'orders', credential: { access_secret: '***' } },
      hash: HASH,
    }
    expect(known).toEqual([attempt])
    expect(linesIn(path)).toEqual([
      attempt,
      {
        seq: 2,
        prev: linesIn(path)[0]?.hash,
        at: AT,
        event: 'outcome',
        of: 1,
        who: 'local',
        tool: 'warehouse_tables_update',
        outcome: 'done',
        status: 200,
        object: ID,
        posthog_request: 'req-1.a',
        hash: HASH,
      },
    ])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(`${path}.last`).mode & 0o777).toBe(0o600)
  })

  test('waits for its line; what reads does not', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(() => ({ json: { id: ID, name: 'orders' } }))
    const release = holdLock(path)
    const write = mcp.call('warehouse_tables_update', { id: ID, name: 'orders' })
    await mcp.call('warehouse_tables_get', { id: ID })
    await mcp.call('warehouse_tables_get', { id: ID })
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET', 'GET'])
    release()
    await write
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET', 'GET', 'PATCH'])
  })

  test('of every tool that makes one, and of no other', async () => {
    const { upstream, path, mcp } = await start()
    const counted = { written: 0, read: 0 }
    for (const { name, effect, destructiveWhen } of operations) {
      const before = linesIn(path).length
      const tried = requests[name] ?? { args: {} }
      upstream.script(answering(tried, replies[name]?.answer ?? {}))
      expect((await mcp.call(name, tried.args)).isError, name).not.toBe(true)
      const lines = linesIn(path).slice(before)
      if (effect === 'read') {
        expect(lines, name).toEqual([])
        counted.read += 1
        continue
      }
      expect(lines, name).toMatchObject([
        { event: 'attempt', tool: name, effect: destructiveWhen ? 'write' : effect },
        { event: 'outcome', tool: name, outcome: 'done', of: lines[0]?.seq },
      ])
      counted.written += 1
    }
    await mcp.call('query_cancel', { query_id: 'x' })
    expect(counted).toEqual({ written: 27, read: 27 })
    expect(verify(path)).toMatchObject({ code: 0, text: expect.stringContaining('54 lines, whole') })
  })

  test('says what it does with these arguments, where that depends on them', async () => {
    const { upstream, path, mcp } = await start()
    for (const enabled of [true, false]) {
      upstream.script(() => replies.external_data_sources_revenue_analytics_config?.answer ?? {})
      await mcp.call('external_data_sources_revenue_analytics_config', { id: ID, enabled })
    }
    expect(linesIn(path).map(({ effect }) => effect)).toEqual(['write', undefined, 'destructive', undefined])
  })

  test('that creates has the id of what it made', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(inTurn([{ json: { results: [] } }, { status: 201, json: { id: 'made-1', name: 'v' } }]))
    await mcp.call('warehouse_saved_queries_create', { name: 'v', query: 'select 1' })
    const [attempt, outcome] = linesIn(path)
    expect(attempt?.object).toBeUndefined()
    expect(outcome).toMatchObject({ outcome: 'done', status: 201, object: 'made-1' })
  })

  test('with long arguments has the beginning of each', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(inTurn([{ json: { results: [] } }, { status: 201, json: { id: 'x', name: 'v' } }]))
    await mcp.call('warehouse_saved_queries_create', { name: 'v', query: `select '${'x'.repeat(900_000)}'` })
    const [attempt] = linesIn(path)
    expect(attempt?.arguments).toEqual({ name: 'v', query: `select '${'x'.repeat(1_992)}…(900009 characters)` })
  })
})

describe('an end', () => {
  test('that PostHog refused is failed, with its status and its id', async () => {
    const { upstream, path, mcp } = await start()
    const headers = { 'X-Request-Id': 'no-2' }
    upstream.script(() => ({ status: 403, json: { detail: 'API key missing required scope' }, headers }))
    await mcp.call('warehouse_tables_update', { id: ID, name: 'x' })
    expect(linesIn(path)[1]).toMatchObject({ outcome: 'failed', status: 403, posthog_request: 'no-2' })
    expect(linesIn(path)[1]).not.toHaveProperty('kind')
  })

  test('that is an error of PostHog’s is unknown', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(() => ({ status: 502, json: {}, headers: { 'X-Request-Id': 'a b\u00e9' } }))
    await mcp.call('warehouse_tables_update', { id: ID, name: 'x' })
    expect(linesIn(path)[1]).toMatchObject({ outcome: 'unknown', status: 502 })
    // What has not the form of an id is none.
    expect(linesIn(path)[1]).not.toHaveProperty('posthog_request')
  })

  test('that a look before the write came to is refused', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(() => ({ json: { results: [{ id: ID, name: 'v' }] } }))
    await mcp.call('warehouse_saved_queries_create', { name: 'v', query: 'select 1' })
    expect(linesIn(path)).toMatchObject([{ event: 'attempt' }, { outcome: 'refused', kind: 'refused' }])
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET'])
  })

  test('on a connection that was lost is unknown; on one that could not be made, failed', async () => {
    const upstream = await startFaulty()
    const path = join(useFolder(), 'audit.jsonl')
    const mcp = await useMcp({ origin: upstream.origin, flags: ['--audit', path] })
    upstream.behave((socket) => socket.resetAndDestroy())
    await mcp.call('warehouse_tables_update', { id: ID, name: 'x' })
    await upstream.kill()
    await mcp.call('warehouse_tables_update', { id: ID, name: 'x' })
    expect(linesIn(path).map(({ outcome, kind }) => [outcome, kind])).toEqual([
      [undefined, undefined],
      ['unknown', 'reset'],
      [undefined, undefined],
      ['failed', 'unreachable'],
    ])
  })

  test('that never came, because the process was killed, leaves the attempt', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(() => 'hang')
    const call = mcp.call('warehouse_tables_update', { id: ID, name: 'orders' }).catch(() => 'lost')
    await upstream.arrived(0)
    process.kill(mcp.pid ?? 0, 'SIGKILL')
    expect(await call).toBe('lost')
    expect(linesIn(path)).toMatchObject([{ event: 'attempt', tool: 'warehouse_tables_update' }])
    expect(verify(path)).toMatchObject({
      code: 0,
      text: expect.stringContaining('attempts without an outcome: 1 (number 1)\n'),
    })
  })

  test('is written down although the client has left', async () => {
    const { upstream, path, mcp } = await start()
    upstream.script(() => 'hang')
    const call = mcp.call('warehouse_tables_update', { id: ID, name: 'orders' }).catch(() => 'lost')
    await upstream.arrived(0)
    // Somebody else is writing, so that it takes a moment.
    const release = holdLock(path)
    const { pid } = mcp
    const closed = mcp.close()
    await upstream.aborted(0)
    // Nothing tells that it waits: this is the time it would have ended in without.
    await setTimeout(300)
    release()
    await Promise.all([closed, call])
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH')
    expect(linesIn(path)).toMatchObject([{ event: 'attempt' }, { outcome: 'unknown' }])
  })
})

describe('what a person answered', () => {
  const tool = toCatalogue(operations, false).get('data_warehouse_deprovision')
  if (tool === undefined) throw new Error('no such tool')
  const at = '2026-09-30T12:00:00.000Z'

  const answer = async (confirmed: Confirmed, work: Parameters<typeof underAudit>[2]) => {
    const path = join(useFolder(), 'audit.jsonl')
    const file = await AuditFile.open(path)
    const audit = createAudit(
      (fields) => file.append(fields),
      () => undefined,
    ).as('ci')
    const means = {
      http: { send: () => Promise.reject(new Error('nothing is sent')) },
      projects: createProjects(7, () => Promise.reject(new Error('nothing is asked'))),
      files: allowFiles([]),
      origin: 'https://us.posthog.com',
      apiKey: 'phx_0123456789',
      audit,
      confirm: approvals(),
      ...noSecrets,
    }
    const context = { signal: new AbortController().signal, redactor: createRedactor(['hunter22']) }
    const done = underAudit(means, { tool, input: {}, context, confirmed }, work)
    await done.catch(() => undefined)
    return linesIn(path)
  }

  test('is in the attempt, masked and cut', async () => {
    const said = `acme hunter22 ${'x'.repeat(1_000)}`
    const [attempt] = await answer({ how: 'form', answer: said, at }, () => Promise.reject(new Error('x')))
    expect(attempt?.confirmation).toEqual({ how: 'form', answer: `acme *** ${'x'.repeat(191)}…(1009 characters)`, at })
  })

  test('is the end of it, when the answer is no', async () => {
    const no = new ToolError('The person declined', { next: '' })
    expect(await answer({ how: 'form', answer: 'decline', at }, () => Promise.reject(no))).toMatchObject([
      { event: 'attempt', confirmation: { how: 'form', answer: 'decline', at } },
      { outcome: 'refused', kind: 'refused' },
    ])
  })

  test('a fault of this server’s is unknown', async () => {
    const lines = await answer({ how: 'none', at }, () => Promise.reject(new Error('hunter22')))
    expect(lines[1]).toMatchObject({ outcome: 'unknown', kind: 'fault' })
    expect(JSON.stringify(lines)).not.toContain('hunter22')
  })
})

test('arguments that are none are no attempt', async () => {
  const { path, mcp } = await start()
  expect((await mcp.call('warehouse_tables_update', { id: 'no-id', name: 'x' })).isError).toBe(true)
  expect(linesIn(path)).toEqual([])
})

test('- is stderr, beside the log; without the flag there is nothing', async () => {
  const upstream = await useRecorder(() => ({ json: { id: ID, name: 'x' } }))
  const mcp = await useMcp({ origin: upstream.origin, flags: ['--audit', '-'] })
  await mcp.call('warehouse_tables_update', { id: ID, name: 'x' })
  const lines = mcp.stderr.filter((line) => line.startsWith('{"seq":')).map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { seq: 1, prev: '0'.repeat(64), event: 'attempt' },
    { seq: 2, prev: lines[0]?.hash, outcome: 'done' },
  ])
  const without = await useMcp({ origin: upstream.origin })
  await without.call('warehouse_tables_update', { id: ID, name: 'x' })
  expect(without.stderr.filter((line) => line.includes('"seq"'))).toEqual([])
})

test('the local warehouse is written about as any other', async () => {
  const path = join(useFolder(), 'audit.jsonl')
  const mcp = await useMcp({ flags: ['--local', '--audit', path] })
  await mcp.call('warehouse_saved_queries_create', { name: 'one', query: 'select 1 as n' })
  expect(linesIn(path)).toMatchObject([
    { event: 'attempt', who: 'local', host: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
    { outcome: 'done', status: 201, object: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  ])
})
