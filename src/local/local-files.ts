import { realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Why a `file:` URL cannot be a table. */
export type Refusal = 'off' | 'outside' | 'missing'

/** The folders whose files may be tables. Not an upstream notion: without folders no `file:` URL is accepted. */
export class LocalFiles {
  readonly httpBuckets: boolean
  readonly #folders: readonly string[]

  private constructor(folders: readonly string[], httpBuckets: boolean) {
    this.#folders = folders
    this.httpBuckets = httpBuckets
  }

  /** Resolves the folders once, so that a link swapped later opens nothing. Throws when one does not exist. */
  static async open(folders: readonly string[], httpBuckets: boolean): Promise<LocalFiles> {
    return new LocalFiles(await Promise.all(folders.map((folder) => realpath(folder))), httpBuckets)
  }

  /** The real path behind a `file:` URL, or why there is none. Symlinks are followed before the check. */
  async resolve(url: URL): Promise<{ readonly path: string } | { readonly refusal: Refusal }> {
    if (this.#folders.length === 0) return { refusal: 'off' }
    let path: string
    try {
      path = await realpath(fileURLToPath(url))
    } catch {
      return { refusal: 'missing' }
    }
    if (!this.#folders.some((folder) => path.startsWith(folder.endsWith(sep) ? folder : folder + sep))) {
      return { refusal: 'outside' }
    }
    return (await stat(path)).isFile() ? { path } : { refusal: 'missing' }
  }
}
