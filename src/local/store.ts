import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyState, type State } from './state.ts'

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Two processes on one directory would overwrite each other's state and corrupt the engine's files. */
const lock = async (path: string): Promise<void> => {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(String(process.pid))
    await file.close()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const holder = Number(await readFile(path, 'utf8'))
    if (Number.isInteger(holder) && holder > 0 && isAlive(holder)) {
      throw new Error(`The folder is in use by another local warehouse (process ${holder}).`)
    }
    await rm(path, { force: true })
    await lock(path)
  }
}

const read = async (path: string): Promise<State> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return emptyState()
    throw error
  }
  // The file is this program's own; the version says whether it can be trusted to have this shape.
  const state = JSON.parse(text) as State
  if (state.version !== 1) throw new Error('The folder was written by another version of the local warehouse.')
  // A file of an older release lacks the kinds that came since.
  return { ...emptyState(), ...state }
}

/** The state in memory, and its one file on disk, replaced atomically. */
export class Store {
  readonly directory: string
  readonly state: State
  #written = ''
  #last: Promise<void> = Promise.resolve()
  #queued: Promise<void> | undefined

  private constructor(directory: string, state: State) {
    this.directory = directory
    this.state = state
  }

  /** Takes the directory for this process, making it when needed. Throws when another live process has it. */
  static async open(directory: string): Promise<Store> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await lock(join(directory, 'lock'))
    return new Store(directory, await read(join(directory, 'state.json')))
  }

  /** Resolves when everything changed so far is on disk. Calls that come while a write runs share the next one. */
  save(): Promise<void> {
    if (this.#queued === undefined) {
      const turn = this.#last
        .catch(() => undefined)
        .then(() => {
          this.#queued = undefined
          return this.#write()
        })
      this.#queued = turn
      this.#last = turn
    }
    return this.#queued
  }

  /** Writes what is left and gives the directory back. */
  async close(): Promise<void> {
    await this.save()
    await rm(join(this.directory, 'lock'), { force: true })
  }

  async #write(): Promise<void> {
    const text = JSON.stringify(this.state)
    if (text === this.#written) return
    const path = join(this.directory, 'state.json')
    await writeFile(`${path}.new`, text, { mode: 0o600 })
    await rename(`${path}.new`, path)
    this.#written = text
  }
}
