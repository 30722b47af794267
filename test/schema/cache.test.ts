import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Poller } from '../../src/schema/poller.ts'
import { LIFETIME_MS, PARTIAL_LIFETIME_MS, SchemaCache } from '../../src/schema/schema-cache.ts'
import type { Snapshot } from '../../src/schema/snapshot.ts'
import { StatusError } from '../../src/status-error.ts'
import { ToolError } from '../../src/tool-error.ts'

const snapshotOf = (project: number, names: readonly string[], takenAt: number): Snapshot => {
  const entries = names.map((name) => ({
    group: 'tables' as const,
    kind: 'data_warehouse',
    name,
    columns: [],
    joins: [],
    used_by: [],
  }))
  return {
    project,
    entries,
    byName: new Map(entries.map((entry) => [entry.name, entry])),
    sources: [],
    sourceByName: new Map(),
    missing: [],
    isPartial: false,
    knowsSources: true,
    takenAt,
  }
}

/** A read whose answers come when the test says so. */
const controlled = () => {
  const reads: {
    project: number
    signal: AbortSignal
    answer(names: readonly string[]): void
    fail(error: Error): void
  }[] = []
  const clock = { now: 1_000_000 }
  const cache = new SchemaCache(
    (project, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')))
        reads.push({ project, signal, answer: (names) => resolve(snapshotOf(project, names, clock.now)), fail: reject })
      }),
    () => clock.now,
  )
  return { cache, reads, clock }
}

const never = new AbortController().signal

describe('the cache of schemas', () => {
  it('asks once, however many wait, and then not for five minutes', async () => {
    const { cache, reads, clock } = controlled()
    const waiting = [cache.get(7, never), cache.get(7, never), cache.refresh(7, never)]
    reads[0]?.answer(['a'])
    const [first, ...others] = await Promise.all(waiting)
    expect(others.every((other) => other === first)).toBe(true)
    clock.now += LIFETIME_MS - 1
    expect(await cache.get(7, never)).toBe(first)
    expect([reads.length, cache.remainingMs(first as Snapshot)]).toEqual([1, 1])
    clock.now += 1
    const again = cache.get(7, never)
    reads[1]?.answer(['b'])
    expect((await again).byName.has('b')).toBe(true)
  })

  it('keeps projects apart', async () => {
    const { cache, reads } = controlled()
    const both = [cache.get(7, never), cache.get(8, never)]
    for (const { project, answer } of reads) answer([`t${project}`])
    expect((await Promise.all(both)).map(({ entries }) => entries[0]?.name)).toEqual(['t7', 't8'])
  })

  it('asks anew after a change, also while an answer is on its way', async () => {
    const { cache, reads } = controlled()
    const early = cache.get(7, never)
    cache.invalidate(7)
    const late = cache.get(7, never)
    expect(reads).toHaveLength(2)
    reads[0]?.answer(['before'])
    expect((await early).byName.has('before')).toBe(true)
    // The early answer is not taken for what is.
    expect(cache.last(7)).toBeUndefined()
    reads[1]?.answer(['after'])
    expect((await late).byName.has('after')).toBe(true)
    expect((await cache.get(7, never)).byName.has('after')).toBe(true)
  })

  it('remembers no failure', async () => {
    const { cache, reads } = controlled()
    const failed = cache.get(7, never)
    reads[0]?.fail(new ToolError('busy', { next: '' }))
    await expect(failed).rejects.toThrow('busy')
    const again = cache.get(7, never)
    reads[1]?.answer(['a'])
    expect((await again).entries).toHaveLength(1)
  })

  it('gives up only when nobody waits any more, and begins anew for who comes then', async () => {
    const { cache, reads } = controlled()
    const [one, two] = [new AbortController(), new AbortController()]
    const waiting = [cache.get(7, one.signal), cache.get(7, two.signal)]
    one.abort()
    await expect(waiting[0]).rejects.toThrow('cancelled')
    expect(reads[0]?.signal.aborted).toBe(false)
    two.abort()
    await expect(waiting[1]).rejects.toThrow('cancelled')
    expect(reads[0]?.signal.aborted).toBe(true)
    const late = cache.get(7, never)
    reads[1]?.answer(['a'])
    expect((await late).entries).toHaveLength(1)
  })

  it('tells what replaced what, and remembers what is gone', async () => {
    const { cache, reads, clock } = controlled()
    const told: string[] = []
    const stop = cache.onSnapshot((after, before) =>
      told.push(`${before?.entries.length ?? 'none'} ${after.entries.length}`),
    )
    for (const names of [['a', 'b'], ['b'], ['b', 'c']]) {
      const next = cache.refresh(7, never)
      reads.at(-1)?.answer(names)
      await next
      clock.now += 1
    }
    expect(told).toEqual(['none 2', '2 1', '1 2'])
    expect([cache.goneSince(7, 'a'), cache.goneSince(7, 'b'), cache.goneSince(8, 'a')]).toEqual([
      1_000_000,
      undefined,
      undefined,
    ])
    stop()
  })

  it('looks once more for what is not in it, unless it is quite new, and soon again where it is partial', async () => {
    const { cache, reads, clock } = controlled()
    const hasB = ({ byName }: Snapshot): boolean => byName.has('b')
    const first = cache.getWith(7, hasB, never)
    reads[0]?.answer(['a'])
    expect((await first).byName.has('b')).toBe(false)
    expect((await cache.getWith(7, hasB, never)).byName.has('b')).toBe(false)
    expect(reads).toHaveLength(1)
    clock.now += 6_000
    const second = cache.getWith(7, hasB, never)
    await vi.waitUntil(() => reads.length === 2)
    reads[1]?.answer(['a', 'b'])
    const whole = await second
    expect([whole.byName.has('b'), cache.remainingMs(whole)]).toEqual([true, LIFETIME_MS])
    expect(cache.remainingMs({ ...whole, isPartial: true })).toBe(PARTIAL_LIFETIME_MS)
  })

  it('remembers sixteen projects', async () => {
    const { cache, reads } = controlled()
    for (let project = 1; project <= 17; project += 1) {
      const next = cache.get(project, never)
      reads.at(-1)?.answer(['a'])
      await next
    }
    expect(cache.known).toHaveLength(16)
    expect(cache.known).not.toContain(1)
  })
})

