import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createEngine } from '../../src/local/engine/client.ts'
import { Lane } from '../../src/local/engine/lane.ts'
import { anchor, type Bench, customersCsv, failureOf, openBench } from './engine-setup.ts'

let bench: Bench | undefined

async function open(options = {}): Promise<Bench> {
  bench = await openBench(options)
  return bench
}

afterEach(async () => {
  await bench?.close()
  bench = undefined
})

/** Sixteen billion rows: minutes of work that give no row before their end. */
const endless =
  'select count() from events a cross join events b cross join events c cross join events d where a.event != d.distinct_id'

/** Processes of this test's engine, from the system's own table. */
function workers(directory: string): number[] {
  return execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('worker.js') && line.includes(directory))
    .map((line) => Number(line.trim().split(' ')[0]))
}

/** Whether a path is one of the files that hold rows. */
const isPart = (path: string): boolean => path.endsWith('.bin')

describe('a long query', () => {
  it('ends for its caller at once when cancelled, and the next caller gets its answer', async () => {
    const { engine } = await open()
    const stop = new AbortController()
    const long = failureOf(engine.query(1, endless, { signal: stop.signal }))
    const next = engine.query(1, "select 'next'")
    await pause(200)
    stop.abort()
    expect((await long).reason).toBe('cancelled')
    expect((await next).rows).toEqual([['next']])
  })

  it('is stopped at its time limit', async () => {
    const { engine } = await open()
    const error = await failureOf(engine.query(1, endless, { timeoutMs: 300 }))
    expect(error.reason).toBe('timeout')
    expect(error.message).toMatch(/^Query has hit the max execution time before completing\. /)
    expect((await engine.query(1, 'select 1')).rows).toEqual([[1]])
  })

  it('leaves the event loop free', async () => {
    const { engine } = await open()
    const stop = new AbortController()
    let running = true
    const long = failureOf(engine.query(1, endless, { signal: stop.signal })).finally(() => {
      running = false
    })
    let pings = 0
    while (pings < 50 && running) {
      await pause(10)
      pings += 1
    }
    expect([pings, running]).toEqual([50, true])
    stop.abort()
    await long
  })

  it('can be cancelled while it waits for its turn', async () => {
    const { engine } = await open()
    const [first, second] = [new AbortController(), new AbortController()]
    const long = failureOf(engine.query(1, endless, { signal: first.signal }))
    const waiting = failureOf(engine.query(1, 'select 2', { signal: second.signal }))
    second.abort()
    expect((await waiting).reason).toBe('cancelled')
    first.abort()
    expect((await long).reason).toBe('cancelled')
    expect((await failureOf(engine.query(1, 'select 3', { signal: first.signal }))).reason).toBe('cancelled')
  })

  it('makes others busy once the queue is full or the wait too long', async () => {
    const { engine } = await open({ maxQueued: 1, maxWaitMs: 300 })
    const stop = new AbortController()
    const long = failureOf(engine.query(1, endless, { signal: stop.signal }))
    const waiting = failureOf(engine.query(1, 'select 2'))
    expect((await failureOf(engine.query(1, 'select 3'))).reason).toBe('busy')
    const error = await waiting
    expect([error.reason, error.message]).toEqual([
      'busy',
      "Queries are a little too busy right now. We're working to free up resources. Please try again later.",
    ])
    stop.abort()
    await long
  })

  it('may be stopped between chunks without replacing the process', async () => {
    const { engine, directory } = await open()
    const before = workers(directory)
    const sql = 'select a.uuid from events a cross join events b cross join events c limit 10'
    expect((await engine.query(1, sql)).rows).toHaveLength(10)
    expect((await engine.query(1, 'select 1')).rows).toEqual([[1]])
    expect(before).toHaveLength(1)
    expect(workers(directory)).toEqual(before)
  })
})

