import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { onTestFinished } from 'vitest'
import { BINARY, environment, linesOf, type Start } from './mcp.ts'

/** A line of the log. */
export type Line = Readonly<Record<string, unknown>>

/** The program while it serves HTTP. */
export interface HttpProcess {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Everything it logged so far. */
  lines(): readonly Line[]
  /** What it wrote to stderr and stdout. */
  text(): string
  /** Resolves once it has logged that many lines that fit. */
  logged(fits: (line: Line) => boolean, count?: number): Promise<readonly Line[]>
  signal(name: NodeJS.Signals): void
  /** Exit code and signal. */
  readonly exited: Promise<readonly [number | null, NodeJS.Signals | null]>
}

const toLine = (text: string): Line => {
  try {
    return JSON.parse(text)
  } catch {
    return { text }
  }
}

/** Starts the built program with `http` on a free port of loopback; it ends with the test. */
export const useHttp = async (start: Start = {}): Promise<HttpProcess> => {
  const child = spawn(process.execPath, [BINARY, 'http', '--port', '0', ...(start.flags ?? [])], {
    env: environment(start),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit').then(([code, signal]) => [code, signal] as const)
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const stderr = linesOf(child.stderr)
  const stdout = linesOf(child.stdout)
  let parsed: Line[] = []
  const lines = (): readonly Line[] => {
    parsed = [...parsed, ...stderr.slice(parsed.length).map(toLine)]
    return parsed
  }
  const logged: HttpProcess['logged'] = async (fits, count = 1) => {
    for (;;) {
      const found = lines().filter(fits)
      if (found.length >= count) return found
      await Promise.race([once(child.stderr, 'data'), exited])
      if (child.exitCode !== null && lines().filter(fits).length < count)
        throw new Error(`the program ended with ${child.exitCode}: ${stderr.join('\n')}`)
    }
  }
  const [first] = await logged(({ msg }) => msg === 'listening')
  const url = String(first?.url)
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    lines,
    text: () => [...stderr, ...stdout].join('\n'),
    logged,
    signal: (name) => void child.kill(name),
    exited,
  }
}

/** Runs the program to its end; for settings it refuses. */
export const runHttp = async (
  start: Start = {},
): Promise<{ readonly code: number | null; readonly stderr: string }> => {
  const child = spawn(process.execPath, [BINARY, 'http', '--port', '0', ...(start.flags ?? [])], {
    env: environment(start),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
    if (stderr.includes('listening')) child.kill('SIGKILL')
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}

/** An answer with its whole body. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The JSON of the body, or of the first event in it; undefined where there is none. */
  readonly json: {
    readonly error?: { readonly code: number; readonly message: string }
    readonly [key: string]: unknown
  }
}

/** What is sent. `body` goes out as it is where it is text, else as JSON. */
export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly token?: string
}

const readJson = (body: string): Reply['json'] => {
  const data = /^data: (.*)$/m.exec(body)?.[1]
  try {
    return JSON.parse(data ?? body)
  } catch {
    return {}
  }
}

/** One request as bare as it can be; headers fetch would not let through included. */
export const send = (url: string, { method = 'POST', path, headers = {}, body, token }: Sent = {}): Promise<Reply> => {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    const request = httpRequest(path === undefined ? url : new URL(path, url), {
      method,
      agent: false,
      headers: { ...ACCEPT, ...(text === undefined ? {} : JSON_BODY), ...authorization, ...headers },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      let read = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        read += chunk
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read, json: readJson(read) }),
      )
    })
    request.end(text)
  })
}

const ACCEPT = { Accept: 'application/json, text/event-stream' }
const JSON_BODY = { 'Content-Type': 'application/json' }

/** What every request of the 2026 revision carries in its body. */
const toEnvelope = (capabilities: object) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
})

/** A request of the 2026 revision, with the headers that go with it. */
export const modern = (
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  id: unknown = 1,
  capabilities: object = {},
): Sent => ({
  headers: {
    'MCP-Protocol-Version': '2026-07-28',
    'Mcp-Method': method,
    ...(typeof params.name === 'string' ? { 'Mcp-Name': params.name } : {}),
    ...(typeof params.uri === 'string' ? { 'Mcp-Name': params.uri } : {}),
  },
  body: { jsonrpc: '2.0', id, method, params: { ...params, _meta: toEnvelope(capabilities) } },
})

/** A request of the revisions before. */
export const legacy = (method: string, params: Readonly<Record<string, unknown>> = {}, id: unknown = 1): Sent => ({
  body: { jsonrpc: '2.0', id, method, params },
})

/** The first request of a client of 2025. */
export const initialize = legacy('initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
})
