import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AuditFile } from '../../src/audit/audit-file.ts'
import { runHttp } from '../fake/http.ts'
import { type Connection, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { ID } from '../fixtures/replies.ts'
import { linesIn, startOf, useFolder, verify } from './support.ts'

const posthog = () => useRecorder(() => ({ json: { id: ID, name: 'orders' } }))
const serve = (origin: string, path: string) => useMcp({ origin, flags: ['--audit', path] })
const write = async (mcp: Connection, times = 1): Promise<void> => {
  for (let time = 0; time < times; time += 1)
    expect((await mcp.call('warehouse_tables_update', { id: ID, name: 'orders' })).isError).not.toBe(true)
}

describe('the chain goes on', () => {
  test('after a restart', async () => {
    const { origin } = await posthog()
    const path = join(useFolder(), 'audit.jsonl')
    for (let time = 0; time < 2; time += 1) {
      const mcp = await serve(origin, path)
      await write(mcp)
      await mcp.close()
    }
    expect(linesIn(path).map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(verify(path).code).toBe(0)
  })

  test('in a new file, when the old one was moved away: while it runs, by a signal, and while nothing runs', async () => {
    const { origin } = await posthog()
    const path = join(useFolder(), 'audit.jsonl')
    const first = await serve(origin, path)
    await write(first)
    renameSync(path, `${path}.3`)
    await write(first)
    renameSync(path, `${path}.2`)
    // As logrotate says it; without care it would end the process.
    process.kill(first.pid ?? 0, 'SIGHUP')
    await write(first)
    await first.close()
    renameSync(path, `${path}.1`)
    const second = await serve(origin, path)
    await write(second)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(linesIn(path)[0]?.prev).toBe(linesIn(`${path}.1`)[1]?.hash)
    const files = [`${path}.3`, `${path}.2`, `${path}.1`, path]
    expect(verify(...files)).toMatchObject({ code: 0, text: expect.stringMatching(/^8 lines, whole; .* number 8\n/) })
    // Another order, or one less, is found.
    expect(verify(files[0] ?? '', files[2] ?? '', path)).toMatchObject({
      code: 1,
      text: `broken: ${path}.1, line 1: number 5 comes after 2: 2 removed, or out of order\n`,
    })
    const { hash } = linesIn(`${path}.2`)[1] ?? {}
    expect(verify('--after', String(hash), `${path}.1`, path).code).toBe(0)
    expect(verify(`${path}.1`, path).code).toBe(1)
  })

  test('in a file that was emptied in its place', async () => {
    const { origin } = await posthog()
    const path = join(useFolder(), 'audit.jsonl')
    const mcp = await serve(origin, path)
    await write(mcp)
    const copy = `${path}.1`
    writeFileSync(copy, readFileSync(path))
    truncateSync(path)
    await write(mcp)
    expect(verify(copy, path)).toMatchObject({ code: 0, text: expect.stringMatching(/^4 lines, whole/) })
  })

  test('between processes that write to one file, which is moved away meanwhile', async () => {
    const { origin } = await posthog()
    const path = join(useFolder(), 'audit.jsonl')
    const all = await Promise.all([1, 2, 3].map(() => serve(origin, path)))
    await Promise.all(all.map((mcp) => write(mcp, 8)))
    renameSync(path, `${path}.1`)
    await Promise.all(all.map((mcp) => write(mcp, 8)))
    expect(linesIn(path)).toHaveLength(48)
    expect(verify(`${path}.1`, path)).toMatchObject({ code: 0, text: expect.stringMatching(/^96 lines, whole/) })
  })

  test('after half a line, which a machine that lost its power may leave; the next line says so', async () => {
    const path = join(useFolder(), 'audit.jsonl')
    const first = await AuditFile.open(path)
    await first.append({ event: 'one' })
    appendFileSync(path, '{"seq":2,"prev":"12')
    const second = await AuditFile.open(path)
    await second.append({ event: 'two' })
    expect(linesIn(path)).toMatchObject([{ event: 'one' }, { event: 'two', torn: 19 }])
    expect(verify(path).code).toBe(0)
  })
})

describe('what is not the end of a chain is not written behind', () => {
  test.each([
    ['a text without an end', 'a shopping list'],
    ['a text', 'eggs\nmilk\n'],
    ['a line that was edited', undefined],
  ])('%s', async (_what, text) => {
    const path = join(useFolder(), 'audit.jsonl')
    if (text === undefined) {
      const file = await AuditFile.open(path)
      await file.append({ event: 'one' })
      writeFileSync(path, readFileSync(path, 'utf8').replace('one', 'two'))
    } else writeFileSync(path, text)
    const before = readFileSync(path)
    const { code, stderr } = await runHttp({ flags: ['--audit', path] })
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      `posthog-warehouse-mcp: --audit: ${path} does not end in an audit line that fits its hash; move it away and look at it`,
    ])
    expect(readFileSync(path)).toEqual(before)
  })

  test('nor when it happens meanwhile', async () => {
    const path = join(useFolder(), 'audit.jsonl')
    const file = await AuditFile.open(path)
    await file.append({ event: 'one' })
    appendFileSync(path, 'x\n')
    await expect(file.append({ event: 'two' })).rejects.toThrow('does not end in an audit line')
  })
})

