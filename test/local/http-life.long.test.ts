/** The processes and the directory: what survives a restart, what does not survive a death, what stays private. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startLocal, toChildEnvironment } from '../../src/local/start.ts'
import { type Client, hogql, startClient, until } from './http-client.ts'

const run = promisify(execFile)
const V = 'warehouse_saved_queries'
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'http-life-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const childrenOf = async (pid: number): Promise<number[]> => {
  const { stdout } = await run('pgrep', ['-P', String(pid)])
  return stdout.trim().split('\n').map(Number)
}

/** A zombie that nobody reaps has ended all the same. */
const isRunning = async (pid: number): Promise<boolean> => {
  const { stdout } = await run('ps', ['-o', 'stat=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}

const allGone = async (pids: readonly number[]): Promise<boolean> => {
  for (let turn = 0; turn < 200; turn += 1) {
    if (!(await Promise.all(pids.map(isRunning))).includes(true)) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

const materialized = async (client: Client, id: string): Promise<void> => {
  await client.call('POST', `${V}/${id}/materialize/`, { sync_frequency: '6hour' })
  await until(
    () => client.call('GET', `${V}/${id}/run_history/`),
    (body) => body.run_history[0]?.status === 'Completed',
  )
}

test('a body nested too deep to be written down is refused, and everything else can still be kept', async () => {
  const client = await startClient({ directory })
  const nest = (open: string, close: string, depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`
  const send = async (path: string, body: string) => {
    const headers = { authorization: `Bearer ${client.local.key}`, 'content-type': 'application/json' }
    const url = `${client.local.origin}/api/projects/1/${path}/`
    const reply = await fetch(url, { method: 'POST', headers, body })
    return { status: reply.status, code: /"code":"(\w+)"/.exec(await reply.text())?.[1] }
  }
  const bodies = (depth: number): readonly (readonly [string, string])[] => {
    const value = nest('{"a":', '}', depth)
    const query = `{"kind":"HogQLQuery","query":"select 1","x":${value}}`
    return [
      ['file_system', `{"path":"a${depth}","type":"folder","meta":${value}}`],
      [V, `{"name":"v${depth}","query":${query}}`],
      ['exports', `{"export_format":"text/csv","export_context":{"source":${query}}}`],
      ['query', `{"query":${query}}`],
      ['query', `{"query":{"kind":"HogQLQuery","query":"select 1","values":{"x":${nest('[', ']', depth)}}}}`],
      ['warehouse_tables', nest('[', ']', depth)],
    ]
  }
  for (const [path, body] of [7_000, 100_000].flatMap(bodies)) {
    const reply = await send(path, body)
    expect([path, reply.status, reply.code]).toEqual([path, 400, 'parse_error'])
  }
  const unasked = await fetch(`${client.local.origin}/api/projects/1/query/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"personal_api_key":"${client.local.key}","x":${nest('[', ']', 100_000)}}`,
  })
  expect(unasked.status).toBe(401)
  // What looks like nesting inside of a text is none.
  expect(
    await send(V, JSON.stringify({ name: 'kept', query: hogql(`select '${'[{"\\\\'.repeat(300)}' as x`) })),
  ).toMatchObject({ status: 201 })
  for (const [path, body] of bodies(100).slice(0, 3))
    expect([path, (await send(path, body)).status]).toEqual([path, 201])
  await client.local.close()
  const again = await startClient({ directory })
  expect((await again.call('GET', `${V}/`)).body.results.map(({ name }) => name)).toEqual(['v100', 'kept'])
  await again.local.close()
})

test('a directory keeps tables, views, rows, runs, the log and the key', async () => {
  const first = await startClient({ directory })
  await first.upload('people', 'people.csv', 'id,name\n1,Ada\n2,Ben\n')
  const outer = await first.call('POST', `${V}/`, { name: 'outer_view', query: hogql('select id from people') })
  const inner = await first.call('POST', `${V}/`, { name: 'inner_view', query: hogql('select 2 as id') })
  const token = outer.body.latest_history_id
  const turned = await first.call('PATCH', `${V}/${outer.body.id}/`, {
    query: hogql('select id from inner_view'),
    edited_history_id: token,
  })
  expect(turned.status).toBe(200)
  await materialized(first, inner.body.id)
  const paths = [
    'warehouse_tables/',
    `${V}/`,
    `${V}/${inner.body.id}/`,
    `${V}/${inner.body.id}/run_history/`,
    `${V}/${inner.body.id}/activity/`,
  ]
  const bodies = async (client: Client) => Promise.all(paths.map(async (path) => (await client.call('GET', path)).body))
  const before = await bodies(first)
  await first.local.close()

  const second = await startClient({ directory })
  expect(second.local.key).toBe(first.local.key)
  expect(await bodies(second)).toEqual(before)
  expect(await second.rows('select name from people order by id')).toEqual([['Ada'], ['Ben']])
  expect(await second.rows('select id from outer_view')).toEqual([[2]])
  expect(second.lines).toEqual([])
  await second.local.close()
})

test('a run that a death cut short has failed afterwards, and says so', async () => {
  const first = await startClient({ directory })
  const slow =
    'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid'
  const view = await first.call('POST', `${V}/`, { name: 'cut_short', query: hogql(slow) })
  await first.call('POST', `${V}/${view.body.id}/run/`)
  const [engine] = await childrenOf(first.local.pid)
  process.kill(first.local.pid, 'SIGKILL')
  expect(await allGone([first.local.pid, engine ?? 0])).toBe(true)

  const second = await startClient({ directory })
  expect((await second.call('GET', `${V}/${view.body.id}/`)).body).toMatchObject({
    status: 'Failed',
    latest_error: 'The local warehouse was stopped while this run was under way.',
  })
  await second.local.close()
})

test('the directory is private and holds keys only where they must be', async () => {
  const bucketKeys = { access_key: 'key-marker', access_secret: 'secret-marker' }
  await writeFile(join(directory, 'x.csv'), 'a\n1\n')
  const state = join(directory, 'state')
  const client = await startClient({
    directory: state,
    allowDirs: [directory],
    keys: [{ label: 'other', scopes: ['*'] }],
  })
  await client.call('POST', 'warehouse_tables/', {
    name: 'x',
    format: 'CSVWithNames',
    url_pattern: `file://${directory}/x.csv`,
    credential: bucketKeys,
  })
  await client.local.close()
  expect((await stat(state)).mode & 0o777).toBe(0o700)
  expect((await stat(join(state, 'state.json'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(state, 'key'))).mode & 0o777).toBe(0o600)
  const text = await readFile(join(state, 'state.json'), 'utf8')
  expect(text).toContain('secret-marker')
  expect(text).not.toContain(client.local.key)
  expect(text).not.toContain(client.local.keys.other)
  expect(await readdir(state)).not.toContain('lock')
})

/** The permissions of others on everything below a folder. */
const openBelow = async (folder: string): Promise<readonly string[]> => {
  const found: string[] = []
  const names = await readdir(folder, { recursive: true })
  for (const name of names) if (((await stat(join(folder, name))).mode & 0o077) !== 0) found.push(name)
  expect(names).toContain('state.json')
  return found
}

test('what is in a directory is private, whatever the directory is', async () => {
  const state = join(directory, 'state')
  const old = ['engine', 'uploads', 'exports'].map((name) => join(state, name))
  for (const path of [state, ...old]) {
    await mkdir(path)
    await chmod(path, 0o755)
  }
  const client = await startClient({ directory: state })
  await client.upload('people', 'people.csv', 'id\n1\n')
  const made = await client.call('POST', `${V}/`, { name: 'kept', query: hogql('select id from people') })
  await materialized(client, made.body.id)
  await client.call('POST', 'exports/', { export_format: 'text/csv', export_context: { source: hogql('select 1') } })
  await client.local.close()
  expect(await openBelow(state)).toEqual([])
  expect((await stat(state)).mode & 0o777).toBe(0o755)
  expect(client.lines).toEqual([])
})

test('a directory that others can write to is told of', async () => {
  const state = join(directory, 'state')
  await mkdir(state)
  await chmod(state, 0o777)
  const client = await startClient({ directory: state })
  await client.local.close()
  expect(client.lines).toEqual(['the folder of the local warehouse can be written to by other users'])
})

test('a table of a folder that is no longer allowed is listed and cannot be read', async () => {
  await writeFile(join(directory, 'x.csv'), 'a\n1\n')
  const state = join(directory, 'state')
  const first = await startClient({ directory: state, allowDirs: [directory] })
  const body = {
    name: 'x',
    format: 'CSVWithNames',
    url_pattern: `file://${directory}/x.csv`,
    credential: { access_key: 'a', access_secret: 'b' },
  }
  expect((await first.call('POST', 'warehouse_tables/', body)).status).toBe(201)
  await first.local.close()
  const second = await startClient({ directory: state })
  expect((await second.call('GET', 'warehouse_tables/')).body).toMatchObject({ count: 1, results: [{ name: 'x' }] })
  expect(await second.rows('select a from x')).toMatchObject({ type: 'validation_error' })
  expect(await second.call('POST', 'warehouse_tables/', { ...body, name: 'y' })).toMatchObject({
    status: 400,
    body: { attr: 'url_pattern', detail: 'URL pattern must use https.' },
  })
  await second.local.close()
})

test('close ends both processes and removes a temporary directory', async () => {
  const local = await startLocal()
  const pids = [local.pid, ...(await childrenOf(local.pid))]
  expect(pids).toHaveLength(2)
  await Promise.all([local.close(), local.close()])
  expect(await allGone(pids)).toBe(true)
  await expect(fetch(local.origin)).rejects.toThrow()
  await local.close()
})

test('the death of the starter ends both processes and removes the temporary directory', async () => {
  const module = fileURLToPath(new URL('../../dist/src/local/start.js', import.meta.url))
  const script = `import(${JSON.stringify(module)}).then(async (m) => { const l = await m.startLocal(); console.log(l.pid) })`
  const starter = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: directory },
  })
  const [line] = await once(createInterface({ input: starter.stdout }), 'line')
  const api = Number(line)
  const pids = [api, ...(await childrenOf(api))]
  expect(await readdir(directory)).toEqual([expect.stringMatching(/^posthog-local-/)])
  starter.kill('SIGKILL')
  expect(await allGone(pids)).toBe(true)
  expect(await readdir(directory)).toEqual([])
})

test('Ctrl-C on the whole process group ends a foreground warehouse in order', async () => {
  const module = fileURLToPath(new URL('../../dist/src/local/start.js', import.meta.url))
  const script = `import(${JSON.stringify(module)}).then((m) => m.runLocal({}, console.log))`
  const foreground = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: directory },
    detached: true,
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: foreground.stdout })) {
    lines.push(line)
    // The third line is the last; a group of its own is what a terminal gives a command.
    if (lines.length === 3 && foreground.pid !== undefined) process.kill(-foreground.pid, 'SIGINT')
  }
  if (foreground.exitCode === null) await once(foreground, 'exit')
  expect(foreground.exitCode).toBe(0)
  expect(lines).toEqual([
    expect.stringMatching(/^Local warehouse: http:\/\/127\.0\.0\.1:\d+$/),
    expect.stringMatching(/^Personal API key: phx_\w{40,}$/),
    'Project id: 1',
  ])
  expect(await readdir(directory)).toEqual([])
})

