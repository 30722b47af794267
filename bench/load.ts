import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { nameOf } from './load-name.ts'
import { startLoadServer } from './load-server.ts'

/**
 * Many callers at once, each with a key of their own: half speak the 2026 revision, half are in a session of 2025. Every
 * answer has to be the one of its caller and its question. Prints what the server adds to the same request made directly,
 * and how its memory goes; exits 1 for a wrong answer, or memory that grows by more than 5 % after the warm-up.
 * `node dist/bench/load.js [clients] [calls]`: 1,000 and 100,000 by default, and at most. Loopback only.
 */
const CLIENTS = Math.min(1_000, Number(process.argv[2] ?? 1_000))
const CALLS = Math.min(100_000, Number(process.argv[3] ?? 100_000))
const ALONE = Math.min(1_000, CALLS)
/** Memory is looked at this often; the first half of the run warms up: caches of many callers, and the heap that V8 takes for them. */
const SAMPLES = 20
const WARM = SAMPLES / 2
const GROWTH = 1.05

const { url, origin, memory, stop } = await startLoadServer(['--auth', 'posthog'])
const wire = new Pool(new URL(url).origin, { connections: CLIENTS })
// As many as the server has towards PostHog.
const direct = new Pool(origin, { connections: 64 })

interface Client {
  readonly key: string
  readonly session: string | undefined
}

const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
const MODERN = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'warehouse_tables_get' }
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'load', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

const post = (key: string, headers: Record<string, string>, message: unknown) =>
  wire.request({
    method: 'POST',
    path: '/mcp',
    headers: { ...ACCEPT, authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(message),
  })

const begin = async (at: number): Promise<Client> => {
  const key = `phx_load-${at}-${randomUUID()}`
  if (at % 2 === 0) return { key, session: undefined }
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'load', version: '1' } }
  const { headers, body } = await post(key, {}, { jsonrpc: '2.0', id: 0, method: 'initialize', params })
  await body.dump()
  return { key, session: String(headers['mcp-session-id']) }
}

/** One call; whether its answer is the right one. */
const call = async ({ key, session }: Client): Promise<boolean> => {
  const id = randomUUID()
  const params = { name: 'warehouse_tables_get', arguments: { id }, ...(session === undefined && { _meta: META }) }
  const headers = session === undefined ? MODERN : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }
  const { statusCode, body } = await post(key, headers, { jsonrpc: '2.0', id, method: 'tools/call', params })
  const text = await body.text()
  if (statusCode !== 200) return false
  const answer = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as {
    id: unknown
    result?: { structuredContent?: { id?: string; name?: string } }
  }
  const { id: about, name } = answer.result?.structuredContent ?? {}
  return answer.id === id && about === id && name === nameOf(key)
}

const ask = async ({ key }: Client): Promise<boolean> => {
  const id = randomUUID()
  const path = `/api/projects/7/warehouse_tables/${id}/`
  const { body } = await direct.request({ method: 'GET', path, headers: { authorization: `Bearer ${key}` } })
  const answer = (await body.json()) as { id?: string; name?: string }
  return answer.id === id && answer.name === nameOf(key)
}

interface Run {
  readonly times: readonly number[]
  readonly wrong: number
}

/** Every client asks, one thing after another, until there have been so many calls. */
const drive = async (
  clients: readonly Client[],
  calls: number,
  work: (client: Client) => Promise<boolean>,
  after: (done: number) => void = () => undefined,
): Promise<Run> => {
  const times: number[] = []
  let [begun, wrong] = [0, 0]
  await Promise.all(
    clients.map(async (client) => {
      while (begun < calls) {
        begun += 1
        const started = performance.now()
        if (!(await work(client).catch(() => false))) wrong += 1
        times.push(performance.now() - started)
        after(times.length)
      }
    }),
  )
  return { times: times.sort((a, b) => a - b), wrong }
}

const at = ({ times }: Run, part: number): number => times[Math.floor(times.length * part)] ?? 0
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

const clients: Client[] = []
for (let from = 0; from < CLIENTS; from += 100)
  clients.push(
    ...(await Promise.all(Array.from({ length: Math.min(100, CLIENTS - from) }, (_, step) => begin(from + step)))),
  )
const samples: number[] = []
const started = performance.now()
const load = await drive(clients, CALLS, call, (done) => {
  if (done % Math.ceil(CALLS / SAMPLES) === 0) samples.push(memory())
})
const seconds = (performance.now() - started) / 1000
const bare = await drive(clients, CALLS, ask)
const [one] = clients.filter(({ session }) => session === undefined)
const alone = await drive(one === undefined ? [] : [one], ALONE, call)
const bareAlone = await drive(one === undefined ? [] : [one], ALONE, ask)

const [before, later] = [mean(samples.slice(WARM, WARM + 5)), mean(samples.slice(-5))]
const ratio = (ours: Run, theirs: Run, part: number): string =>
  `${at(ours, part).toFixed(2)} ms, directly ${at(theirs, part).toFixed(2)} ms: ${(at(ours, part) / at(theirs, part)).toFixed(1)} times`
const wrong = load.wrong + alone.wrong + bare.wrong + bareAlone.wrong
say(`${CLIENTS} clients, ${load.times.length} calls, ${(load.times.length / seconds).toFixed(0)} a second`)
say(`wrong answers: ${wrong}`)
say(`one client, median: ${ratio(alone, bareAlone, 0.5)}`)
say(`all clients, median: ${ratio(load, bare, 0.5)}`)
say(`all clients, 95 of 100: ${ratio(load, bare, 0.95)}`)
say(`memory: ${samples.map((each) => each.toFixed(0)).join(' ')} MB`)
say(
  `after the warm-up ${before.toFixed(0)} MB, at the end ${later.toFixed(0)} MB: ${(later / before).toFixed(3)} times`,
)
const code = await stop()
process.exit(wrong === 0 && later <= before * GROWTH && code === 0 ? 0 : 1)
