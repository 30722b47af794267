import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Connection, useMcp } from '../fake/mcp.ts'
import { type Recorder, useRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'
import { linesIn, useFolder, verify } from './support.ts'

const start = async () => {
  const upstream = await useRecorder(() => ({ json: { id: ID, name: 'orders' } }))
  const folder = join(useFolder(), 'log')
  mkdirSync(folder)
  const path = join(folder, 'audit.jsonl')
  const mcp = await useMcp({ origin: upstream.origin, flags: ['--audit', path] })
  return { upstream, folder, path, mcp }
}

const write = (mcp: Connection) => mcp.call('warehouse_tables_update', { id: ID, name: 'orders' })

/** The write is refused and PostHog hears nothing of it, while what reads goes on. */
const expectRefused = async (mcp: Connection, upstream: Recorder, why: string): Promise<void> => {
  const before = upstream.requests.length
  const { isError, content } = await write(mcp)
  expect([isError, content[0]?.text?.split('\n')]).toEqual([
    true,
    [
      `warehouse_tables_update: not sent. Every change is written down first, and the audit log cannot be written (${why})`,
      'Nothing was changed.',
      'Only the operator of this server can mend that (its --audit); what only reads goes on.',
    ],
  ])
  expect(upstream.requests).toHaveLength(before)
  expect((await mcp.call('warehouse_tables_get', { id: ID })).isError).not.toBe(true)
  expect(upstream.requests).toHaveLength(before + 1)
}

const reasonsIn = ({ stderr }: Connection): readonly unknown[] =>
  stderr.flatMap((line) => (line.includes('audit not written') ? [JSON.parse(line).reason] : []))

const hasLimits = process.platform === 'linux'

test.skipIf(!hasLimits)(
  'a disk that is full: nothing is sent, no half of a line stays, and later it goes on',
  async () => {
    const { upstream, path, mcp } = await start()
    await write(mcp)
    const whole = readFileSync(path, 'utf8')
    // Room for the beginning of a line: as on a full disk, the first part is written and the rest is refused.
    const limit = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(mcp.pid), `--fsize=${bytes}:unlimited`])
    limit(statSync(path).size + 50)
    await expectRefused(mcp, upstream, 'EFBIG')
    expect(readFileSync(path, 'utf8')).toBe(whole)
    limit('unlimited')
    expect((await write(mcp)).isError).not.toBe(true)
    expect(linesIn(path)).toHaveLength(4)
    expect(verify(path).code).toBe(0)
    expect(reasonsIn(mcp)).toEqual(['EFBIG'])
  },
)

test.skipIf(!hasLimits)('an end that cannot be written leaves the attempt, and the result is the truth', async () => {
  const { upstream, path, mcp } = await start()
  upstream.script(() => {
    execFileSync('prlimit', ['--pid', String(mcp.pid), `--fsize=${statSync(path).size}:unlimited`])
    return { json: { id: ID, name: 'orders' } }
  })
  expect((await write(mcp)).structuredContent).toMatchObject({ id: ID, name: 'orders' })
  expect(linesIn(path)).toMatchObject([{ event: 'attempt' }])
  expect(reasonsIn(mcp)).toEqual(['EFBIG'])
})

test('a folder that is gone', async () => {
  const { upstream, folder, mcp } = await start()
  rmSync(folder, { recursive: true })
  await expectRefused(mcp, upstream, 'ENOENT')
  mkdirSync(folder)
  expect((await write(mcp)).isError).not.toBe(true)
})

test('something else in the place of the file', async () => {
  const { upstream, path, mcp } = await start()
  await write(mcp)
  renameSync(path, `${path}.1`)
  mkdirSync(path)
  await expectRefused(mcp, upstream, 'see its log')
  expect(reasonsIn(mcp)).toEqual([`${path} is not a file`])
  // Once it is away, the chain goes on where it was.
  rmSync(path, { recursive: true })
  await write(mcp)
  expect(verify(`${path}.1`, path)).toMatchObject({ code: 0, text: expect.stringMatching(/^4 lines, whole/) })
})
