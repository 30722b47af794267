import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Engine, Room } from './engine.ts'
import { Growth } from './growth.ts'
import { Lane } from './lane.ts'
import { Relations } from './relations.ts'
import { seedStatements } from './seed.ts'
import { ChdbEngine } from './warehouse.ts'

export { EngineStartError } from './lane.ts'

/** Where and how to run the engine. Durations are milliseconds. */
export interface EngineOptions {
  /** Keeps materialized tables between runs; made when absent. One process at a time may use it. */
  readonly directory: string
  /** The time of the newest seeded event; the last whole hour of now when left out. */
  readonly anchor?: Date
  /** Execution limit of one call; 60 s when left out (fact sheet: cross-cutting 9.2). */
  readonly timeoutMs?: number
  /** Calls that may wait for their turn; 32 when left out. */
  readonly maxQueued?: number
  /** How long a call waits for its turn before it is `busy`; 30 s when left out. */
  readonly maxWaitMs?: number
  /** What keeps the directory from growing too large; nothing does when left out. */
  readonly room?: Room
}

const boundless: Room = {
  hold: (_bytes, _refuse, write) => write(),
  watch: (_refuse, write) => write(new AbortController().signal),
}

const hour = 3_600_000

/** The compiled worker, also when this file itself runs from its TypeScript source, as it does in tests. */
function workerPath(): string {
  const beside = fileURLToPath(new URL('./worker.js', import.meta.url))
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../../../dist/src/local/engine/worker.js', import.meta.url))
}

/** Starts the engine's process. Throws EngineStartError, with reason `chdb-missing` when chdb is not installed. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const anchor = options.anchor ?? new Date(Math.floor(Date.now() / hour) * hour)
  const lane = new Lane({
    worker: workerPath(),
    setup: { directory: options.directory, start: seedStatements(anchor) },
    maxQueued: options.maxQueued ?? 32,
    maxWaitMs: options.maxWaitMs ?? 30_000,
    graceMs: 500,
  })
  await lane.start()
  const timeoutMs = options.timeoutMs ?? 60_000
  return new ChdbEngine(lane, new Growth(lane, options.room ?? boundless), new Relations(), timeoutMs)
}
