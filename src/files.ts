import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { ToolError } from './tool-error.ts'

/** PostHog's limit for one upload (fact sheet: tables 2.3 "file"). */
export const LARGEST_UPLOAD = 52_428_800

/** The files of this machine an operator lets the server touch. */
export interface AllowedFiles {
  /** Opens a file for reading. @throws ToolError for one outside the allowed folders, absent or too large */
  read(path: string): Promise<{ readonly size: number; readonly open: () => AsyncIterable<Uint8Array> }>
  /** Writes a new file, never over an existing one; answers its full path. @throws ToolError */
  write(path: string, bytes: Uint8Array): Promise<string>
}

const NO_FOLDER =
  'The operator of this server has to start it with --allow-dir FOLDER; an upload can also give its text as content'

/** @param folders as given by `--allow-dir`; a relative path in a call is below the first */
export const allowFiles = (folders: readonly string[]): AllowedFiles => ({
  async read(path) {
    const real = await insideOf(folders, path, (full) => realpath(full))
    const { size, isFile } = await stat(real).then((found) => ({ size: found.size, isFile: found.isFile() }))
    if (!isFile) throw refuse(`${path} is not a file`, 'Name a regular file')
    if (size > LARGEST_UPLOAD)
      throw refuse(
        `${path} has ${size} bytes; PostHog takes at most ${LARGEST_UPLOAD}`,
        'Split the file, or link it from a bucket',
      )
    return { size, open: () => stream(real) }
  },
  async write(path, bytes) {
    const full = await insideOf(folders, path, async (wanted) =>
      join(await realpath(dirname(wanted)), basename(wanted)),
    )
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
    const file = await open(full, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch(
      (cause: NodeJS.ErrnoException) => {
        throw refuse(
          cause.code === 'EEXIST' ? `${path} exists already` : `${path} cannot be written (${cause.code ?? 'error'})`,
          'Choose another file name in save_to',
        )
      },
    )
    await file.writeFile(bytes).finally(() => file.close())
    return full
  },
})

/** The real path of what was asked, once every link on the way is resolved and it still lies in an allowed folder. */
const insideOf = async (
  folders: readonly string[],
  path: string,
  find: (full: string) => Promise<string>,
): Promise<string> => {
  const [first] = folders
  if (first === undefined) throw refuse('No folder of this machine is open to this server', NO_FOLDER)
  const real = await find(isAbsolute(path) ? path : resolve(first, path)).catch(() => undefined)
  for (const folder of folders) {
    const root = await realpath(folder).catch(() => undefined)
    if (real !== undefined && root !== undefined && isBelow(root, real)) return real
  }
  // The same words for absent and outside: a caller must not learn what else is on the machine.
  throw refuse(`${path} is not a file in a folder this server may use`, `Use a path below: ${folders.join(', ')}`)
}

const isBelow = (root: string, path: string): boolean => {
  const way = relative(root, path)
  return way !== '' && way !== '..' && !way.startsWith('../') && !way.startsWith('..\\') && !isAbsolute(way)
}

/** Streams from disk; the link was resolved, so a link that took its place since is refused. */
async function* stream(path: string): AsyncIterable<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  yield* file.createReadStream()
}

const refuse = (what: string, next: string): ToolError => new ToolError(what, { next })
