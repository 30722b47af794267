import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { createCall } from '../../src/call.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import { allowFiles } from '../../src/files.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createLook } from '../../src/look.ts'
import { createProjects } from '../../src/project.ts'
import { operations } from '../../tools/index.ts'
import { approvals, noHooks, saysYes, toResult } from '../fake/hooks.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'
import { noSecrets } from '../fake/secrets.ts'
import { destruction, shown } from '../fake/shown.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const catalogue = toCatalogue(operations, false)
afterEach(() => void vi.useRealTimers())

/** The whole path of a call in this process, so that its clock can be moved. */
const start = async (script: Script) => {
  const upstream = await useRecorder(script)
  const { origin } = upstream
  const apiKey = 'phx_test-key-0123456789'
  const http = createHttpClient({ origin, apiKey, userAgent: 'test/1', maxInFlight: 8, env: {} })
  onTestFinished(() => http.close())
  const means = {
    http,
    projects: createProjects(7, createLook(http)),
    files: allowFiles([]),
    origin,
    apiKey,
    confirm: approvals(),
    ...noSecrets,
  }
  const run = createCall(means, noHooks)
  const call = (name: string, args: Record<string, unknown>) => {
    const tool = catalogue.get(name)
    if (tool === undefined) throw new Error(`no tool ${name}`)
    return run(tool, args, { signal: new AbortController().signal, person: saysYes }).then(toResult)
  }
  return { upstream, call }
}

const SILENT: Script = () => 'hang'

test.each([
  ['a read', 'warehouse_tables_get', { id: ID }, 45, 'Nothing was changed.', 'Call again in a moment.'],
  [
    'the look before a write',
    'warehouse_tables_delete',
    { id: ID },
    45,
    'Nothing was changed.',
    'Call again in a moment.',
  ],
  [
    'the look at what a write would destroy',
    'warehouse_saved_queries_delete',
    { id: ID },
    45,
    'Nothing was changed.',
    'Call again in a moment.',
  ],
  [
    'a write',
    'warehouse_saved_queries_delete',
    { id: ID },
    45,
    'It is not known whether the change was carried out.',
    'Do not repeat it blindly; look first with warehouse_saved_queries_get.',
  ],
  [
    'a write that probes a bucket inside the call',
    'warehouse_tables_refresh_schema',
    { id: ID },
    120,
    'It is not known whether the change was carried out.',
    'Do not repeat it blindly; look first with warehouse_tables_get.',
  ],
])(
  'silence during %s ends at its deadline, and the next call is answered',
  async (_what, name, args, seconds, changed, next) => {
    const isSent = changed !== 'Nothing was changed.'
    const { upstream, call } = await start(isSent ? shown(SILENT) : SILENT)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let ended = false
    const silent = call(name, args).finally(() => {
      ended = true
    })
    const silence = isSent ? await destruction(upstream) : 0
    await upstream.arrived(silence)
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1)
    expect(ended).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    const { content, isError } = await silent
    expect(isError).toBe(true)
    expect(content).toEqual([
      { type: 'text', text: `${name}: There was no complete reply within ${seconds} s.\n${changed}\n${next}` },
    ])
    await upstream.aborted(silence)
    vi.useRealTimers()
    upstream.script(() => ({ json: { id: ID, name: 'alive' } }))
    expect((await call('warehouse_tables_get', { id: ID })).structuredContent).toMatchObject({ name: 'alive' })
  },
)
