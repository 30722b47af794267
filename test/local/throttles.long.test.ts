/** Budgets and the concurrency gate, on a clock that is pushed (fact sheet: cross-cutting 7 and 10, rows 15 and 16). */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { accountRoutes } from '../../src/local/accounts.ts'
import { createApp } from '../../src/local/app.ts'
import { Clock } from '../../src/local/clock.ts'
import { DiskGuard } from '../../src/local/disk-guard.ts'
import type { Engine, QueryAnswer } from '../../src/local/engine/engine.ts'
import { KeyRing } from '../../src/local/keys.ts'
import { LocalFiles } from '../../src/local/local-files.ts'
import { issue } from '../../src/local/oauth/grants.ts'
import { oauthDoors } from '../../src/local/oauth/oauth-doors.ts'
import { queryRoutes } from '../../src/local/query-routes.ts'
import { Store } from '../../src/local/store.ts'
import { Turns } from '../../src/local/turns.ts'
import type { World } from '../../src/local/world.ts'

const ANSWER: QueryAnswer = {
  columns: [],
  rows: [],
  hasMore: false,
  limit: 100,
  offset: 0,
  bytes: 0,
  executed: 'SELECT 1',
}
const ACME = '0194d640-0000-7000-8000-000000000001'

let directory: string
let store: Store
let clock: Clock
/** The world's time stands still but for `advance`, so that the seconds told are exact on a slow machine too. */
let now: number
const advance = (ms: number): void => {
  now += ms
  clock.advance(ms)
}
let keys: KeyRing
/** Queries the engine holds until the test lets them go. */
let held: (() => void)[]
let holds: boolean

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'throttles-'))
  store = await Store.open(directory)
  clock = new Clock()
  now = clock.now()
  keys = new KeyRing()
  keys.add('phx_all', { label: 'all', scopes: ['*'] }, '2026-01-01T00:00:00Z')
  keys.add('phx_other', { label: 'other', scopes: ['*'] }, '2026-01-01T00:00:00Z')
  keys.add('phx_cy', { label: 'cy', scopes: ['*'], owner: 'outsider' }, '2026-01-01T00:00:00Z')
  held = []
  holds = false
})
afterEach(async () => {
  clock.stop()
  await store.close()
  await rm(directory, { recursive: true })
})

