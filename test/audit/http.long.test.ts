import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { useHttp } from '../fake/http.ts'
import { type Era, useConnection } from '../fake/mcp.ts'
import { posthog } from '../fake/posthog.ts'
import { useRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'
import { linesIn, useFolder, verify } from './support.ts'

const KEYED = 'phx_key-of-a-caller-0123456'
const UUID = /^[0-9a-f-]{36}$/
const ERAS: readonly Era[] = ['modern', 'legacy', 'v1']
const TOKENS = [
  { name: 'ci', token: 'token-of-ci-0123456789' },
  { name: 'analyst', token: 'token-of-analyst-012345' },
]

test.each(ERAS)('%s: each line names the token that wrote, and the request it wrote in', async (era) => {
  const upstream = await useRecorder(() => ({ json: { id: ID, name: 'x' } }))
  const folder = useFolder()
  const path = join(folder, 'audit.jsonl')
  const file = join(folder, 'tokens.json')
  writeFileSync(file, JSON.stringify({ tokens: TOKENS }))
  const server = await useHttp({
    origin: upstream.origin,
    flags: ['--auth', 'token', '--audit', path],
    env: { MCP_AUTH_TOKENS_FILE: file },
  })
  for (const { name, token } of [...TOKENS, ...TOKENS]) {
    const mcp = await useConnection(server.url, era, token)
    await mcp.call('warehouse_tables_update', { id: ID, name })
  }
  const lines = linesIn(path)
  expect(lines.map(({ event, who }) => [event, who])).toEqual(
    ['ci', 'analyst', 'ci', 'analyst'].flatMap((who) => [
      ['attempt', who],
      ['outcome', who],
    ]),
  )
  const ids = lines.map(({ request }) => String(request))
  for (const [at, id] of ids.entries()) expect(id).toMatch(at % 2 === 0 ? UUID : new RegExp(`^${ids[at - 1]}$`))
  expect(new Set(ids).size).toBe(4)
  // The same id is in the log.
  expect(server.lines().some(({ msg, request }) => msg === 'call' && request === ids[0])).toBe(true)
  const text = JSON.stringify(lines)
  for (const { token } of TOKENS) expect(text).not.toContain(token)
  expect(verify(path).code).toBe(0)
})

test('a caller with a key of PostHog’s own is a few digits of its hash', async () => {
  const upstream = await useRecorder(posthog({ [KEYED]: { scopes: ['*'] } }))
  const path = join(useFolder(), 'audit.jsonl')
  const server = await useHttp({
    origin: upstream.origin,
    flags: ['--auth', 'posthog', '--audit', path],
    env: { POSTHOG_PERSONAL_API_KEY: undefined },
  })
  const mcp = await useConnection(server.url, 'modern', KEYED)
  await mcp.call('warehouse_tables_delete', { id: ID })
  const hash = createHash('sha256').update(KEYED).digest('hex').slice(0, 8)
  expect(linesIn(path).map(({ who }) => who)).toEqual([`phx_${hash}`, `phx_${hash}`])
})

test('many at once are one chain', async () => {
  const upstream = await useRecorder(() => ({ json: { id: ID, name: 'x' } }))
  const path = join(useFolder(), 'audit.jsonl')
  const server = await useHttp({ origin: upstream.origin, flags: ['--audit', path] })
  const mcp = await useConnection(server.url, 'modern')
  await Promise.all(
    Array.from({ length: 40 }, (_, at) => mcp.call('warehouse_tables_update', { id: ID, name: `n${at}` })),
  )
  const lines = linesIn(path)
  expect(lines).toHaveLength(80)
  expect(verify(path)).toMatchObject({ code: 0, text: expect.stringMatching(/^80 lines, whole/) })
  // Each attempt has one end, and comes before it.
  for (const { of, seq } of lines.filter(({ event }) => event === 'outcome'))
    expect(Number(of)).toBeLessThan(Number(seq))
  expect(new Set(lines.flatMap(({ of }) => of ?? [])).size).toBe(40)
})