describe('the process', () => {
  it('is replaced after a crash, with every relation still there', async () => {
    const { engine, directory, ...rest } = await open()
    await rest.table(1, 't', 'customers', await rest.file('c.csv', customersCsv), 'CSVWithNames')
    const view = { kind: 'view', id: 'v', name: 'names', sql: 'select name from customers', rows: null } as const
    await engine.put(1, view)
    await engine.put(1, { ...view, rows: (await engine.materialize(1, 'v')).table })
    const long = failureOf(engine.query(1, endless))
    await engine.put(1, { kind: 'view', id: 'w', name: 'w', sql: 'select 1 as one', rows: null })
    const [pid] = workers(directory)
    expect(pid).toBeGreaterThan(0)
    process.kill(Number(pid), 'SIGKILL')
    expect((await long).code).toBe('aborted')
    expect(await rest.rows('select count() from customers')).toEqual([[3]])
    expect(await rest.rows('select count() from names')).toEqual([[3]])
    expect(await rest.rows('select one from w')).toEqual([[1]])
    expect(await rest.rows('select count() from events')).toEqual([[360]])
    expect(workers(directory)).not.toContain(pid)
  })

  it('is gone after close, which may be called twice and ends waiting calls', async () => {
    const { engine, directory } = await open()
    const long = failureOf(engine.query(1, endless))
    // The call is in the lane once its text is parsed, which takes a turn of the event loop.
    await pause(50)
    expect(workers(directory)).toHaveLength(1)
    await engine.close()
    await engine.close()
    expect((await long).reason).toBe('cancelled')
    expect(workers(directory)).toEqual([])
    expect((await failureOf(engine.query(1, 'select 1'))).reason).toBe('busy')
  })

  it('dies with its parent, also in the middle of a query', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'engine-orphan-'))
    const script = `
      const { createEngine } = await import(${JSON.stringify(pathToFileURL('dist/src/local/engine/client.js').href)})
      const engine = await createEngine({ directory: ${JSON.stringify(directory)} })
      engine.query(1, ${JSON.stringify(endless)}).catch(() => undefined)
      setTimeout(() => process.stdout.write('running'), 100)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(parent.stdout, 'data')
    expect(workers(directory)).toHaveLength(1)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    await vi.waitUntil(() => workers(directory).length === 0, { timeout: 5_000, interval: 50 })
    await rm(directory, { recursive: true, force: true })
  })

  it('says what to install when chdb is missing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'engine-bare-'))
    try {
      await writeFile(join(directory, 'package.json'), '{"type":"module"}')
      for (const name of ['worker.js', 'worker-messages.js', 'row-text.js'])
        await copyFile(join('dist/src/local/engine', name), join(directory, name))
      const lane = new Lane({
        worker: join(directory, 'worker.js'),
        setup: { directory, start: [] },
        maxQueued: 1,
        maxWaitMs: 100,
        graceMs: 100,
      })
      await expect(lane.start()).rejects.toMatchObject({
        name: 'EngineStartError',
        reason: 'chdb-missing',
        message: 'The local warehouse needs the package chdb. Install it with: npm install chdb',
      })
      await lane.close()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})

describe('a materialized view', () => {
  it('serves the old rows until the new are whole, and the view itself after it is dropped', async () => {
    const { engine, ...rest } = await open()
    const path = await rest.file('n.csv', 'n\n1\n2\n')
    await rest.table(1, 't', 'numbers_file', path, 'CSVWithNames')
    const view = {
      kind: 'view',
      id: "v'1",
      name: 'doubled',
      sql: 'select n * 2 as m, count() from numbers_file group by n',
      rows: null,
    } as const
    await engine.put(1, view)
    expect(await rest.rows('select m from doubled order by m')).toEqual([[2], [4]])
    const first = await engine.materialize(1, "v'1")
    expect(first).toEqual({ table: expect.stringMatching(/^p_1\.m_\w{32}$/), rows: 2 })
    await rest.file('n.csv', 'n\n1\n2\n3\n')
    const turned = { ...view, sql: 'select n * 10 as m from numbers_file' }
    await engine.put(1, { ...turned, rows: first.table })
    expect(await rest.rows('select m, `count()` from doubled order by m')).toEqual([
      [2, 1],
      [4, 1],
    ])
    const second = await engine.materialize(1, "v'1")
    expect(second.rows).toBe(3)
    expect(await rest.rows('select m from doubled order by m')).toEqual([[2], [4]])
    await engine.put(1, { ...turned, rows: second.table })
    await engine.rows.drop(first.table)
    expect(await rest.rows('select m from doubled order by m')).toEqual([[10], [20], [30]])
    await rest.file('n.csv', 'n\nx\n')
    expect((await failureOf(engine.materialize(1, "v'1"))).reason).toBe('execution')
    expect(await engine.count(1, 'doubled')).toBe(3)
    await rest.file('n.csv', 'n\n7\n')
    await engine.put(1, turned)
    expect(await rest.rows('select m from doubled')).toEqual([[70]])
    await engine.remove(1, "v'1")
    expect((await failureOf(engine.query(1, 'select * from doubled'))).reason).toBe('unknown_table')
  })

  it('keeps its rows over a restart', async () => {
    const { engine, directory, file, table } = await open()
    await table(1, 't', 'source', await file('n.csv', 'n\n1\n'), 'CSVWithNames')
    const view = { kind: 'view', id: 'v', name: 'kept', sql: 'select n from source', rows: null } as const
    await engine.put(1, view)
    const { table: kept } = await engine.materialize(1, 'v')
    const { table: unnamed } = await engine.materialize(1, 'v')
    await engine.close()
    await file('n.csv', 'n\n2\n')
    const again = await createEngine({ directory: join(directory, 'state'), anchor })
    expect(await again.sweepViews(new Set([kept, 'p_1.m_gone']))).toEqual(new Set([kept]))
    await again.put(1, { ...view, rows: kept })
    const { rows } = await again.query(1, 'select n from kept')
    const gone = await failureOf(again.rows.count(unnamed))
    await again.close()
    expect(rows).toEqual([[1]])
    expect(gone.reason).toBe('execution')
  })

  it('stops filling when its run is cancelled, and can be filled again', async () => {
    const { engine } = await open()
    await engine.put(1, { kind: 'view', id: 'v', name: 'huge', sql: endless, rows: null })
    const stop = new AbortController()
    const run = failureOf(engine.materialize(1, 'v', stop.signal))
    await pause(200)
    stop.abort()
    expect((await run).reason).toBe('cancelled')
    await engine.put(1, { kind: 'view', id: 'v', name: 'huge', sql: 'select 1 as n', rows: null })
    expect((await engine.materialize(1, 'v')).rows).toBe(1)
  })

  it('leaves no rows on the disk when its run is cancelled while it writes them', async () => {
    const { engine, directory } = await open()
    const hashes =
      'select cityHash64(concat(a.uuid, b.uuid, c.uuid)) as h from events a cross join events b cross join events c limit 20000000'
    await engine.put(1, { kind: 'view', id: 'v', name: 'huge', sql: hashes, rows: null })
    const stop = new AbortController()
    const run = failureOf(engine.materialize(1, 'v', stop.signal))
    const parts = async () => (await readdir(join(directory, 'state', 'store'), { recursive: true })).filter(isPart)
    await expect.poll(async () => (await parts()).length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
    stop.abort()
    expect((await run).reason).toBe('cancelled')
    expect(await parts()).toEqual([])
  })
})