const build = async (throttles: boolean): Promise<{ world: World; ask: Ask; register: () => Promise<Answer> }> => {
  // Only `query` is called; what else an engine has is not part of this.
  const engine = {
    query: () => (holds ? new Promise((resolve) => held.push(() => resolve(ANSWER))) : Promise.resolve(ANSWER)),
  } as unknown as Engine
  const world: World = {
    store,
    engine,
    keys,
    files: await LocalFiles.open([], false),
    commits: new Turns(),
    clock: () => now,
    alarms: clock,
    sessionActions: false,
    editions: { tables: 'L', warehouse: 'D', files: 'F2' },
    throttles,
    disk: new DiskGuard(directory),
    log: (message) => {
      throw new Error(message)
    },
  }
  const app = createApp(world, [...accountRoutes, ...queryRoutes(world).routes], oauthDoors(world))
  return {
    world,
    register: async () => {
      const response = await app.request('http://127.0.0.1/oauth/register/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: ['https://x.dev/cb'] }),
      })
      return { status: response.status, body: await response.json(), retryAfter: response.headers.get('retry-after') }
    },
    ask: async (path, body, key = 'phx_all') => {
      const response = await app.request(`http://127.0.0.1/api/${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: await response.json(), retryAfter: response.headers.get('retry-after') }
    },
  }
}
type Ask = (path: string, body?: unknown, key?: string) => Promise<Answer>
interface Answer {
  readonly status: number
  readonly body: unknown
  readonly retryAfter: string | null
}

const SQL = { query: { kind: 'HogQLQuery', query: 'select 1' } }
const throttled = (seconds: number) => ({
  status: 429,
  body: {
    type: 'throttled_error',
    code: 'throttled',
    detail: `Request was throttled. Expected available in ${seconds} seconds.`,
    attr: null,
  },
  retryAfter: String(seconds),
})
const times = async (count: number, ask: () => Promise<Answer>): Promise<Set<number>> => {
  const statuses = new Set<number>()
  for (let turn = 0; turn < count; turn += 1) statuses.add((await ask()).status)
  return statuses
}

describe('budgets', () => {
  test('the 481st call within a minute waits for the first to be a minute old', async () => {
    const { ask } = await build(true)
    expect(await times(1, () => ask('users/@me/'))).toEqual(new Set([200]))
    advance(48_000)
    expect(await times(479, () => ask('users/@me/'))).toEqual(new Set([200]))
    expect(await ask('users/@me/')).toMatchObject(throttled(12))
    expect((await ask('users/@me/', undefined, 'phx_other')).status).toBe(200)
    advance(12_000)
    expect((await ask('users/@me/')).status).toBe(200)
    expect((await ask('users/@me/')).status).toBe(429)
  })

  test('4800 an hour, in whatever pace', async () => {
    const { ask } = await build(true)
    for (let minute = 0; minute < 10; minute += 1) {
      expect(await times(480, () => ask('users/@me/'))).toEqual(new Set([200]))
      advance(60_000)
    }
    expect(await ask('users/@me/')).toMatchObject({ status: 429 })
    advance(3_000_000)
    expect((await ask('users/@me/')).status).toBe(200)
  })

  test('120 HogQL queries an hour, which other calls do not share', async () => {
    const { ask } = await build(true)
    expect(await times(120, () => ask('projects/1/query/', SQL))).toEqual(new Set([200]))
    expect(await ask('projects/1/query/', SQL)).toMatchObject({ status: 429 })
    expect((await ask('projects/1/query/HogQLQuery/', SQL)).status).toBe(429)
    expect((await ask('projects/1/query/', { query: { kind: 'TrendsQuery' } })).status).toBe(400)
    expect((await ask('users/@me/')).status).toBe(200)
    advance(3_600_000)
    expect((await ask('projects/1/query/', SQL)).status).toBe(200)
  })

  test('a 403 comes first and is not counted', async () => {
    const { ask } = await build(true)
    expect(await times(490, () => ask('projects/1/query/x/', undefined, 'phx_cy'))).toEqual(new Set([403]))
    expect((await ask('users/@me/', undefined, 'phx_cy')).status).toBe(200)
  })

  test('registrations need no key and have a budget of their own: 60 a minute, 1000 an hour', async () => {
    const { ask, register } = await build(true)
    expect(await times(60, register)).toEqual(new Set([201]))
    expect(await register()).toMatchObject(throttled(60))
    expect((await ask('users/@me/')).status).toBe(200)
    for (let minute = 1; minute <= 15; minute += 1) {
      advance(60_000)
      expect(await times(60, register)).toEqual(new Set([201]))
    }
    advance(60_000)
    expect(await times(40, register)).toEqual(new Set([201]))
    expect(await register()).toMatchObject(throttled(3_600 - 16 * 60))
    const off = await build(false)
    expect(await times(61, off.register)).toEqual(new Set([201]))
  })

  test('OAuth tokens are not counted, and nothing is where throttles are off', async () => {
    const { ask, world } = await build(true)
    world.store.state.oauth.clients.push({
      id: 'app',
      name: null,
      redirectUris: [],
      grantTypes: [],
      authMethod: 'none',
      secretHash: null,
      scopes: null,
    })
    const terms = { clientId: 'app', userId: 1, scopes: ['user:read'], scopedTeams: [], scopedOrganizations: [] }
    const { access } = issue(world, terms)
    expect(await times(490, () => ask('users/@me/', undefined, access))).toEqual(new Set([200]))
    const off = await build(false)
    expect(await times(490, () => off.ask('users/@me/'))).toEqual(new Set([200]))
    expect(await times(130, () => off.ask('projects/1/query/', SQL))).toEqual(new Set([200]))
  })
})

describe('the concurrency gate', () => {
  const settled = async (): Promise<void> => {
    // A macrotask is enough: nothing here waits for anything but promises.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const heldUp = async (count: number): Promise<void> => {
    while (held.length < count) await settled()
  }

  test('a fourth query of an organization waits 30 s for a slot, then is refused without Retry-After', async () => {
    const { ask } = await build(true)
    holds = true
    const three = [1, 2, 2].map((project) => ask(`projects/${project}/query/`, SQL))
    await heldUp(3)
    const fourth = ask('projects/1/query/', SQL)
    const other = ask('projects/3/query/', SQL, 'phx_cy')
    await heldUp(4)
    await settled()
    advance(30_000)
    expect(await fourth).toEqual({
      status: 429,
      body: {
        type: 'throttled_error',
        code: 'throttled',
        detail: expect.stringMatching(
          new RegExp(`^Exceeded maximum concurrency limit: 3 for key: api:query:per-org:${ACME} and task: \\w{6}$`),
        ),
        attr: null,
      },
      retryAfter: null,
    })
    for (const release of held) release()
    expect((await Promise.all([...three, other])).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  test('a slot that comes free goes to whoever waits', async () => {
    const { ask } = await build(true)
    holds = true
    const asked = [1, 2, 3, 4, 5].map(() => ask('projects/1/query/', SQL))
    await heldUp(3)
    await settled()
    expect(held).toHaveLength(3)
    held[0]?.()
    await heldUp(4)
    expect(held).toHaveLength(4)
    held[1]?.()
    await heldUp(5)
    for (const release of held) release()
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })
})
