import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** The built server in a process of its own, in front of a fake PostHog. */
export interface LoadServer {
  readonly url: string
  /** Of the fake PostHog. */
  readonly origin: string
  /** What the server's process holds, in MB. */
  memory(): number
  /** Ends it; its exit code. */
  stop(): Promise<number | null>
}

const urlOf = (server: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    if (server.stderr === null) return
    createInterface(server.stderr).on('line', (line) => {
      const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
      if (msg === 'listening' && url !== undefined) resolve(url)
    })
  })

/** Starts both on free ports of loopback. */
export const startLoadServer = async (
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<LoadServer> => {
  const upstream = new Worker(new URL('./load-posthog.js', import.meta.url))
  const [port] = await once(upstream, 'message')
  const origin = `http://127.0.0.1:${port}`
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url))
  const server = spawn(process.execPath, [main, 'http', '--port', '0', ...flags], {
    env: { PATH: process.env.PATH, POSTHOG_HOST: origin, POSTHOG_PROJECT_ID: '7', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return {
    url: await urlOf(server),
    origin,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      server.kill('SIGTERM')
      const [code] = await once(server, 'exit')
      await upstream.terminate()
      return code
    },
  }
}