test('without chdb one sentence says what to install', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  await cp(join(root, 'dist/src/local'), join(directory, 'local'), { recursive: true })
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  await mkdir(join(directory, 'node_modules'))
  for (const name of ['hono', '@hono', 'zod']) {
    await symlink(join(root, 'node_modules', name), join(directory, 'node_modules', name))
  }
  const script = `import(${JSON.stringify(join(directory, 'local/start.js'))}).then((m) => m.startLocal()).catch((e) => console.log(e.message))`
  const { stdout } = await run(process.execPath, ['-e', script])
  expect(stdout.trim()).toBe(
    'The local warehouse needs its engine: run `npm install chdb` (546 MB on disk) and start again.',
  )
})

test('a caller who hangs up ends its query, and the next one is served', async () => {
  const client = await startClient()
  const slow =
    'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid'
  const asked = request(`${client.local.origin}/api/projects/1/query/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${client.local.key}`, 'content-type': 'application/json' },
  })
  const gone = once(asked, 'error')
  asked.end(JSON.stringify({ query: hogql(slow) }))
  await once(asked, 'finish')
  // Later requests are read later: once the API has answered these, it has the query in hand.
  for (let turn = 0; turn < 5; turn += 1) await fetch(`${client.local.origin}/_health`)
  asked.destroy()
  await gone
  expect(await client.rows('select 1 as one')).toEqual([[1]])
  await client.local.close()
})