describe('the poller', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const start = (intervalMs = 60_000) => {
    const state = { projects: [7] as number[], looks: 0, fail: undefined as Error | undefined, failures: 0 }
    const poller = new Poller({
      intervalMs,
      projects: () => state.projects,
      look: async () => {
        state.looks += 1
        if (state.fail !== undefined) throw state.fail
      },
      failed: () => {
        state.failures += 1
      },
    })
    return { state, poller }
  }

  it('looks while there is something to look at, and not a moment longer', async () => {
    const { state, poller } = start()
    poller.adjust()
    poller.adjust()
    await vi.advanceTimersByTimeAsync(180_000)
    expect(state.looks).toBe(3)
    state.projects = []
    poller.adjust()
    expect([poller.isActive, vi.getTimerCount()]).toEqual([false, 0])
    await vi.advanceTimersByTimeAsync(600_000)
    expect(state.looks).toBe(3)
  })

  it('looks less and less often while it fails, and never sooner than PostHog asks', async () => {
    const { state, poller } = start()
    state.fail = new StatusError(new ToolError('429', { next: '' }), 429)
    poller.adjust()
    const times: number[] = []
    for (let minute = 1; minute <= 60; minute += 1) {
      const before = state.looks
      await vi.advanceTimersByTimeAsync(60_000)
      if (state.looks > before) times.push(minute)
    }
    expect(times).toEqual([1, 3, 7, 15, 31])
    const asked = start()
    asked.state.fail = new StatusError(new ToolError('429', { next: '' }), 429, 3600)
    asked.poller.adjust()
    await vi.advanceTimersByTimeAsync(60_000 + 3_599_000)
    expect(asked.state.looks).toBe(1)
    asked.state.fail = undefined
    await vi.advanceTimersByTimeAsync(61_000)
    expect(asked.state.looks).toBe(3)
    poller.close()
    asked.poller.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('looks at the others while one fails', async () => {
    const state = { good: 0, bad: 0 }
    const poller = new Poller({
      intervalMs: 60_000,
      projects: () => [8, 7],
      look: async (project) => {
        if (project === 7) state.good += 1
        else {
          state.bad += 1
          throw new Error('no')
        }
      },
      failed: () => undefined,
    })
    poller.adjust()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(state).toEqual({ good: 10, bad: 3 })
    poller.close()
  })

  it('never looks with 0, nor after its end', async () => {
    const { state, poller } = start(0)
    poller.adjust()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(state.looks).toBe(0)
    const ended = start()
    ended.poller.adjust()
    ended.poller.close()
    ended.poller.adjust()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(ended.state.looks).toBe(0)
  })
})
