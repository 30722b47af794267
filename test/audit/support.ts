import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { BINARY } from '../fake/mcp.ts'

/** A line of an audit log. */
export type AuditLine = Readonly<Record<string, unknown>>

/** A folder that goes with the test. */
export const useFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'audit-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The lines of a file, each of which has to be whole. */
export const linesIn = (path: string): readonly AuditLine[] => {
  const text = readFileSync(path, 'utf8')
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

/** Runs `audit verify` of the built program. */
export const verify = (...args: readonly string[]): { readonly code: number | null; readonly text: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BINARY, 'audit', 'verify', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  return { code: status, text: stdout + stderr }
}

/** When a process started, as Linux has it. */
export const startOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

/** This process's name in a lock. */
const HOLDER = `${process.pid} ${startOf(process.pid)} ${hostname()}`

/** Takes the lock of a log, as another process that writes does; gives it back with what it returns. */
export const holdLock = (path: string): (() => void) => {
  symlinkSync(HOLDER, `${path}.lock`)
  return () => rmSync(`${path}.lock`)
}
