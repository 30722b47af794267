import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from './durable-files.ts'
import { lockFolder } from './folder-lock.ts'
import { forgetSecrets } from './forgotten-secrets.ts'
import { closeFolders } from './private-folders.ts'
import { emptyState, type State } from './state.ts'
import { boundState } from './state-bounds.ts'

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

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
  #discarded: string[] = []

  private constructor(directory: string, state: State) {
    this.directory = directory
    this.state = state
  }

  /**
   * Takes the directory for this process, making it when needed, and brings its file up to date. Throws when another
   * live process has it.
   */
  static async open(directory: string): Promise<Store> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await lockFolder(join(directory, 'lock'))
    await closeFolders(directory)
    const store = new Store(directory, await read(join(directory, 'state.json')))
    // What an earlier release left on the disk is not left there until something changes.
    await store.save()
    return store
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

  /** Removes a file of the directory as soon as a state that was changed before this call is on disk. */
  discard(path: string): void {
    this.#discarded.push(path)
    // Nobody waits for it here: the caller's own save tells of a failure.
    this.save().catch(() => undefined)
  }

  /** Writes what is left and gives the directory back. */
  async close(): Promise<void> {
    await this.save()
    await rm(join(this.directory, 'lock'), { force: true })
  }

  async #write(): Promise<void> {
    const discarded = this.#discarded.splice(0)
    boundState(this.state)
    forgetSecrets(this.state)
    const text = JSON.stringify(this.state)
    if (text !== this.#written) {
      await replaceFile(join(this.directory, 'state.json'), text)
      this.#written = text
    }
    for (const path of discarded) await rm(join(this.directory, path), { force: true })
  }
}
