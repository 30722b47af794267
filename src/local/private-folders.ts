import { chmod, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDERS = ['engine', 'uploads', 'exports']

/**
 * Makes the folders that hold data, and keeps everybody else out of them, also out of those that were there. The state
 * directory itself stays as its owner wants it.
 */
export const closeFolders = async (directory: string): Promise<void> => {
  for (const name of FOLDERS) {
    const path = join(directory, name)
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, 0o700)
  }
}

/** Whether others than its owner may change what is in a directory, which no mode of what is in it can prevent. */
export const isOpenToOthers = async (directory: string): Promise<boolean> =>
  ((await stat(directory)).mode & 0o022) !== 0
