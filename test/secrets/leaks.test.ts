import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Recorder, type Script, startRecorder } from '../fake/recorder.ts'
import { FORMS, leaksIn } from '../security/forms.ts'
import { createRandom, leakOnce, randomSecret, stringsIn } from './leaking.ts'

const RUNS = 1_000

test(`${RUNS} random secrets, typed and referred to, come back in no form by no way`, async () => {
  const random = createRandom(20_261_127)
  let [checked, sent] = [0, 0]
  for (let run = 0; run < RUNS; run += 1) {
    const { leaks, wasSent } = await leakOnce(random)
    expect(leaks).toEqual([])
    checked += 1
    if (wasSent) sent += 1
  }
  expect(checked).toBe(RUNS)
  // About half of them are refused on purpose; the others have something to come back from.
  expect(sent).toBeGreaterThan(RUNS / 3)
}, 120_000)

describe('through the program', () => {
  const random = createRandom(7)
  // The environment holds no null; line breaks it does.
  const secrets = Object.fromEntries(
    Array.from({ length: 24 }, (_, at) => [`S${at}`, randomSecret(random).replaceAll('://', '')]),
  )
  let posthog: Recorder
  let mcp: Connection
  const results: string[] = []

  beforeAll(async () => {
    posthog = await startRecorder()
    const env = Object.entries(secrets).flatMap(([name, value]) => [
      [`MCP_SECRET_${name}`, value],
      [`MCP_SECRET_${name}_FOR`, 'Postgres@db.acme.com'],
    ])
    mcp = await connectMcp({ origin: posthog.origin, env: { ...Object.fromEntries(env), LOG_LEVEL: 'debug' } })
  })
  afterAll(async () => {
    await mcp.close()
    await posthog.close()
  })

  /** A reply in pieces of a few bytes, which cut a secret anywhere. */
  const inPieces =
    (status: number, value: unknown): ReturnType<Script> =>
    (response) => {
      const bytes = Buffer.from(JSON.stringify(value))
      response.writeHead(status, { 'content-type': 'application/json' })
      const write = async () => {
        for (let at = 0; at < bytes.length; at += 61) {
          response.write(bytes.subarray(at, at + 61))
          await turn()
        }
        response.end()
      }
      void write()
    }

  test('results, errors and the log at debug hold none of them', async () => {
    let checked = 0
    for (const [name, secret] of Object.entries(secrets)) {
      const text = Object.values(FORMS)
        .map((form) => form(secret))
        .join(' | ')
      const echoes: readonly ReturnType<Script>[] = [
        inPieces(201, { id: text, name: text, latest_error: text }),
        inPieces(400, { detail: text }),
        { status: 500, json: { error: text } },
        { status: 502, body: `<html>${text}`, headers: { 'content-type': 'text/html' } },
        (response) => response.destroy(),
      ]
      for (const echo of echoes) {
        for (const given of [{ $secret: name }, secret]) {
          posthog.script(() => echo)
          const payload = { host: 'db.acme.com', password: given }
          const result = await mcp.call('external_data_sources_create', {
            source_type: 'Postgres',
            all_tables: true,
            payload,
          })
          const shown = [JSON.stringify(result), ...stringsIn(result)].join('\n')
          expect(leaksIn(shown, secret), shown).toEqual([])
          expect(posthog.requests[0]?.json).toMatchObject({ payload: { password: secret } })
          results.push(shown)
          checked += 1
        }
      }
    }
    expect(checked).toBe(24 * 5 * 2)
    const log = mcp.stderr.join('\n')
    expect(mcp.stderr.length).toBeGreaterThanOrEqual(checked)
    for (const secret of Object.values(secrets)) expect(leaksIn(`${log}${results.join('\n')}`, secret)).toEqual([])
  }, 90_000)

  test('what does not mask would be noticed', () => {
    for (const [form, write] of Object.entries(FORMS))
      for (const secret of Object.values(secrets)) expect(leaksIn(`<${write(secret)}>`, secret), form).not.toEqual([])
  })
})
