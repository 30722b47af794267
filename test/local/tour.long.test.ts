import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { callTool } from '../operated/server.ts'
import { hasPostgres, startPostgres } from '../services/postgres.ts'

const run = promisify(execFile)
const tour = fileURLToPath(new URL('../../dist/docs/tour.js', import.meta.url))

/** Everything the tour prints; the environment has no database but the one given. */
const takeTour = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { stdout, stderr } = await run(process.execPath, [tour, ...args], { env: { PATH: process.env.PATH, ...env } })
  return { stdout, all: stdout + stderr }
}

it('the tour shows real rows, one failing call, and configuration for four clients', async () => {
  const { stdout } = await takeTour([])
  expect(stdout).toContain('Connected over stdio: 58 tools.')
  // Sums of the shipped sample, which never change.
  expect(stdout).toMatch(/US\s+112\s+11274\.13/)
  expect(stdout).toContain('Unable to resolve field: prize')
  expect(stdout).not.toContain('Look into your database')
  for (const client of ['Claude Desktop', 'Claude Code', 'Cursor', 'VS Code']) expect(stdout).toContain(client)
})

/** A tour that serves, as far as it printed its last line; its group gets signals as from a terminal. */
const startServing = async (...args: string[]) => {
  const child = spawn(process.execPath, [tour, ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const { pid } = child
  if (pid === undefined) throw new Error('the tour did not start')
  onTestFinished(() => {
    if (child.exitCode === null) process.kill(-pid, 'SIGKILL')
  })
  const lines: string[] = []
  const ended = once(child, 'close')
  const output = createInterface({ input: child.stdout })
  await new Promise<void>((resolve) => {
    output.on('line', (line) => {
      lines.push(line)
      if (line.startsWith('Press Ctrl-C')) resolve()
    })
    ended.then(() => resolve())
  })
  return { lines, ended, signal: (name: NodeJS.Signals) => process.kill(-pid, name) }
}

it('goes on over HTTP with what the tour made, and ends with Ctrl-C', async () => {
  const { lines, ended, signal } = await startServing('--serve')
  const url = lines.find((line) => line.startsWith('MCP endpoint: '))?.slice('MCP endpoint: '.length) ?? ''
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/)
  const configurations = lines.slice(lines.indexOf(`MCP endpoint: ${url}`) + 1).join('\n')
  expect(configurations).toContain(`claude mcp add --transport http posthog-warehouse ${url}\n`)
  expect(configurations).toContain(`"url": "${url}"`)
  const { message } = await callTool(url, 'query_run', { sql: 'select country from top_country' })
  expect(message).toMatchObject({ result: { structuredContent: { rows: [['US']] } } })
  signal('SIGINT')
  expect(await ended).toEqual([0, null])
  expect(lines.at(-1)).toBe('Ended.')
  await expect(fetch(url)).rejects.toThrow()
})

const hasTerminals = spawnSync('script', ['--version']).status === 0

it.skipIf(!hasTerminals)('serves by itself in a terminal, and leaves nothing behind (needs `script`)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tour-terminal-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const child = spawn('script', ['-qec', `exec ${process.execPath} ${tour}`, '/dev/null'], {
    env: { PATH: process.env.PATH, TMPDIR: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    // What the key sends.
    if (line.startsWith('Press Ctrl-C')) child.stdin.write('\x03')
  }
  expect(await ended).toEqual([0, null])
  expect(lines.at(-1)?.trim()).toBe('Ended.')
  expect(await readdir(folder)).toEqual([])
})

it('serves nothing with --once, even if told to', async () => {
  expect((await takeTour(['--serve', '--once'])).stdout).not.toContain('MCP endpoint')
})

describe('with a database', () => {
  it.skipIf(!hasPostgres())(
    'goes from a look to a view that breaks and is mended, and tells no password',
    async () => {
      const postgres = await startPostgres()
      onTestFinished(() => postgres.close())
      await postgres.sql(`ALTER ROLE reader PASSWORD 'p@ss w0rd/';
      CREATE TABLE "Fruit Trees" (id integer PRIMARY KEY, "the kind" text);
      INSERT INTO "Fruit Trees" SELECT n, CASE WHEN n % 3 = 0 THEN 'plum' ELSE 'apple' END FROM generate_series(1, 30) n;
      CREATE TABLE huge (id integer);
      INSERT INTO huge SELECT generate_series(1, 100200);
      ANALYZE`)
      const { port } = postgres.login
      const address = `postgres://reader:p%40ss%20w0rd%2F@127.0.0.1:${port}/shop`
      for (const { stdout, all } of [
        await takeTour(['--postgres', `${address}?schema=public`]),
        await takeTour([], { POSTGRES_URL: address.replace(':p%40ss%20w0rd%2F', ''), PGPASSWORD: 'p@ss w0rd/' }),
      ]) {
        expect(stdout).toContain('"password":"***"')
        expect(stdout).toMatch(/Connect it, with (public\.)?Fruit Trees;/)
        expect(stdout).toMatch(/"status":"Completed".*"rows_synced":30|"rows_synced":30.*"status":"Completed"/)
        expect(stdout).toMatch(/apple\s+20\n\| plum\s+10\n/)
        expect(stdout).toContain('latest_error: Unable to resolve field: label')
        expect(stdout).toMatch(
          /Fix it[\s\S]*> data_warehouse_data_health_issues \{\}\n\{"results":\[\],"returned":0,"total":0,/,
        )
        expect(all).not.toMatch(/p@ss|w0rd/)
      }
    },
    60_000,
  )

  it.each([
    ['another protocol', ['--postgres', 'mysql://me:hidden@host/db']],
    ['no database', ['--postgres', 'postgres://me:hidden@host']],
    ['a password that is not encoded', ['--postgres', 'postgres://me:12/hidden@host/db']],
    ['a password with a bare %', ['--postgres', 'postgres://me:%hidden@host/db']],
    ['no address', ['--postgres', 'me:hidden@host/db']],
    ['no option', ['postgres://me:hidden@host/db']],
  ])('an address that is wrong (%s) ends it at once, and is not repeated', async (_, args) => {
    const ended: unknown = await takeTour(args).catch((error: unknown) => error)
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended).toMatchObject({ stderr: expect.stringContaining('postgres://user:password@host:port/database') })
    expect(ended).not.toMatchObject({ stderr: expect.stringContaining('hidden') })
  })
})
