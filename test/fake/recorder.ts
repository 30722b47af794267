import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** One request as it arrived. */
export interface Recorded {
  readonly method: string
  /** As on the wire, still percent-encoded, without the query. */
  readonly path: string
  /** In the order of the wire, decoded. */
  readonly query: readonly (readonly [string, string])[]
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body parsed; undefined when there was none or it is not JSON. */
  readonly json: unknown
}

/** What the fake answers. `json` is written as JSON; `body` goes out as it is, with the headers given. */
export interface Answer {
  readonly status?: number
  readonly json?: unknown
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers one request; 'hang' never does, and a function writes the response itself. */
export type Script = (request: Recorded) => Answer | 'hang' | ((response: ServerResponse) => void)

/** A stand-in for PostHog that remembers every request. */
export interface Recorder {
  readonly origin: string
  /** Everything that arrived, in order. */
  readonly requests: readonly Recorded[]
  /** Replaces the script and forgets what was recorded. */
  script(script: Script): void
  /** Resolves with the request at this index, once it has arrived. */
  arrived(index: number): Promise<Recorded>
  /** Resolves once the client has closed the socket of the request at this index before it was answered. */
  aborted(index: number): Promise<void>
  close(): Promise<void>
}

/** Answers every request with an empty object. */
export const emptyObject: Script = () => ({ json: {} })

/** Answers in turn, and 599 to whatever was not expected. */
export const inTurn = (answers: readonly Answer[]): Script => {
  let next = 0
  return () => {
    const answer = answers[next]
    next += 1
    return answer ?? { status: 599, json: { detail: 'the test did not expect this request' } }
  }
}

/** Starts a recorder on a free port of loopback; the caller closes it. */
export const startRecorder = async (first: Script = emptyObject): Promise<Recorder> => {
  let script = first
  let requests: Recorded[] = []
  let gone: boolean[] = []
  let waiting: (() => void)[] = []
  const tell = () => {
    const all = waiting
    waiting = []
    for (const wake of all) wake()
  }
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise<void>((wake) => waiting.push(wake))
  }
  const server = createServer(async (request, response) => {
    const recorded = await record(request).catch(() => undefined)
    // The client went away in the middle of its body.
    if (recorded === undefined) return
    const index = requests.push(recorded) - 1
    const mine = gone
    response.on('close', () => {
      if (!response.writableFinished) mine[index] = true
      tell()
    })
    tell()
    answer(response, script(recorded))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A TCP server that listens has an AddressInfo, not a pipe's name.
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    get requests() {
      return requests
    },
    script(next) {
      script = next
      requests = []
      gone = []
    },
    async arrived(index) {
      await until(() => requests.length > index)
      const recorded = requests[index]
      if (recorded === undefined) throw new Error(`no request ${index}`)
      return recorded
    },
    aborted: (index) => until(() => gone[index] === true),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A recorder that ends with the test. */
export const useRecorder = async (script?: Script): Promise<Recorder> => {
  const recorder = await startRecorder(script)
  onTestFinished(() => recorder.close())
  return recorder
}

const record = async (request: IncomingMessage): Promise<Recorded> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks).toString('utf8')
  const [path = '', search = ''] = (request.url ?? '').split('?')
  return {
    method: request.method ?? '',
    path,
    query: [...new URLSearchParams(search)],
    headers: request.headers,
    body,
    json: parsed(body),
  }
}

const parsed = (body: string): unknown => {
  try {
    return body === '' ? undefined : JSON.parse(body)
  } catch {
    return undefined
  }
}

const answer = (response: ServerResponse, what: ReturnType<Script>): void => {
  if (what === 'hang') return
  if (typeof what === 'function') {
    what(response)
    return
  }
  const { status = 200, json, body, headers = {} } = what
  const type = json === undefined ? {} : { 'content-type': 'application/json' }
  response.writeHead(status, { ...type, ...headers })
  response.end(json === undefined ? body : JSON.stringify(json))
}
