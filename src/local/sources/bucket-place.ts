import type { FileSource, StoredFile } from '../engine/engine.ts'
import { ApiError } from '../errors.ts'
import { isObject } from '../fields.ts'
import { checkUrl } from '../url-rules.ts'
import type { World } from '../world.ts'
import { toBucketError } from './bucket-errors.ts'
import { FILE_KINDS, type FileKind, isPattern } from './bucket-files.ts'
import { SourceError } from './connector.ts'
import type { Inputs } from './source-state.ts'

/** Where a source's files are and what they are. */
export interface Place {
  /** The address, with a slash at its end. */
  readonly base: URL
  readonly kind: FileKind
  readonly keys: { readonly accessKey: string; readonly secretKey: string }
}

/** The text for a bucket that cannot be listed. */
const UNREACHABLE = 'Could not connect to the bucket. Please check all connection details are valid.'

// Paths and sizes of this many files are some ten megabytes.
const MOST_FILES = 100_000

const pathOf = (url: URL): string | undefined => {
  try {
    return decodeURIComponent(url.pathname)
  } catch {
    return undefined
  }
}

const readAddress = async (world: World, text: string): Promise<URL> => {
  try {
    await checkUrl(text, world.files)
  } catch (error) {
    if (!(error instanceof ApiError && isObject(error.body))) throw error
    throw new SourceError('other', String(error.body.detail))
  }
  const url = new URL(text)
  // The rules let files of allowed folders pass, but a folder is no bucket.
  if (!/^https?:$/.test(url.protocol)) throw new SourceError('other', 'URL pattern must use https.')
  const path = pathOf(url)
  const isPlain = path !== undefined && !isPattern(path) && url.username + url.search + url.hash === ''
  if (!isPlain) {
    throw new SourceError('other', 'Enter the plain URL of a bucket or folder, without wildcards, query or keys in it.')
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

const kindOf = (format: unknown): FileKind => {
  const chosen = String(isObject(format) ? format.selection : format).toLowerCase()
  const [first] = FILE_KINDS
  const found = FILE_KINDS.find((kind) => kind.format.toLowerCase() === chosen) ?? first
  if (found === undefined) throw new Error('there is no file format')
  return found
}

/** Reads and checks the settings of a source, by the rules of linked tables. Throws SourceError. */
export const toPlace = async (world: World, inputs: Inputs): Promise<Place> => ({
  base: await readAddress(world, String(inputs.bucket_url)),
  kind: kindOf(inputs.format),
  keys: { accessKey: String(inputs.access_key), secretKey: String(inputs.secret_key) },
})

/** The files of an address at a place, as the engine reads them. */
export const sourceAt = ({ kind, keys }: Place, url: string): FileSource => ({
  format: kind.format,
  at: { kind: 'url', url, ...keys },
})

/** The files of an address at a place, by path. Throws SourceError, and EngineError when the engine cannot ask. */
export const listFiles = async (
  world: World,
  place: Place,
  url: string,
  signal: AbortSignal,
): Promise<readonly StoredFile[]> => {
  const files = await world.engine
    .list(sourceAt(place, url).at, MOST_FILES + 1, signal)
    .catch((error: unknown): never => {
      throw toBucketError(error, UNREACHABLE)
    })
  if (files.length <= MOST_FILES) return files
  throw new SourceError(
    'other',
    `There are more than ${MOST_FILES} files below this URL. Choose a folder further down.`,
  )
}
