/** The tree and the exports in this process, with a clock, a query result and switches that tests choose. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/local/app.ts'
import { Clock } from '../../src/local/clock.ts'
import type { Editions } from '../../src/local/editions.ts'
import type { Engine, Refuse } from '../../src/local/engine/engine.ts'
import { exportRoutes } from '../../src/local/exports/export-routes.ts'
import { KeyRing } from '../../src/local/keys.ts'
import { LocalFiles } from '../../src/local/local-files.ts'
import { Store } from '../../src/local/store.ts'
import { treeRoutes } from '../../src/local/tree/tree-routes.ts'
import { Turns } from '../../src/local/turns.ts'
import type { World } from '../../src/local/world.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly body: unknown
}

export interface Bench {
  now: number
  readonly directory: string
  ask(method: string, path: string, body?: unknown, key?: string): Promise<Reply>
  /** Fetches an absolute address without a key. */
  fetch(address: string, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

interface Options {
  readonly editions?: Partial<Editions>
  readonly sessionActions?: boolean
  readonly directory?: string
  /** What the disk guard says. */
  readonly full?: string
  /** What the engine answers. */
  readonly query?: Engine['query']
}

const toBody = (type: string | null, bytes: Buffer): unknown => {
  if (bytes.length === 0) return null
  return type?.startsWith('application/json') ? JSON.parse(bytes.toString()) : bytes.toString()
}

export const openBench = async (options: Options = {}): Promise<Bench> => {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'tree-')))
  const store = await Store.open(directory)
  const keys = new KeyRing()
  const made = '2026-01-01T00:00:00Z'
  keys.add('phx_ada', { label: 'ada', scopes: ['*'] }, made)
  keys.add('phx_ben', { label: 'ben', scopes: ['*'], owner: 'member' }, made)
  keys.add('phx_read', { label: 'read', scopes: ['file_system:read', 'export:read'] }, made)
  const refuse = () => Promise.reject(new Error('this test reaches no engine'))
  const engine = new Proxy({ query: options.query ?? refuse } as unknown as Engine, {
    get: (target, name) => (name === 'query' ? target.query : refuse),
  })
  const bench = { now: Date.parse('2026-09-02T10:11:12.345Z') }
  const world = {
    store,
    engine,
    keys,
    files: await LocalFiles.open([], false),
    commits: new Turns(),
    clock: () => bench.now,
    alarms: new Clock(),
    sessionActions: options.sessionActions ?? false,
    editions: { tables: 'L', warehouse: 'D', files: 'F2', ...options.editions },
    log: (message: string) => {
      throw new Error(message)
    },
    disk: {
      hold: (_bytes: number, refuse: Refuse, write: () => Promise<unknown>) =>
        options.full === undefined ? write() : Promise.reject(refuse(options.full)),
    },
    // Other resources' parts of the world are not reached from here.
  } as unknown as World
  const exports = await exportRoutes(world)
  const app = createApp(world, [...exports.routes, ...treeRoutes(world)], exports.doors)
  return Object.assign(bench, {
    directory,
    ask: async (method: string, path: string, body?: unknown, key = 'phx_ada') => {
      const response = await app.request(
        `http://127.0.0.1/api/projects/${path.startsWith('2/') ? path : `1/${path}`}`,
        {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        },
      )
      const bytes = Buffer.from(await response.arrayBuffer())
      const { status, headers } = response
      return { status, headers, bytes, body: toBody(headers.get('content-type'), bytes) }
    },
    fetch: async (address: string, headers: Record<string, string> = {}) => app.request(address, { headers }),
    close: async () => {
      await exports.close()
      await store.close()
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
    },
  })
}
