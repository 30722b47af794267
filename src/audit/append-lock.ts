import { lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { AuditError, codeOf } from './audit-error.ts'

/** One line takes milliseconds; whoever waits this long stands behind something that is broken. */
const WAIT_MS = 5_000
const POLL_MS = 5
/** Nobody can ask whether a process of another machine or container lives, only how long ago it came. */
const FOREIGN_LEFT_MS = 60_000

/** Linux tells when a process started, and so which of two with one number it is; elsewhere the number has to do. */
const startOf = (pid: number): string => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; the start is the 20th word behind it.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user cannot be signalled, but it is there.
    return codeOf(error) === 'EPERM'
  }
}

const toOwn = (): string => `${process.pid} ${startOf(process.pid)} ${hostname()}`

/** Whether whoever took the lock ended without giving it back. */
const isLeft = (holder: string, own: string, lock: string): boolean => {
  // Lines of one process wait for each other before they come here.
  if (holder === own) return true
  const [pid, start, host] = holder.split(' ')
  if (host !== hostname())
    return Date.now() - (lstatSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) > FOREIGN_LEFT_MS
  return !isAlive(Number(pid)) || (start !== '' && start !== startOf(Number(pid)))
}

const readHolder = (lock: string): string | undefined => {
  try {
    return readlinkSync(lock)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A link appears with its content, so that nobody ever reads an empty lock. */
const take = (lock: string, own: string): boolean => {
  try {
    symlinkSync(own, lock)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Removes what a process that ended left behind; one at a time, or the second would remove what a third has taken since. */
const clear = (lock: string, own: string, holder: string): void => {
  const clearing = `${lock}.clearing`
  if (!take(clearing, own)) return
  try {
    if (readHolder(lock) === holder) rmSync(lock, { force: true })
  } finally {
    rmSync(clearing, { force: true })
  }
}

/**
 * Does its work while no other process of this machine does work under the same lock.
 * @throws AuditError when another one keeps it
 */
export const underLock = async <T>(lock: string, work: () => T): Promise<T> => {
  const own = toOwn()
  const until = performance.now() + WAIT_MS
  while (!take(lock, own)) {
    const holder = readHolder(lock)
    if (holder !== undefined && isLeft(holder, own, lock)) clear(lock, own, holder)
    if (performance.now() > until)
      throw new AuditError(`${lock} is held by ${holder}; remove it (and ${lock}.clearing) if that has ended`)
    if (holder !== undefined) await setTimeout(POLL_MS)
  }
  try {
    return work()
  } finally {
    rmSync(lock, { force: true })
  }
}
