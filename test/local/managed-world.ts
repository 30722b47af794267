import type { Hono } from 'hono'
import { createApp } from '../../src/local/app.ts'
import { Clock } from '../../src/local/clock.ts'
import { DiskGuard } from '../../src/local/disk-guard.ts'
import type { Editions } from '../../src/local/editions.ts'
import type { Engine } from '../../src/local/engine/engine.ts'
import { KeyRing } from '../../src/local/keys.ts'
import { LocalFiles } from '../../src/local/local-files.ts'
import { ControlPlane } from '../../src/local/managed/control-plane.ts'
import { managedRoutes } from '../../src/local/managed/managed-routes.ts'
import { Store } from '../../src/local/store.ts'
import { Turns } from '../../src/local/turns.ts'
import type { World } from '../../src/local/world.ts'

const noEngine = new Proxy({} as Engine, { get: () => () => Promise.reject(new Error('this test reaches no engine')) })

export const ACME = '0194d640-0000-7000-8000-000000000001'
export const GLOBEX = '0194d640-0000-7000-8000-000000000002'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The managed warehouse in this process, on a clock the test pushes. */
export interface ManagedWorld {
  readonly world: World
  /** Calls below `/api/projects/1/data_warehouse/` as the admin, unless told otherwise. */
  ask(method: string, path: string, body?: unknown, as?: { key?: string; project?: number }): Promise<Answer>
  /** The keys: `phx_all` (admin), `phx_read` (`warehouse_view:read`), `phx_ben` (member), `phx_cy` (owner of Globex). */
  readonly strict: Hono
  advance(seconds: number): void
  close(): Promise<void>
}

/** Opens the directory as a fresh process would. `lateBy` seconds have gone by since real time. */
export const openManaged = async (
  directory: string,
  edition: Editions['warehouse'] = 'D',
  lateBy = 0,
): Promise<ManagedWorld> => {
  const keys = new KeyRing()
  const made = '2026-01-01T00:00:00Z'
  keys.add('phx_all', { label: 'all', scopes: ['*'] }, made)
  keys.add('phx_read', { label: 'read', scopes: ['warehouse_view:read'] }, made)
  keys.add('phx_ben', { label: 'ben', scopes: ['*'], owner: 'member' }, made)
  keys.add('phx_cy', { label: 'cy', scopes: ['*'], owner: 'outsider' }, made)
  const alarms = new Clock()
  alarms.advance(lateBy * 1000)
  const world: World = {
    store: await Store.open(directory),
    engine: noEngine,
    keys,
    files: await LocalFiles.open([], false),
    commits: new Turns(),
    clock: alarms.now,
    alarms,
    sessionActions: true,
    editions: { tables: 'L', warehouse: edition, files: 'F2' },
    throttles: false,
    disk: new DiskGuard(directory),
    log: (message) => {
      throw new Error(message)
    },
  }
  const plane = new ControlPlane(world)
  plane.resume()
  const routes = managedRoutes(world, plane)
  const open = createApp(world, routes)
  return {
    world,
    strict: createApp({ ...world, sessionActions: false }, routes),
    advance: (seconds) => alarms.advance(seconds * 1000),
    ask: async (method, path, body, { key = 'phx_all', project = 1 } = {}) => {
      const response = await open.request(`http://127.0.0.1/api/projects/${project}/data_warehouse/${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    },
    close: async () => {
      alarms.stop()
      await world.store.close()
    },
  }
}
