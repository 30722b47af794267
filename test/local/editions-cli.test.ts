/** The flags of the local warehouse's behaviour, in both ways to start it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../src/config.ts'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))
const read = (...argv: string[]) => readConfig(argv, {}, '1.0.0')

test.each([
  ['--local', '--tables', 'S', '--warehouse', 'N', '--files', 'F1', '--throttles', '--faults', 'f.json'],
  ['local', '--tables', 'S', '--warehouse', 'N', '--files', 'F1', '--throttles', '--faults', 'f.json'],
])('%s takes every switch', (...argv) => {
  expect(read(...argv)).toMatchObject({
    editions: { tables: 'S', warehouse: 'N', files: 'F1' },
    throttles: true,
    faults: 'f.json',
  })
})

test('the flags behind `local` are its own', () => {
  expect(read('local', '--session-actions', 'allow', '--allow-http-buckets', '--admin', '--port', '0')).toMatchObject({
    mode: 'local-only',
    sessionActions: 'allow',
    allowHttpBuckets: true,
    admin: true,
    localPort: 0,
  })
})

test('nothing is switched by itself', () => {
  expect(read('--local')).toMatchObject({ editions: {}, throttles: false, faults: undefined, admin: false })
})

test.each([
  ['--tables', 'S'],
  ['--warehouse', 'N'],
  ['--files', 'F1'],
  ['--throttles'],
  ['--faults', 'f.json'],
  ['--session-actions', 'allow'],
  ['--allow-http-buckets'],
])('%s without the local warehouse is told', (...argv) => {
  expect(() => read(...argv)).toThrow(`${argv[0]} goes with --local`)
})

const run = async (...argv: string[]): Promise<{ readonly code: unknown; readonly said: string }> => {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  const [code] = await once(child, 'exit')
  return { code, said }
}

test.each([
  [['local', '--tables', 'X'], 'It is S or L.'],
  [['local', '--files', 'F3'], 'It is F1 or F2.'],
  [['--local', '--warehouse', 'd'], 'It is D or N.'],
  [['--local', '--admin'], "unknown option '--admin'"],
])('%j is a wrong setting', async (argv, why) => {
  const { code, said } = await run(...argv)
  expect(code).toBe(2)
  expect(said).toContain(why)
})

test('a bad file of faults is one sentence', async () => {
  expect(await run('local', '--port', '0', '--faults', '/nope.json')).toEqual({
    code: 2,
    said: 'posthog-warehouse-mcp: The faults cannot be read from /nope.json.\n',
  })
})

test('`local` prints the admin token, serves its faults and its generation', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'editions-'))
  const faults = join(directory, 'faults.json')
  await writeFile(faults, '{"faults":[{"path":"/api/users/@me","status":512}]}')
  const argv = ['local', '--port', '0', '--admin', '--tables', 'S', '--faults', faults]
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length < 4) continue
    const [origin, key, , token] = lines.map((each) => each.slice(each.indexOf(': ') + 2))
    expect(lines[3]).toMatch(/^Admin token: adm_\w{40,}$/)
    const clock = await fetch(`${origin}/_admin/clock`, { headers: { 'x-admin-token': token ?? '' } })
    expect(clock.status).toBe(200)
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(`${origin}/api/users/@me/`, { headers })).status).toBe(512)
    // Row 2 of the older generation's scopes: a run is for sessions only.
    const ran = await fetch(`${origin}/api/projects/1/warehouse_saved_queries/x/run/`, { method: 'POST', headers })
    expect(await ran.json()).toMatchObject({ detail: 'This action does not support personal API key access' })
    child.kill('SIGINT')
  }
  if (child.exitCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  await rm(directory, { recursive: true })
})
