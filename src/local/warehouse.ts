import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { adminApp } from './admin.ts'
import { createApp } from './app.ts'
import { Clock } from './clock.ts'
import { DiskGuard } from './disk-guard.ts'
import { replaceFile } from './durable-files.ts'
import { DEFAULT_EDITIONS } from './editions.ts'
import { createEngine, EngineStartError } from './engine/client.ts'
import type { Engine, Room } from './engine/engine.ts'
import { FaultBook } from './faults/fault-book.ts'
import { KeyRing, newToken } from './keys.ts'
import { LocalFiles } from './local-files.ts'
import { isOpenToOthers } from './private-folders.ts'
import type { Address, LocalOptions } from './protocol.ts'
import { openResources } from './resources.ts'
import { PROJECTS } from './seed.ts'
import { Store } from './store.ts'
import { Turns } from './turns.ts'
import type { World } from './world.ts'

/** The API without its socket. */
export interface Warehouse {
  readonly app: Hono
  readonly credentials: Omit<Address, 'origin'>
  /** Stops runs and engine, writes the state, and removes a temporary directory. */
  close(): Promise<void>
}

/** A directory that is kept keeps its key too, so that a client's configuration goes on working. */
const keptToken = async (directory: string): Promise<string> => {
  const path = join(directory, 'key')
  const kept = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (kept.startsWith('phx_')) return kept
  const token = newToken()
  await replaceFile(path, `${token}\n`)
  return token
}

const makeKeys = (token: string, options: LocalOptions, createdAt: string) => {
  const [project] = PROJECTS
  if (project === undefined) throw new Error('there is no project')
  const ring = new KeyRing()
  ring.add(token, { label: 'Local warehouse', scopes: ['*'], projects: [project.id] }, createdAt)
  const keys: Record<string, string> = {}
  for (const spec of options.keys ?? []) {
    const value = newToken()
    ring.add(value, spec, createdAt)
    keys[spec.label] = value
  }
  return { ring, credentials: { key: token, projectId: project.id, keys } }
}

const startEngine = async (directory: string, room: Room): Promise<Engine> => {
  try {
    return await createEngine({ directory, room })
  } catch (error) {
    if (!(error instanceof EngineStartError && error.reason === 'chdb-missing')) throw error
    throw new Error('The local warehouse needs its engine: run `npm install chdb` (546 MB on disk) and start again.')
  }
}

const serveFrom = async (directory: string, options: LocalOptions, log: World['log']): Promise<Warehouse> => {
  const files = await LocalFiles.open(options.allowDirs ?? [], options.allowHttpBuckets ?? false)
  const faults = await FaultBook.open(options.faults)
  const store = await Store.open(directory)
  if (await isOpenToOthers(directory)) log('the folder of the local warehouse can be written to by other users')
  const { ring, credentials } = makeKeys(await keptToken(directory), options, new Date().toISOString())
  const disk = new DiskGuard(directory, options.maxBytes)
  const engine = await startEngine(join(directory, 'engine'), disk).catch(async (error: unknown) => {
    await store.close()
    throw error
  })
  const alarms = new Clock()
  const world: World = {
    store,
    engine,
    keys: ring,
    files,
    commits: new Turns(),
    clock: alarms.now,
    alarms,
    sessionActions: options.sessionActions === 'allow',
    editions: { ...DEFAULT_EDITIONS, ...options.editions },
    throttles: options.throttles === true,
    disk,
    log,
  }
  const resources = await openResources(world)
  const close = async (): Promise<void> => {
    alarms.stop()
    await resources.close()
    await engine.close()
    await store.close()
  }
  const adminToken = options.admin === true ? newToken('adm_') : undefined
  const admin = adminToken === undefined ? {} : { admin: adminApp(world, faults, adminToken) }
  return {
    app: createApp(world, resources.routes, resources.doors, { faults, ...admin }),
    credentials: adminToken === undefined ? credentials : { ...credentials, adminToken },
    close,
  }
}

/** Opens the state, starts the engine and builds the API. Throws an Error fit for the operator. */
export const openWarehouse = async (options: LocalOptions, log: World['log']): Promise<Warehouse> => {
  if (options.directory !== undefined) return serveFrom(options.directory, options, log)
  const directory = await mkdtemp(join(tmpdir(), 'posthog-local-'))
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true, maxRetries: 5 })
  try {
    const warehouse = await serveFrom(directory, options, log)
    const close = async (): Promise<void> => {
      await warehouse.close()
      await remove()
    }
    return { ...warehouse, close }
  } catch (error) {
    await remove()
    throw error
  }
}
