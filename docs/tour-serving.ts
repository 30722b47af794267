import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { LocalHandle } from '../src/local/start.ts'
import { httpClientConfigurations } from './client-configurations.ts'
import { say, step } from './tour-guide.ts'

/** The port that the server itself prefers, and any other that is free. */
const PORTS = ['8011', '0']
/** pino's number for a warning. */
const WARN = 40

const start = (local: LocalHandle, server: string, folder: string, port: string): ChildProcess =>
  spawn(process.execPath, [server, 'http', '--port', port, '--allow-dir', folder], {
    env: {
      PATH: process.env.PATH,
      POSTHOG_HOST: local.origin,
      POSTHOG_PERSONAL_API_KEY: local.key,
      POSTHOG_PROJECT_ID: String(local.projectId),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })

/** The address it says it listens on; undefined when it ends instead. Later warnings go to the terminal. */
const addressOf = (child: ChildProcess): Promise<string | undefined> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve(undefined))
    if (child.stderr === null) return
    createInterface({ input: child.stderr }).on('line', (line) => {
      const entry = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : undefined
      if (entry?.msg === 'listening') resolve(String(entry.url))
      else if (entry !== undefined && Number(entry.level) >= WARN) process.stderr.write(`${line}\n`)
    })
  })

const startOnAnyPort = async (local: LocalHandle, server: string, folder: string) => {
  for (const port of PORTS) {
    const child = start(local, server, folder, port)
    const url = await addressOf(child)
    if (url !== undefined) return { child, url }
  }
  throw new Error('the HTTP endpoint did not start')
}

/**
 * Serves the warehouse of the tour over HTTP on this machine until somebody presses Ctrl-C, or the process is told to
 * end. @param folder whose files may be uploaded
 */
export const serveTour = async (local: LocalHandle, server: string, folder: string): Promise<void> => {
  // Before anything is printed: whoever reads that may signal at once.
  const told = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const { child, url } = await startOnAnyPort(local, server, folder)
  const ended = once(child, 'exit')
  step('The warehouse of the tour goes on over HTTP, on this machine only')
  say(`MCP endpoint: ${url}`)
  say()
  say(httpClientConfigurations(url))
  say()
  say('Press Ctrl-C to end it; what is in the warehouse is gone then.')
  const isTold = await Promise.race([told.then(() => true), ended.then(() => false)])
  if (!isTold) throw new Error('the HTTP endpoint ended by itself')
  // In a terminal it had the signal too; twice is no harm.
  child.kill('SIGTERM')
  await ended
  say('\nEnded.')
}