test('a folder or a port that is taken is one sentence', async () => {
  const local = await startLocal({ directory })
  await expect(startLocal({ directory })).rejects.toThrow(
    `The folder is in use by another local warehouse (process ${local.pid}).`,
  )
  const port = Number(new URL(local.origin).port)
  await expect(startLocal({ port })).rejects.toThrow(`Port ${port} is in use.`)
  await local.close()
})

test('the processes get no key to the real PostHog, no secret and no cloud credentials', () => {
  const env = {
    PATH: '/bin',
    POSTHOG_PERSONAL_API_KEY: 'phx_x',
    posthog_api_key: 'phx_y',
    AWS_SECRET_ACCESS_KEY: 'z',
    MCP_SECRET_DB: 's',
    MCP_AUTH_TOKEN: 't',
  }
  expect(toChildEnvironment(env)).toEqual({ PATH: '/bin' })
})

test('keys can be made with fewer rights for one run', async () => {
  const client = await startClient({
    keys: [
      { label: 'reader', scopes: ['warehouse_view:read'], projects: [1] },
      { label: 'outsider', scopes: ['*'], owner: 'outsider' },
    ],
  })
  const { reader, outsider } = client.local.keys
  expect((await client.call('GET', `${V}/`, undefined, reader)).status).toBe(200)
  expect((await client.call('GET', 'warehouse_tables/', undefined, reader)).status).toBe(403)
  expect((await client.call('GET', `${V}/`, undefined, outsider)).body).toMatchObject({
    detail: "You don't have access to the project.",
  })
  expect((await client.call('GET', '/api/personal_api_keys/@current/')).body).toMatchObject({
    scopes: ['*'],
    scoped_teams: [1],
    last_used_at: expect.any(String),
  })
  expect(new URL(client.local.origin).hostname).toBe('127.0.0.1')
  await client.local.close()
})
