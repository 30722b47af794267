import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRedactor } from '../../src/redact.ts'
import { ResourceWatch } from '../../src/schema/resource-watch.ts'
import { SchemaCache } from '../../src/schema/schema-cache.ts'
import { createSchemaReader } from '../../src/schema/schema-reader.ts'
import { ToolError } from '../../src/tool-error.ts'

const ORDERS = 'posthog://projects/7/tables/orders'
const OTHERS = 'posthog://projects/7/tables/others'
const redactor = createRedactor([])
const never = new AbortController().signal

/** A project whose tables the test changes, and connections that note what they are told. */
const start = () => {
  const world = { tables: { orders: 1, others: 1 } as Record<string, number>, reads: 0, fail: false }
  const read = createSchemaReader(async (which) => {
    if (which !== 'schema') return { results: [], next: null }
    world.reads += 1
    if (world.fail) throw new ToolError('429', { next: '' })
    const tables = Object.entries(world.tables).map(([name, rows]) => [
      name,
      { type: 'data_warehouse', row_count: rows, fields: {} },
    ])
    return { tables: { events: { type: 'posthog', fields: {} }, ...Object.fromEntries(tables) }, joins: [] }
  })
  const cache = new SchemaCache(read)
  const failures: unknown[] = []
  const watch = new ResourceWatch({ cache, redactor, pollMs: 60_000, failed: (error) => failures.push(error) })
  const connect = (isTold: boolean) => {
    const told: string[] = []
    const watcher = watch.connect({ listChanged: () => told.push('list'), updated: (uri) => told.push(uri) }, isTold)
    return { told, watcher }
  }
  return { world, cache, watch, failures, connect }
}

describe('the watch', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('tells of what changed, and of nothing else', async () => {
    const { world, watch, connect } = start()
    const { told, watcher } = connect(true)
    watcher.subscribe('a', { uris: [ORDERS, OTHERS], lists: false })
    await vi.advanceTimersByTimeAsync(300)
    world.tables.orders = 2
    watch.wrote(7)
    await vi.advanceTimersByTimeAsync(300)
    expect(told).toEqual(['list', ORDERS])
    // Nothing is told twice, and nothing when nothing changed.
    await vi.advanceTimersByTimeAsync(180_000)
    expect(told).toEqual(['list', ORDERS])
    watch.close()
  })

  it('hears of what others change by looking: one look an interval, however many subscribe', async () => {
    const { world, watch, connect } = start()
    const many = Array.from({ length: 20 }, () => connect(false))
    for (const { watcher } of many) watcher.subscribe(1, { uris: [ORDERS], lists: true })
    await vi.advanceTimersByTimeAsync(300)
    const before = world.reads
    world.tables.orders = 5
    delete world.tables.others
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.reads - before).toBe(1)
    for (const { told } of many) expect([...told].sort()).toEqual(['list', ORDERS])
    watch.close()
  })

  it('stops with the last subscription, and leaves nothing behind', async () => {
    const { world, watch, connect } = start()
    const [one, two] = [connect(false), connect(false)]
    one.watcher.subscribe('x', { uris: [ORDERS], lists: false })
    two.watcher.subscribe('y', { uris: [ORDERS], lists: false })
    await vi.advanceTimersByTimeAsync(61_000)
    one.watcher.unsubscribe('x')
    const before = world.reads
    await vi.advanceTimersByTimeAsync(60_000)
    expect(world.reads - before).toBe(1)
    two.watcher.close()
    await vi.advanceTimersByTimeAsync(600_000)
    expect([world.reads - before, vi.getTimerCount()]).toEqual([1, 0])
    for (let round = 0; round < 1_000; round += 1) {
      const { watcher } = connect(round % 2 === 0)
      watcher.subscribe(round, { uris: [ORDERS], lists: true })
      if (round % 3 === 0) watcher.unsubscribe(round)
      watcher.close()
    }
    await vi.advanceTimersByTimeAsync(300)
    expect(vi.getTimerCount()).toBe(0)
    watch.close()
  })

  it('gathers changes that come together into one look', async () => {
    const { world, cache, watch, connect } = start()
    const { told, watcher } = connect(false)
    await cache.get(7, never)
    watcher.subscribe(1, { uris: [ORDERS], lists: false })
    for (let write = 0; write < 50; write += 1) {
      world.tables.orders = write + 2
      watch.wrote(7)
    }
    await vi.advanceTimersByTimeAsync(300)
    expect([world.reads, told]).toEqual([2, [ORDERS]])
    watch.close()
  })

  it('says that what it cannot see may have changed', async () => {
    const { world, cache, watch, connect, failures } = start()
    const { told, watcher } = connect(false)
    await cache.get(7, never)
    watcher.subscribe(1, { uris: [ORDERS, 'posthog://projects/8/index'], lists: false })
    await vi.advanceTimersByTimeAsync(300)
    world.fail = true
    watch.wrote(7)
    await vi.advanceTimersByTimeAsync(300)
    expect([told, failures.length]).toEqual([[ORDERS], 1])
    watch.close()
  })

  it('looks for new tables as soon as something is known of a project, whoever asked first', async () => {
    const { world, cache, watch, connect } = start()
    const { told, watcher } = connect(false)
    watcher.subscribe(1, { uris: [], lists: true })
    // A change that nobody could have seen takes nothing from the next one.
    watch.wrote(7)
    await cache.get(7, never)
    world.tables.fresh = 1
    await vi.advanceTimersByTimeAsync(61_000)
    expect(told).toEqual(['list', 'list'])
    watch.close()
  })

  it('watches no project that may not be read, and no more than can be compared', async () => {
    const { cache } = start()
    const asked = new Set<number>()
    cache.get = async (project) => {
      asked.add(project)
      throw new ToolError('no', { next: '' })
    }
    const watch = new ResourceWatch({ cache, redactor, pollMs: 0, only: 7, failed: () => undefined })
    watch
      .connect({ listChanged: () => undefined, updated: () => undefined }, false)
      .subscribe(1, { uris: [ORDERS, 'posthog://projects/8/index', 'nonsense'], lists: false })
    await vi.advanceTimersByTimeAsync(300)
    expect([...asked]).toEqual([7])
    watch.close()
    const wide = new ResourceWatch({ cache, redactor, pollMs: 0, failed: () => undefined })
    const uris = Array.from({ length: 100 }, (_, at) => `posthog://projects/${at + 1}/index`)
    wide.connect({ listChanged: () => undefined, updated: () => undefined }, false).subscribe(1, { uris, lists: false })
    await vi.advanceTimersByTimeAsync(300)
    expect(asked.size).toBe(16)
    wide.close()
  })

  it('sends a list to whom it was promised only', async () => {
    const { watch, connect } = start()
    const [silent, asked, older] = [connect(false), connect(false), connect(true)]
    asked.watcher.subscribe(1, { uris: [], lists: true })
    watch.wrote(7)
    expect([silent.told, asked.told, older.told]).toEqual([[], ['list'], ['list']])
    asked.watcher.unsubscribe(1)
    watch.wrote(7)
    expect([asked.told, older.told]).toEqual([['list'], ['list', 'list']])
    watch.close()
  })
})
