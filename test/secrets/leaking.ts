import { createCall, type Means } from '../../src/call.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import { allowFiles } from '../../src/files.ts'
import type { HttpReply, HttpRequest } from '../../src/http/client.ts'
import { readBindings } from '../../src/secrets/binding.ts'
import { createCallerSecrets } from '../../src/secrets/caller-secrets.ts'
import { operations } from '../../tools/index.ts'
import { approvals, noHooks } from '../fake/hooks.ts'
import { noSecrets } from '../fake/secrets.ts'
import { FORMS, leaksIn } from '../security/forms.ts'

/** Numbers that are random, and the same for the same seed: what leaked once leaks again. */
export const createRandom = (seed: number): ((below: number) => number) => {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
type Random = ReturnType<typeof createRandom>

const ALPHABET = [
  ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=&%$#@!?<>"\'\\`~^*()[]{}|;:,. -_\n\tüß漢😀',
]

/** A secret as generators make them, and some that they should not. */
export const randomSecret = (random: Random): string => {
  const length = 10 + random(40)
  const text = Array.from({ length }, () => ALPHABET[random(ALPHABET.length)]).join('')
  // Space at its ends is trimmed from a literal before it is sent; what is looked for has none.
  return `k${text}Z9`
}

/** The ways in which PostHog, or a fault of ours, repeats a text. */
const ECHOES: readonly ((text: string) => Partial<HttpReply> & { readonly json?: unknown })[] = [
  (text) => ({ status: 400, json: { detail: text, attr: 'payload' } }),
  (text) => ({ status: 400, json: { detail: 'no', attr: `payload__${text}` } }),
  (text) => ({ status: 400, json: { detail: `${'x '.repeat(190)}${text}${text}` } }),
  (text) => ({ status: 400, json: { message: text, errors: [text] } }),
  (text) => ({ status: 403, json: { detail: `API key missing required scope '${text}'` } }),
  (text) => ({ status: 404, json: { detail: text } }),
  (text) => ({ status: 409, json: { error: text } }),
  (text) => ({ status: 500, json: { error: `could not connect: ${text}` } }),
  (text) => ({ status: 502, contentType: 'text/html', body: Buffer.from(`<html>${text}`) }),
  (text) => ({ status: 400, contentType: 'text/plain', body: Buffer.from(text) }),
  (text) => ({ status: 200, body: Buffer.from(`{"a": "${text}`) }),
  (text) => ({ status: 200, json: { success: false, error: text } }),
  (text) => ({ status: 201, json: { id: text, name: text, latest_error: text, [text]: 1, deep: [[{ x: text }]] } }),
  (text) => ({ status: 200, json: [{ table: text, name: text, permission_error: text, rows: text }] }),
  (text) => ({ status: 200, json: { results: [{ name: text }], job_inputs: { host: text, [text]: text } } }),
]

const ID = '0198bb00-0000-0000-0000-000000000001'
const TABLE = 'https://acme.s3.us-east-1.amazonaws.com/x.csv'
const off = { enabled: false, host: null, port: null }
/** Right calls with a place for a secret, and calls that are refused for one reason or another. */
const CALLS: readonly ((given: unknown) => readonly [tool: string, args: Record<string, unknown>])[] = [
  (given) => [
    'warehouse_tables_create',
    { name: 't', format: 'CSV', url_pattern: TABLE, credential: { access_key: 'AKIA-k', access_secret: given } },
  ],
  (given) => [
    'warehouse_tables_update',
    { id: ID, url_pattern: TABLE, credential: { access_key: given, access_secret: given } },
  ],
  (given) => [
    'external_data_sources_create',
    { source_type: 'Postgres', all_tables: true, payload: { host: 'db.acme.com', password: given } },
  ],
  (given) => [
    'external_data_sources_create',
    {
      source_type: 'Postgres',
      all_tables: true,
      payload: JSON.stringify({ host: 'db.acme.com', deep: [{ api_key: given }] }),
    },
  ],
  (given) => [
    'external_data_sources_database_schema',
    { source_type: 'Postgres', payload: { host: 'db.acme.com', ssh_tunnel: { ...off, auth: { private_key: given } } } },
  ],
  (given) => [
    'external_data_sources_update',
    { id: ID, job_inputs: { host: 'db.acme.com', ssh_tunnel: off, password: given } },
  ],
  (given) => [
    'external_data_sources_create',
    { source_type: 'Postgres', all_tables: true, payload: { host: 'evil.example', password: given } },
  ],
  (given) => [
    'external_data_sources_create',
    { source_type: 'MySQL', all_tables: true, payload: { connection_string: given } },
  ],
  (given) => [
    'external_data_sources_create',
    { source_type: 'Postgres', payload: { host: 'db.acme.com', password: given }, schemas: 'wrong' },
  ],
  (given) => ['external_data_sources_update', { id: ID, job_inputs: { password: given, token: given } }],
]
const BINDINGS = readBindings('Postgres@db.acme.com, MySQL@db.acme.com, Table@acme.s3.us-east-1.amazonaws.com')
const catalogue = toCatalogue(operations, false)

/** One call with one secret, given in one way and repeated in one form by one echo. */
export const leakOnce = async (
  random: Random,
): Promise<{ readonly leaks: readonly string[]; readonly wasSent: boolean }> => {
  const secret = randomSecret(random)
  const isReference = random(3) > 0
  const [tool, args] = (CALLS[random(CALLS.length)] ?? CALLS[0])?.(isReference ? { $secret: 'S' } : secret) ?? []
  const forms = Object.values(FORMS)
  const written = (random(2) === 0 ? forms : [forms[random(forms.length)] ?? String])
    .map((form) => form(secret))
    .join(' | ')
  const echo = ECHOES[random(ECHOES.length)]?.(written) ?? {}
  let wasSent = false
  const send = async ({ method, body }: HttpRequest): Promise<HttpReply> => {
    const { json, ...rest } = echo
    wasSent ||= method !== 'GET' && body?.kind === 'json'
    if (random(20) === 0) throw new Error(`a fault with ${written}`)
    const source = { id: ID, source_type: 'Postgres', job_inputs: { host: 'db.acme.com' } }
    const found = method === 'GET' && random(5) > 0 ? { status: 200, json: source } : { json }
    const text = Buffer.from(JSON.stringify(found.json) ?? '')
    return {
      status: 200,
      contentType: 'application/json',
      body: text,
      fromStorage: false,
      attempts: 1,
      ...rest,
      ...('status' in found && { status: 200 }),
    }
  }
  const store = { names: ['S'], read: async () => ({ value: secret, bindings: random(10) === 0 ? [] : BINDINGS }) }
  const means: Means = {
    http: { send },
    projects: { targetOf: async () => ({ root: 'projects', project: 7 }), known: async () => [7] },
    files: allowFiles([]),
    origin: 'https://us.posthog.com',
    apiKey: 'phx_test-key-0123456789',
    secrets: createCallerSecrets(store, store.names, random(4) === 0 ? 'refuse' : 'allow'),
    handover: { to: 'nowhere' },
    desk: noSecrets.desk,
    confirm: approvals(),
  }
  const seen: unknown[] = []
  const call = createCall(means, { ...noHooks, report: (report) => void seen.push(report) })
  const record = catalogue.get(tool ?? '')
  if (record === undefined || args === undefined) throw new Error(`no tool ${tool}`)
  const result = await call(record, args, { signal: new AbortController().signal })
  const shown = [JSON.stringify([result, seen]), ...stringsIn(result)].join('\n')
  return {
    leaks: leaksIn(shown, secret).map((form) => `${tool}, ${form}, of ${JSON.stringify(secret)}: ${shown}`),
    wasSent,
  }
}

/** Every text in a value, and every key, as it is and not as JSON writes it. */
export const stringsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [key, ...stringsIn(item)])
}
