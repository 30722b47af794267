import { randomUUID } from 'node:crypto'
import { Pool } from 'undici'
import { startLoadServer } from './load-server.ts'

/**
 * Many sessions of 2025, one after another, of which half are left without a word: does each go when it is over? A
 * session begins, has one call, and every other one is ended by its client; of the others there are at most a hundred.
 * Prints how memory goes; exits 1 for a wrong answer, or memory that grows by more than 5 % after the first half.
 * `node dist/bench/sessions.js [sessions]`: 20,000 by default. Loopback only.
 */
const SESSIONS = Number(process.argv[2] ?? 20_000)
const AT_ONCE = 16
const KEPT = 100
/** Memory is looked at this often; the first half of the run warms up the heap. */
const SAMPLES = 40
const GROWTH = 1.05
/** At either end of the second half. */
const COMPARED = 8

const REVISION = { 'mcp-protocol-version': '2025-11-25' }
const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
const PARAMS = {
  protocolVersion: REVISION['mcp-protocol-version'],
  capabilities: {},
  clientInfo: { name: 'sessions', version: '1' },
}

const server = await startLoadServer(['--max-sessions', String(KEPT), '--session-idle-seconds', '1'], {
  POSTHOG_PERSONAL_API_KEY: 'phx_sessions-0123456789',
})
const wire = new Pool(new URL(server.url).origin, { connections: AT_ONCE })

const send = async (method: 'POST' | 'DELETE', headers: Record<string, string>, message?: object) => {
  const body = message === undefined ? null : JSON.stringify({ jsonrpc: '2.0', ...message })
  const reply = await wire.request({ method, path: '/mcp', headers: { ...ACCEPT, ...headers }, body })
  return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() }
}

/** One session; whether all went as it should. */
const live = async (isEnded: boolean): Promise<boolean> => {
  const begun = await send('POST', {}, { id: 0, method: 'initialize', params: PARAMS })
  const headers = { ...REVISION, 'mcp-session-id': String(begun.headers['mcp-session-id']) }
  const told = await send('POST', headers, { method: 'notifications/initialized' })
  const id = randomUUID()
  const params = { name: 'warehouse_tables_get', arguments: { id } }
  const called = await send('POST', headers, { id: 1, method: 'tools/call', params })
  const ended = isEnded ? await send('DELETE', headers) : undefined
  return begun.status === 200 && told.status === 202 && called.text.includes(id) && (ended?.status ?? 200) === 200
}

const samples: number[] = []
let [begun, done, wrong] = [0, 0, 0]
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (begun < SESSIONS) {
      begun += 1
      if (!(await live(begun % 2 === 0).catch(() => false))) wrong += 1
      done += 1
      if (done % Math.ceil(SESSIONS / SAMPLES) === 0) samples.push(server.memory())
    }
  }),
)
await wire.close()
const code = await server.stop()

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length
const half = samples.slice(samples.length / 2)
const [before, later] = [mean(half.slice(0, COMPARED)), mean(half.slice(-COMPARED))]
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`${done} sessions, ${wrong} that went wrong`)
say(`memory: ${samples.map((each) => each.toFixed(0)).join(' ')} MB`)
say(
  `after the first half ${before.toFixed(1)} MB, at the end ${later.toFixed(1)} MB: ${(later / before).toFixed(3)} times`,
)
process.exit(wrong === 0 && later <= before * GROWTH && code === 0 ? 0 : 1)
