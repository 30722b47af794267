import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Address, FromProcess, LocalOptions, ToProcess } from './protocol.ts'

export type { KeySpec } from './keys.ts'
export type { Address, LocalOptions } from './protocol.ts'

/** A running local warehouse. */
export interface LocalHandle extends Address {
  /** The API process, for whoever watches it. */
  readonly pid: number
  /** Ends the API process and its engine; idempotent. Also happens by itself when this process dies. */
  close(): Promise<void>
}

// Past the process's own last resort.
const KILL_AFTER_MS = 8_000

/** The compiled process, also when this file runs from source under a test runner. */
const processPath = (): string => {
  const compiled = import.meta.url.endsWith('.ts') ? '../../dist/src/local/process.js' : './process.js'
  return fileURLToPath(new URL(compiled, import.meta.url))
}

/**
 * The environment of the API process and its engine: without the key to the real PostHog and the secrets kept for it, which they never need, and
 * without cloud credentials, which the engine would try on buckets by itself.
 */
export const toChildEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(POSTHOG|AWS|MCP)_/i.test(name)))

const send = (child: ChildProcess, message: ToProcess): void => {
  // A process that was killed a moment ago is seen by its exit event; the failed send has nothing to add.
  if (child.connected) child.send(message, () => undefined)
}

const ready = (child: ChildProcess): Promise<Address> =>
  new Promise((resolve, reject) => {
    child.on('message', (message: FromProcess) => {
      if (message.kind === 'ready') resolve(message.address)
      else reject(new Error(message.message))
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error('The local warehouse ended before it was ready.')))
  })

const stop = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
  send(child, { kind: 'close' })
  await gone
  clearTimeout(timer)
}

/**
 * Starts the local warehouse in a process of its own and resolves when it listens on loopback. `log` gets the
 * process's complaints line by line. Throws an Error with one sentence for the operator: chdb is not installed, the
 * port or the folder is in use.
 */
export const startLocal = async (
  options: LocalOptions & { readonly log?: (line: string) => void } = {},
): Promise<LocalHandle> => {
  const { log, ...rest } = options
  // stdout belongs to whoever speaks a protocol on it, so the process gets none.
  const child = fork(processPath(), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: toChildEnvironment(process.env),
    // A debugger port or a test runner's loader of the starter is not ours to take.
    execArgv: [],
  })
  const lines = child.stderr === null ? undefined : createInterface({ input: child.stderr })
  lines?.on('line', (line) => log?.(line))
  send(child, { kind: 'start', options: rest })
  const address = await ready(child).catch(async (error: unknown) => {
    await stop(child)
    throw error
  })
  if (child.pid === undefined) throw new Error('The local warehouse has no process.')
  return { ...address, pid: child.pid, close: () => stop(child) }
}

/** Runs the local warehouse until SIGINT or SIGTERM; `print` gets what a person needs to reach it. */
export const runLocal = async (options: LocalOptions, print: (line: string) => void): Promise<void> => {
  const local = await startLocal({ ...options, log: (line) => process.stderr.write(`${line}\n`) })
  // Listened for before anything is printed: whoever reads that may signal at once.
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  print(`Local warehouse: ${local.origin}`)
  print(`Personal API key: ${local.key}`)
  print(`Project id: ${local.projectId}`)
  if (local.adminToken !== undefined) print(`Admin token: ${local.adminToken}`)
  await told
  await local.close()
}
