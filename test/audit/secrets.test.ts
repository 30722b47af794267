import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskArguments } from '../../src/audit/mask-arguments.ts'
import { createRedactor, secretsIn } from '../../src/redact.ts'
import { operations } from '../../tools/index.ts'
import { KEY, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'
import { FORMS, leaksIn } from '../security/forms.ts'
import { linesIn, useFolder } from './support.ts'

/** Secrets as people choose them, long enough that none stands in a log by chance. */
const secrets = fc
  .string({ unit: 'grapheme', minLength: 14, maxLength: 40 })
  .map((text) => `${text}Zq`)
  .filter((text) => text.trim().length >= 14)

/** Arguments that hold one where it belongs, and once more where it does not, in a form of some program. */
const CALLS: Readonly<Record<string, (secret: string, form: string) => Record<string, unknown>>> = {
  warehouse_tables_create: (secret, form) => ({
    name: 'orders',
    format: 'CSV',
    url_pattern: `https://acme.s3.us-east-1.amazonaws.com/${form.replace(/\s/g, '')}/*.csv`,
    credential: { access_key: 'AKIA-plain', access_secret: secret },
  }),
  warehouse_tables_update: (secret, form) => ({
    id: ID,
    url_pattern: `https://acme.s3.us-east-1.amazonaws.com/${form.replace(/\s/g, '')}/*.csv`,
    credential: { access_secret: secret },
  }),
  external_data_sources_create: (secret, form) => ({
    source_type: 'Postgres',
    all_tables: true,
    description: `log in with ${form}`,
    payload: {
      host: 'db.example.com',
      password: secret,
      ssh_tunnel: { auth_type: { selection: 'keypair', private_key: `a${secret}`, note: form } },
      list: [secret, { deep: secret }],
      [`about ${form}`]: 1,
    },
  }),
  external_data_sources_update: (secret, form) => ({
    id: ID,
    description: form,
    job_inputs: { password: secret, nested: { api_key: secret } },
  }),
}

test('random secrets through every tool that takes some: none is in the file in any form', async () => {
  const path = join(useFolder(), 'audit.jsonl')
  let echo = ''
  const upstream = await useRecorder(({ method }) =>
    method === 'GET'
      ? { json: { results: [] } }
      : { status: 400, json: { detail: echo, attr: echo }, headers: { 'X-Request-Id': encodeURIComponent(echo) } },
  )
  const mcp = await useMcp({ origin: upstream.origin, flags: ['--audit', path] })
  const writers = operations.filter(({ secrets: paths = [], effect }) => paths.length > 0 && effect !== 'read')
  expect(Object.keys(CALLS).toSorted()).toEqual(writers.map(({ name }) => name).toSorted())
  const forms = Object.values(FORMS)
  const used: string[] = []
  await fc.assert(
    fc.asyncProperty(
      secrets,
      fc.constantFrom(...Object.entries(CALLS)),
      fc.constantFrom(...forms),
      async (secret, [name, toArgs], form) => {
        // An address has at most 500 characters.
        fc.pre(form(secret).length < 400)
        echo = secret
        used.push(secret)
        const before = linesIn(path).length
        const { content } = await mcp.call(name, toArgs(secret, form(secret)))
        expect(linesIn(path).length - before, content[0]?.text).toBe(2)
      },
    ),
    { numRuns: 200, endOnFailure: true },
  )
  const text = readFileSync(path, 'utf8')
  for (const secret of used) expect(leaksIn(text, secret), JSON.stringify(secret)).toEqual([])
  expect(used).toHaveLength(200)
  // What is no secret is there.
  expect(text).toContain('"host":"db.example.com"')
  expect(text).toContain('"password":"***"')
}, 120_000)

test('the server’s key, and credentials that can be told by their form, wherever they stand', async () => {
  const path = join(useFolder(), 'audit.jsonl')
  const upstream = await useRecorder(({ method }) =>
    method === 'GET' ? { json: { results: [] } } : { json: { id: KEY, name: 'x' }, headers: { 'X-Request-Id': KEY } },
  )
  const mcp = await useMcp({ origin: upstream.origin, flags: ['--audit', path] })
  const query = `select '${KEY}', 'AKIAIOSFODNN7EXAMPLE', 'postgres://u:hunter2pw@db/x'`
  await mcp.call('warehouse_saved_queries_create', { name: 'v', query })
  const text = readFileSync(path, 'utf8')
  expect(leaksIn(text, KEY)).toEqual([])
  expect(text).not.toMatch(/AKIAIOSFODNN7|hunter2pw/)
  expect(linesIn(path)).toMatchObject([
    { arguments: { query: "select '***', '***', 'postgres://***@db/x'" } },
    { object: '***', posthog_request: '***' },
  ])
})

describe('what is kept of arguments', () => {
  const create = operations.find(({ name }) => name === 'external_data_sources_create')
  if (create === undefined) throw new Error('no such tool')
  const mask = (input: Record<string, unknown>) =>
    maskArguments(input, create, createRedactor(secretsIn(input, create.secrets ?? [])))

  test('a secret that is too short to be looked for in text is masked where it stands', () => {
    const payload = { port: 5432, password: 'x', list: ['ab', 3, { deep: 'q' }], api_token: 918_273_645 }
    expect(mask({ payload })).toEqual({
      payload: { port: 5432, password: '***', list: ['***', 3, { deep: '***' }], api_token: '***' },
    })
  })

  test('never a part of a secret, wherever it is cut', () => {
    const secret = 'S3cr3t-of-some-length'
    for (let before = 1_970; before <= 2_005; before += 1) {
      const text = `${'x'.repeat(before)}${secret}${'y'.repeat(100)}`
      const kept = JSON.stringify(mask({ description: text, payload: { password: secret } }))
      expect(kept).not.toContain('S3c')
    }
  })

  test('at most 16 KiB, whatever came', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.string({ maxLength: 3_000 })), { maxLength: 60 }), (rows) => {
        const input = { payload: rows, wide: Object.fromEntries(rows.map((row, at) => [`${at}`, row])) }
        const kept = maskArguments(input, { ...create, secrets: [] }, createRedactor([]))
        expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(16 * 1024)
      }),
      { numRuns: 30 },
    )
    const deep = { a: Array(60).fill(Array(60).fill(Array(60).fill('text of some length'))) }
    expect(maskArguments(deep, { ...create, secrets: [] }, createRedactor([]))).toMatch(/^…\(\d+ bytes\)$/)
  })
})
