import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { onTestFinished } from 'vitest'

/** The built program. */
export const BINARY = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))
/** The key the tests configure; it must never be seen anywhere but in an Authorization header. */
export const KEY = 'phx_test-key-0123456789abcdef'

/** `legacy`: the v2 client as it is by default; `modern`: pinned to 2026-07-28; `v1`: the older SDK's client. */
export type Era = 'legacy' | 'modern' | 'v1'

/** A listed tool, as far as the tests read it. */
export interface Listed {
  readonly name: string
  readonly description?: string | undefined
  readonly inputSchema: Record<string, unknown>
  readonly outputSchema?: Record<string, unknown> | undefined
  readonly annotations?: Record<string, unknown> | undefined
}

/** A tool's result, as far as the tests read it. */
export interface Result {
  readonly content: readonly { readonly type: string; readonly text?: string; readonly [key: string]: unknown }[]
  readonly structuredContent?: Record<string, unknown>
  readonly isError?: boolean
}

/** A connected client and the spawned server behind it. */
export interface Connection {
  readonly pid: number | null
  /** Complete lines the server wrote to stderr so far. */
  readonly stderr: readonly string[]
  readonly instructions: string | undefined
  list(): Promise<readonly Listed[]>
  /** Calls a tool. The client checks structured content against the listed schema and rejects when it does not fit. */
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal): Promise<Result>
  close(): Promise<void>
}

/** How to start the server. `env` comes on top of PATH, the key and the quiet log; undefined takes a variable away. */
export interface Start {
  readonly era?: Era
  readonly origin?: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

const environment = ({ origin, env = {} }: Start): Record<string, string> => {
  const all = {
    PATH: process.env.PATH,
    POSTHOG_PERSONAL_API_KEY: KEY,
    POSTHOG_PROJECT_ID: '7',
    POSTHOG_HOST: origin,
    LOG_LEVEL: 'info',
    ...env,
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Spawns the built program and connects a real client to it; the caller closes it. */
export const connectMcp = async (start: Start = {}): Promise<Connection> => {
  const { era = 'legacy', flags = [] } = start
  const parameters = {
    command: process.execPath,
    args: [BINARY, ...flags],
    env: environment(start),
    stderr: 'pipe' as const,
  }
  return era === 'v1' ? connectFirst(parameters) : connectSecond(parameters, era)
}

/** A connection that ends with the test. */
export const useMcp = async (start: Start = {}): Promise<Connection> => {
  const connection = await connectMcp(start)
  onTestFinished(() => connection.close())
  return connection
}

interface Spawn {
  readonly command: string
  readonly args: string[]
  readonly env: Record<string, string>
  readonly stderr: 'pipe'
}

const connectSecond = async (parameters: Spawn, era: 'legacy' | 'modern'): Promise<Connection> => {
  const transport = new StdioClientTransport(parameters)
  const stderr = linesOf(transport.stderr)
  const client = new Client(
    { name: 'test', version: '1' },
    era === 'modern' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {},
  )
  await client.connect(transport).catch((cause: unknown) => {
    throw new Error(`no connection; stderr: ${stderr.join('\n')}`, { cause })
  })
  // The clients' types spell out every JSON value; the tests read results as plain JSON.
  return {
    get pid() {
      return transport.pid
    },
    stderr,
    instructions: client.getInstructions(),
    list: async () => (await client.listTools()).tools as unknown as Listed[],
    call: async (name, args = {}, signal) =>
      (await client.callTool({ name, arguments: args }, signal ? { signal } : {})) as unknown as Result,
    close: () => client.close(),
  }
}

const connectFirst = async (parameters: Spawn): Promise<Connection> => {
  const transport = new FirstTransport(parameters)
  const stderr = linesOf(transport.stderr)
  const client = new FirstClient({ name: 'test', version: '1' })
  // Its types predate exactOptionalPropertyTypes.
  await client.connect(transport as FirstClientTransport)
  return {
    get pid() {
      return transport.pid
    },
    stderr,
    instructions: client.getInstructions(),
    // As above: plain JSON for the tests.
    list: async () => (await client.listTools()).tools as unknown as Listed[],
    call: async (name, args = {}, signal) =>
      (await client.callTool({ name, arguments: args }, undefined, signal ? { signal } : {})) as unknown as Result,
    close: () => client.close(),
  }
}

type FirstClientTransport = Parameters<FirstClient['connect']>[0]

const linesOf = (stream: { on(event: 'data', take: (chunk: unknown) => void): unknown } | null): string[] => {
  const lines: string[] = []
  let rest = ''
  stream?.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return lines
}
