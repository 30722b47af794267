import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { type Connection, type Era, type Result, useMcp } from '../fake/mcp.ts'
import type { Opens, Person } from '../fake/person.ts'
import { type Recorder, type Script, startRecorder } from '../fake/recorder.ts'

/** The id of what is made. */
export const ID = '0198bb00-0000-0000-0000-000000000001'
/** What a person types. */
export const SECRET = 'Typed-By+A/Person=42'
const text = (name: string, more = {}) => ({
  type: 'text',
  name,
  label: name,
  required: true,
  placeholder: '',
  caption: null,
  secret: false,
  ...more,
})
const FORM = {
  Postgres: {
    fields: [
      text('host'),
      text('port', { type: 'number' }),
      text('password', { type: 'password', secret: true }),
      { type: 'ssh-tunnel', name: 'ssh_tunnel', label: 'Use SSH tunnel?', supportsRequireTls: false },
    ],
  },
}
let refuses = 0
/** How many writes PostHog refuses from now on. */
export const refuse = (times: number): void => {
  refuses = times
}
const answers: Script = ({ method, path }) => {
  if (method === 'GET' && path.includes('/wizard/')) return { json: FORM }
  if (method === 'GET')
    return { json: { id: ID, source_type: 'Postgres', job_inputs: { host: 'old.acme.com', port: 5432 } } }
  if (path.endsWith('/database_schema/')) return { json: [] }
  refuses -= 1
  // PostHog repeats what it was sent, as a bad server might.
  if (refuses >= 0) return { status: 400, json: { message: `The database rejected ${SECRET}` } }
  return { status: method === 'POST' ? 201 : 200, json: { id: ID } }
}
let posthog: Recorder

beforeAll(async () => {
  posthog = await startRecorder()
})
afterAll(() => posthog.close())

/** A call that leaves its settings to a person. */
export const CREATE = { source_type: 'Postgres', all_tables: true, payload: { host: 'db.acme.com', $ask: true } }
/** The form, filled in. */
export const FILLED = { host: 'db.acme.com', port: '5432', password: SECRET }
/** The words of a result. */
export const textOf = ({ content }: Result): string => content[0]?.text ?? ''
/** What was sent to PostHog besides reads. */
export const writes = () => posthog.requests.filter(({ method }) => method !== 'GET')

/** Starts the server; what it logs is looked at when the test ends. */
export const start = async (start: {
  readonly era?: Era
  readonly opens?: Opens
  readonly person?: Person
  readonly flags?: string[]
}) => {
  refuses = 0
  posthog.script(answers)
  const mcp = await useMcp({ origin: posthog.origin, person: 'nobody', env: { LOG_LEVEL: 'debug' }, ...start })
  onTestFinished(() => expect(JSON.stringify(mcp.stderr)).not.toContain('Typed-By'))
  return mcp
}
/** Calls a tool, and looks that the result holds nothing typed. */
export const create = async (
  mcp: Connection,
  args: Record<string, unknown> = CREATE,
  tool = 'external_data_sources_create',
) => {
  const result = await mcp.call(tool, args)
  expect(JSON.stringify(result)).not.toContain('Typed-By')
  return result
}

/** All that was sent to PostHog. */
export const requests = () => posthog.requests
