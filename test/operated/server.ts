import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

/** The key of the server that is started. */
export const KEY = 'phx_operated_0123456789'

/** A line of the server's log. */
export type Line = Readonly<Record<string, unknown>>

/** The built server, serving HTTP in front of a stand-in for PostHog. */
export interface HttpServer {
  readonly url: string
  /** Address of another path of the same listener. */
  at(path: string): string
  /** What was logged so far. */
  readonly lines: readonly Line[]
  /** Resolves with the first line that fits, once it is logged. */
  logged(fits: (line: Line) => boolean): Promise<Line>
  /** Asks it to end, as an orchestrator does. */
  terminate(): void
  /** Resolves with the exit code. */
  readonly ended: Promise<unknown>
}

/** Starts it; it ends with the test. @param origin of the stand-in */
export const startHttpServer = async (
  origin: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<HttpServer> => {
  const child = spawn(process.execPath, [main, 'http', '--port', '0', ...args], {
    env: {
      PATH: process.env.PATH,
      POSTHOG_HOST: origin,
      POSTHOG_PERSONAL_API_KEY: KEY,
      POSTHOG_PROJECT_ID: '7',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const wake of waiting) wake()
  }
  const ended = once(child, 'exit').then(([code]) => code)
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line.startsWith('{') ? JSON.parse(line) : { text: line })
    tell()
  })
  const logged = async (fits: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((resolve, reject) => {
        waiting.add(resolve)
        ended.then(() => reject(new Error(`it ended: ${JSON.stringify(lines)}`)))
      })
    }
  }
  const url = String((await logged(({ msg }) => msg === 'listening')).url)
  return {
    url,
    at: (path) => new URL(path, url).href,
    lines,
    logged,
    terminate: () => void child.kill('SIGTERM'),
    ended,
  }
}

/** What a POST of one message is answered. */
export interface Posted {
  readonly status: number
  readonly headers: Headers
  /** The message of the answer, whether it came alone or on a stream. */
  readonly message: Readonly<Record<string, unknown>>
}

/** Sends one message, as a client of 2025 without a session does. */
export const post = async (url: string, message: object, headers: Record<string, string> = {}): Promise<Posted> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2025-11-25',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  })
  const text = await response.text()
  const data = /^data: (\{.*)$/m.exec(text)?.[1] ?? text
  return { status: response.status, headers: response.headers, message: data === '' ? {} : JSON.parse(data) }
}

/** Calls a tool so. */
export const callTool = (
  url: string,
  name: string,
  args: object = {},
  { meta, headers }: { readonly meta?: object; readonly headers?: Record<string, string> } = {},
): Promise<Posted> =>
  post(
    url,
    { method: 'tools/call', params: { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) } },
    headers,
  )
