import { link, readFile, rm } from 'node:fs/promises'
import { writeDurably } from './durable-files.ts'

interface Holder {
  readonly pid: number
  /** When the process started, in the system's own words; empty where they are not known. */
  readonly started: string
}

/** Linux tells when a process started; elsewhere the number alone has to do. */
const startOf = async (pid: number): Promise<string> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name in parentheses may hold anything; the start is the 20th word behind it.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user cannot be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A number is given out again after a restart of the machine or of a container, so it alone proves nothing. */
const holds = async ({ pid, started }: Holder): Promise<boolean> => {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return false
  return started === '' || started === (await startOf(pid))
}

const read = async (path: string): Promise<Holder> => {
  const [pid, started = ''] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ')
  return { pid: Number(pid), started }
}

/**
 * Takes a folder for this process: two on one folder would overwrite each other's state and corrupt the engine's files.
 * What a killed process left counts for nothing. Throws while its holder lives.
 */
export const lockFolder = async (path: string): Promise<void> => {
  const own = `${path}.${process.pid}`
  await writeDurably(own, `${process.pid} ${await startOf(process.pid)}`)
  try {
    // A link appears with its content, so that nobody ever reads an empty lock.
    await link(own, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const holder = await read(path)
    if (await holds(holder)) {
      throw new Error(`The folder is in use by another local warehouse (process ${holder.pid}).`)
    }
    await rm(path, { force: true })
    await lockFolder(path)
  } finally {
    await rm(own, { force: true })
  }
}
