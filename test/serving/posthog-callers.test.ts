import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Held, isRefusal } from '../../src/callers/caller.ts'
import { CallerPool, type Kept } from '../../src/callers/caller-pool.ts'
import { DISTRUST_MS, LOOK_MS, PosthogCallers, type PosthogGuest, TRUST_MS } from '../../src/callers/posthog-callers.ts'
import type { HttpReply } from '../../src/http/client.ts'

const KEY = 'phx_of-somebody-0123456789'
const OTHER = 'phx_of-another-0123456789ab'

const reply = (status: number, body: unknown): HttpReply => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(body)),
  fromStorage: false,
  attempts: 1,
})
const good = (...scopes: readonly string[]) => reply(200, { scopes })
const revoked = reply(401, { detail: 'invalid' })
const away = reply(500, {})

/** The class in front of a PostHog whose answers are set, at a time that is set. */
const useCallers = () => {
  const state = { now: 0, answer: good('*') }
  const [asked, dropped, made]: [string[], string[], PosthogGuest[]] = [[], [], []]
  const callers = new PosthogCallers({
    http: {
      as: (key) => ({
        send: async () => {
          asked.push(key)
          return state.answer
        },
      }),
    },
    pool: new CallerPool(({ name }) => dropped.push(name)),
    passOAuth: false,
    make: (guest) => {
      made.push(guest)
      // Nothing but its names is asked of a caller, and of the parts only that they end.
      return { caller: { id: guest.id, name: guest.name }, core: { close: async () => undefined } } as Kept
    },
    now: () => state.now,
  })
  onTestFinished(() => callers.close())
  const identify = (key = KEY) => callers.identify(`Bearer ${key}`)
  const hold = async (key = KEY): Promise<Held> => {
    const answer = await identify(key)
    if (isRefusal(answer)) throw new Error(answer.description)
    return answer
  }
  /** 200 where the caller is let in; the request is over at once. */
  const status = async (key = KEY): Promise<number> => {
    const answer = await identify(key)
    if (isRefusal(answer)) return answer.status
    answer.release()
    return 200
  }
  /** Moves the time, and then looks. */
  const lookAt = async (now: number): Promise<void> => {
    state.now = now
    await vi.advanceTimersByTimeAsync(LOOK_MS)
  }
  return { state, asked, dropped, made, hold, status, lookAt }
}

beforeEach(() => {
  // Only what makes it look: the time is the test's own.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
})

describe('how long the word of PostHog counts', () => {
  test('a good one five minutes: not asked again before, and then a revoked key is 401', async () => {
    const { state, asked, dropped, status } = useCallers()
    expect(await status()).toBe(200)
    state.answer = revoked
    state.now = TRUST_MS - 1
    expect([await status(), asked.length]).toEqual([200, 1])
    state.now = TRUST_MS
    expect([await status(), asked.length]).toEqual([401, 2])
    expect(dropped).toHaveLength(1)
  })

  test('the five minutes begin anew with each answer', async () => {
    const { state, asked, dropped, status } = useCallers()
    await status()
    state.now = TRUST_MS + 1_000
    expect([await status(), asked.length]).toEqual([200, 2])
    state.now = 2 * TRUST_MS + 999
    expect([await status(), asked.length]).toEqual([200, 2])
    state.now += 1
    expect([await status(), asked.length]).toEqual([200, 3])
    expect(dropped).toEqual([])
  })

  test('a bad one half a minute: not asked again before, and then a key that is good by now is let in', async () => {
    const { state, asked, status } = useCallers()
    state.answer = revoked
    expect(await status()).toBe(401)
    state.answer = good('*')
    state.now = DISTRUST_MS - 1
    expect([await status(), asked.length]).toEqual([401, 1])
    state.now = DISTRUST_MS
    expect([await status(), asked.length]).toEqual([200, 2])
  })

  test('that of one key says nothing of another; no word is remembered where there was none', async () => {
    const { state, asked, status } = useCallers()
    expect(await status()).toBe(200)
    state.answer = away
    expect([await status(OTHER), await status(OTHER), await status()]).toEqual([503, 503, 200])
    expect(asked).toEqual([KEY, OTHER, OTHER])
  })

  test('until PostHog refuses a call: the next request asks, and what was open ends', async () => {
    const { state, asked, dropped, made, hold, status } = useCallers()
    const { caller } = await hold()
    await hold(OTHER)
    state.answer = revoked
    made[0]?.refused()
    expect(dropped).toEqual([])
    expect([await status(), await status(OTHER)]).toEqual([401, 200])
    expect(asked).toEqual([KEY, OTHER, KEY])
    expect(dropped).toEqual([caller.name])
  })
})

describe('what stays open', () => {
  test('ends when its key turns out to be revoked: at the look after the five minutes, not before', async () => {
    const { state, asked, dropped, hold, lookAt } = useCallers()
    const { caller } = await hold()
    state.answer = revoked
    await lookAt(TRUST_MS - 1)
    expect([asked.length, dropped]).toEqual([1, []])
    await lookAt(TRUST_MS)
    expect([asked.length, dropped]).toEqual([2, [caller.name]])
    // Nobody is served with it any more.
    await lookAt(3 * TRUST_MS)
    expect(asked).toHaveLength(2)
  })

  test('is looked at again and again while the key is good, and no more once it is closed', async () => {
    const { asked, dropped, hold, lookAt } = useCallers()
    const { release } = await hold()
    await lookAt(TRUST_MS)
    await lookAt(2 * TRUST_MS)
    expect(asked).toHaveLength(3)
    release()
    await lookAt(3 * TRUST_MS)
    expect(asked).toHaveLength(3)
    expect(dropped).toEqual([])
  })

  test('goes on while PostHog cannot be asked, which is tried at every look', async () => {
    const { state, asked, dropped, hold, lookAt } = useCallers()
    await hold()
    state.answer = away
    await lookAt(TRUST_MS)
    await lookAt(TRUST_MS + LOOK_MS)
    expect([asked.length, dropped]).toEqual([3, []])
    state.answer = revoked
    await lookAt(TRUST_MS + 2 * LOOK_MS)
    expect([asked.length, dropped.length]).toEqual([4, 1])
  })

  test('ends when the key has other scopes: the tools are others', async () => {
    const { state, dropped, made, hold, lookAt } = useCallers()
    const { caller } = await hold()
    state.answer = good('query:read')
    await lookAt(TRUST_MS)
    expect(dropped).toEqual([caller.name])
    await hold()
    expect(made.map(({ scopes }) => scopes)).toEqual([['*'], ['query:read']])
    expect(dropped).toEqual([caller.name])
  })
})
