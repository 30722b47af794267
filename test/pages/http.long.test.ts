import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { useHttp } from '../fake/http.ts'
import { type Result, useConnection } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { linkIn, submit, visit } from './visit.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const SECRET = 'Typed-By+A/Person=42'
const TOKENS = { alice: 'alice-0123456789-abcdef', bob: 'bob-0123456789-abcdefgh' }
const password = { type: 'password', name: 'password', label: 'Password', required: true, secret: true }
const CREATE = { source_type: 'Postgres', all_tables: true, payload: { $ask: true } }
const textOf = ({ content }: Result): string => content[0]?.text ?? ''

const start = async (flags: readonly string[] = []) => {
  const posthog = await useRecorder(({ method }) =>
    method === 'GET' ? { json: { Postgres: { fields: [password] } } } : { status: 201, json: { id: ID } },
  )
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'tokens.json')
  writeFileSync(file, JSON.stringify({ tokens: Object.entries(TOKENS).map(([name, token]) => ({ name, token })) }))
  const server = await useHttp({
    origin: posthog.origin,
    flags: ['--auth', 'token', ...flags],
    env: { MCP_AUTH_TOKENS_FILE: file, LOG_LEVEL: 'debug' },
  })
  const as = (name: keyof typeof TOKENS, era: 'modern' | 'legacy' = 'modern') =>
    useConnection(server.url, era, TOKENS[name], 'nobody')
  const written = () => posthog.requests.filter(({ method }) => method === 'POST')
  return { server, posthog, as, written }
}

test('a page is at the server’s own address, says who asks, and its result is that caller’s', async () => {
  const { server, as, written } = await start()
  const [alice, bob] = await Promise.all([as('alice'), as('bob', 'legacy')])
  const link = linkIn(textOf(await alice.call('external_data_sources_create', CREATE)))
  expect(link.startsWith(`${new URL(server.url).origin}/ask/`)).toBe(true)
  const page = await visit(link)
  expect(page.html).toMatch(/Asked by<\/dt>\s*<dd>alice/)
  // The same call of somebody else is not the same call.
  const other = linkIn(textOf(await bob.call('external_data_sources_create', CREATE)))
  expect(other).not.toBe(link)
  await submit(page, { password: SECRET })
  expect((await alice.call('external_data_sources_create', CREATE)).structuredContent).toMatchObject({ id: ID })
  // Theirs is still to be filled in.
  expect((await visit(other)).html).toContain('Password')
  expect(written()).toHaveLength(1)
  expect(JSON.stringify(await server.logged(({ msg }) => msg === 'request'))).not.toMatch(/Typed-By|\/ask\//)
})

test('a public address is used, over TLS only', async () => {
  const { as } = await start(['--public-url', 'https://mcp.example.com'])
  const text = textOf(await (await as('alice')).call('external_data_sources_create', CREATE))
  expect(text).toMatch(/https:\/\/mcp\.example\.com\/ask\/[\w-]{43}/)
})

test.each([
  ['a public address without TLS', ['--public-url', 'http://mcp.example.com']],
  ['an address that people do not know', ['--bind', '0.0.0.0', '--allow-host', '0.0.0.0']],
])('with %s there is no page, and it says so', async (_what, flags) => {
  const { as, written } = await start(flags)
  const text = textOf(await (await as('alice')).call('external_data_sources_create', CREATE))
  expect(text).toMatch(/no page that a person could open[\s\S]*Nothing was changed[\s\S]*--public-url https/)
  expect(written()).toEqual([])
})

test('whoever types a secret into the chat is told of the page', async () => {
  const { as, written } = await start()
  const text = textOf(
    await (await as('alice')).call('external_data_sources_create', { ...CREATE, payload: { password: SECRET } }),
  )
  expect(text).toContain('{"$ask": true}')
  expect(text).not.toContain('Typed-By')
  expect(written()).toEqual([])
})

test('a server that ends takes its pages with it', async () => {
  const { server, as, written } = await start()
  const page = await visit(linkIn(textOf(await (await as('alice')).call('external_data_sources_create', CREATE))))
  process.kill(server.pid, 'SIGTERM')
  await server.exited
  await expect(submit(page, { password: SECRET })).rejects.toThrow()
  expect(written()).toEqual([])
})