describe('what cannot be a log is refused at the start', () => {
  const folder = () => {
    const made = useFolder()
    mkdirSync(join(made, 'open', 'sub'), { recursive: true })
    spawnSync('mkfifo', [join(made, 'pipe')])
    return made
  }
  test.each([
    ['a folder', 'open', /open is not a file/],
    ['a pipe', 'pipe', /pipe is not a file/],
    ['a file in a folder that is not there', 'none/audit.jsonl', /ENOENT/],
    ['a file that tools can get at', 'open/sub/audit.jsonl', /which --allow-dir opens to tools/],
    ['nothing', '', /It is a file such as/],
  ])('%s', async (_what, name, reason) => {
    const made = folder()
    const path = name === '' ? '' : join(made, name)
    const { code, stderr } = await runHttp({ flags: ['--audit', path, '--allow-dir', join(made, 'open')] })
    expect([code, stderr]).toEqual([2, expect.stringMatching(reason)])
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/)
  })
})

describe('the lock', () => {
  const open = async () => {
    const path = join(useFolder(), 'audit.jsonl')
    return { lock: `${path}.lock`, file: await AuditFile.open(path) }
  }

  test('is gone after each line', async () => {
    const { lock, file } = await open()
    await file.append({ event: 'attempt' })
    expect(lstatSync(lock, { throwIfNoEntry: false })).toBeUndefined()
  })

  test('of a process that has ended counts for nothing, nor does that of another one with its number', async () => {
    const { lock, file } = await open()
    const { pid } = spawnSync('true')
    for (const holder of [`${pid} 1 ${hostname()}`, `${process.ppid} 1 ${hostname()}`]) {
      symlinkSync(holder, lock)
      expect(await file.append({ event: 'attempt' })).toBeGreaterThan(0)
    }
  })

  test('of another machine counts for a minute', async () => {
    const { lock, file } = await open()
    symlinkSync('1 1 elsewhere', lock)
    lutimesSync(lock, Date.now() / 1000 - 61, Date.now() / 1000 - 61)
    expect(await file.append({ event: 'attempt' })).toBe(1)
  })

  test('of a process that lives is waited for', async () => {
    const { lock, file } = await open()
    symlinkSync(`${process.ppid} ${startOf(process.ppid)} ${hostname()}`, lock)
    let written = false
    const line = file.append({ event: 'attempt' }).then(() => {
      written = true
    })
    // It looks at the lock again and again; so many turns of the loop are many looks.
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBe(false)
    rmSync(lock)
    await line
    expect(written).toBe(true)
  })

  test('that is not given back is told of', async () => {
    const { lock, file } = await open()
    const holder = `${process.ppid} ${startOf(process.ppid)} ${hostname()}`
    symlinkSync(holder, lock)
    await expect(file.append({ event: 'attempt' })).rejects.toThrow(
      `${lock} is held by ${holder}; remove it (and ${lock}.clearing) if that has ended`,
    )
  })
})
