import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { BINARY, KEY } from '../fake/mcp.ts'
import { freePort } from '../services/ports.ts'

/** What callers bring; it must be seen nowhere else. */
export const TOKEN = 'test-token-of-the-replicas-0123456789'

/** One line of a replica's log. */
export type Line = Readonly<Record<string, unknown>>

/** One process of the built program. */
export interface Replica {
  readonly origin: string
  readonly url: string
  readonly lines: readonly Line[]
  /** Resolves once so many lines fit. */
  logged(fits: (line: Line) => boolean, count?: number): Promise<void>
  /** Resolves with the exit code, null after SIGKILL. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

/** Settings of a replica under test. */
export interface ReplicaStart {
  readonly posthog: string
  readonly redis: string
  readonly flags?: readonly string[]
}

/** Starts one on a free loopback port. Changes are not polled for: what is told was relayed. */
export const startReplica = async ({ posthog, redis, flags = [] }: ReplicaStart): Promise<Replica> => {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const args = ['http', '--port', String(port), '--auth', 'token', '--poll-seconds', '0', '--advertise', origin]
  const child = spawn(process.execPath, [BINARY, ...args, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      POSTHOG_HOST: posthog,
      POSTHOG_PERSONAL_API_KEY: KEY,
      POSTHOG_PROJECT_ID: '7',
      MCP_AUTH_TOKEN: TOKEN,
      REDIS_URL: redis,
      MCP_SEALING_KEY: 'the-same-for-all-replicas-of-a-test',
    },
  })
  const ended = once(child, 'exit')
  const lines: Line[] = []
  let waiting: (() => void)[] = []
  createInterface({ input: child.stderr }).on('line', (text) => {
    // What is no JSON is no log line: a stack, a warning of Node.
    lines.push(text.startsWith('{') ? (JSON.parse(text) as Line) : { raw: text })
    const all = waiting
    waiting = []
    for (const wake of all) wake()
  })
  const logged: Replica['logged'] = async (fits, count = 1) => {
    while (lines.filter(fits).length < count) await new Promise<void>((wake) => waiting.push(wake))
  }
  await Promise.race([
    logged(({ msg }) => msg === 'listening'),
    ended.then(() => {
      throw new Error(`no replica: ${JSON.stringify(lines)}`)
    }),
  ])
  return {
    origin,
    url: `${origin}/mcp`,
    lines,
    logged,
    end: async (signal) => {
      child.kill(signal)
      const [code] = await ended
      return code as number | null
    },
  }
}
