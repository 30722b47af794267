/**
 * Kills at random moments: what was acknowledged is there afterwards, and nothing is half. `CRASH_KILLS` sets how often
 * (25 when left out), `CRASH_SEED` repeats a run.
 */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { tableWriter, viewWriter, type Writer } from './crash-writers.ts'
import { type Client, startClient } from './http-client.ts'

const KILLS = Number(process.env.CRASH_KILLS ?? 25)
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000)
const LONG = 60_000 + KILLS * 10_000
const processPath = fileURLToPath(new URL('../../dist/src/local/process.js', import.meta.url))

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crash-'))
})
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))

/** mulberry32: the same numbers for the same seed. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const makeWriters = (random: () => number): Writer[] => [
  tableWriter('first_table', random),
  tableWriter('second_table', random),
  viewWriter('first_view', random),
  viewWriter('second_view', random),
]

/** Takes steps until the process is gone. */
const work = async (writer: Writer, client: Client, isOver: () => boolean, stepped: () => void): Promise<void> => {
  while (!isOver()) {
    try {
      await writer.step(client)
      stepped()
    } catch {
      // The connection broke in the middle of a call: its outcome is open.
      if (!isOver()) continue
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const checkAll = async (writers: readonly Writer[], client: Client, when: string): Promise<void> => {
  for (const writer of writers) {
    await writer.check(client).catch((error: unknown) => {
      throw new Error(`CRASH_SEED=${SEED}, ${when}: ${error instanceof Error ? error.message : String(error)}`)
    })
  }
}

/** Every file is one a live table names; two tables may name the same. */
const checkFiles = async (client: Client): Promise<void> => {
  const { body } = await client.call('GET', 'warehouse_tables/?search=_table')
  const files = await readdir(join(directory, 'uploads', 'team_1')).catch(() => [])
  expect(files.length).toBeLessThanOrEqual(body.results.length)
}

test(`every acknowledged change survives ${KILLS} kills of the process, and no object is half`, {
  timeout: LONG,
}, async () => {
  const random = randomFrom(SEED)
  const writers = makeWriters(random)
  let steps = 0
  for (let kill = 0; kill < KILLS; kill += 1) {
    const client = await startClient({ directory })
    await checkAll(writers, client, `after kill ${kill}`)
    await checkFiles(client)
    let over = false
    let here = 0
    const isOver = () => over
    const working = writers.map((writer) =>
      work(writer, client, isOver, () => {
        here += 1
      }),
    )
    // However slow the machine is: something was changed before the kill, and its moment is any.
    await vi.waitUntil(() => here >= 4, { timeout: 30_000 })
    await pause(random() * 450)
    process.kill(client.local.pid, 'SIGKILL')
    over = true
    await Promise.all(working)
    steps += here
    await client.local.close()
  }
  const client = await startClient({ directory })
  await checkAll(writers, client, 'at the end')
  await client.local.close()
  // Otherwise nothing was tested.
  expect(steps).toBeGreaterThanOrEqual(KILLS * 4)
})

test('a process that is killed while it starts leaves a folder that opens', { timeout: LONG }, async () => {
  const random = randomFrom(SEED + 1)
  const first = await startClient({ directory })
  const writers = makeWriters(random)
  for (const writer of writers) for (let step = 0; step < 4; step += 1) await writer.step(first)
  process.kill(first.local.pid, 'SIGKILL')
  await first.local.close()
  for (let kill = 0; kill < Math.ceil(KILLS / 4); kill += 1) {
    const child = fork(processPath, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] })
    child.send({ kind: 'start', options: { directory } })
    await pause(random() * 600)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const client = await startClient({ directory })
  expect(client.local.key).toBe(first.local.key)
  await checkAll(writers, client, 'after kills at the start')
  await client.local.close()
})

test('the engine’s process can be killed at any moment', { timeout: LONG }, async () => {
  const random = randomFrom(SEED + 2)
  const writers = makeWriters(random)
  const client = await startClient({ directory })
  let over = false
  let steps = 0
  const isOver = () => over
  const working = writers.map((writer) =>
    work(writer, client, isOver, () => {
      steps += 1
    }),
  )
  for (let kill = 0; kill < Math.ceil(KILLS / 4); kill += 1) {
    await pause(100 + random() * 500)
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(client.local.pid)]).catch(() => ({
      stdout: '',
    }))
    for (const pid of stdout.trim().split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
  }
  over = true
  await Promise.all(working)
  expect(steps).toBeGreaterThan(0)
  await client.local.close()
  const again = await startClient({ directory })
  await checkAll(writers, again, 'after kills of the engine')
  await again.local.close()
})
