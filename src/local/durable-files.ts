import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes a file for this user only; when it resolves the bytes are on the disk itself, not only in its cache. */
export const writeDurably = async (path: string, content: string | Uint8Array): Promise<void> => {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A new name is on disk when its folder is. Some systems cannot sync a folder; there it is as good as it gets. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}

/** Replaces a file as a whole: whoever looks, and after whatever end, sees the old content or the new one. */
export const replaceFile = async (path: string, content: string | Uint8Array): Promise<void> => {
  await writeDurably(`${path}.new`, content)
  await rename(`${path}.new`, path)
  await syncFolder(dirname(path))
}
