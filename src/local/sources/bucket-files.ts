import type { FileFormat, StoredFile } from '../engine/engine.ts'

/** A file format of buckets: how its files are named, and how much of such a name is no name of a table. */
export interface FileKind {
  readonly format: FileFormat
  readonly label: string
  /** The end of a name as the engine's pattern; whatever follows says how the file is compressed. */
  readonly ending: string
  readonly tail: RegExp
  /** The endings in words. */
  readonly told: string
}

const csv = { ending: '.csv*', tail: /\.csv.*$/, told: '.csv' }

/** The formats in the order of the form; the first one is the default. */
export const FILE_KINDS: readonly FileKind[] = [
  { format: 'CSVWithNames', label: 'CSV with a header', ...csv },
  { format: 'CSV', label: 'CSV without a header', ...csv },
  { format: 'Parquet', label: 'Parquet', ending: '.parquet*', tail: /\.parquet.*$/, told: '.parquet' },
  {
    format: 'JSONEachRow',
    label: 'JSON, one object per line',
    ending: '.*json*',
    tail: /\.[^.]*json.*$/,
    told: '.json, .jsonl or .ndjson',
  },
]

/** A folder or file directly below the address of a source, with the files that count. */
export interface BucketTable {
  readonly name: string
  /** Its own name; a folder's ends in a slash. */
  readonly entry: string
  readonly files: readonly StoredFile[]
}

/** The name of a folder or file without slash and ending. */
export const stemOf = (entry: string, kind: FileKind): string => entry.replace(/\/$/, '').replace(kind.tail, '')

/** What follows the address in the engine's name of a file, which begins with the bucket wherever the address has it. */
const keyBelow = (base: URL, path: string): string => {
  const folder = decodeURIComponent(base.pathname)
  const bucketInHost = /\.s3[.-]/i.test(base.hostname) || !`/${path}`.startsWith(folder)
  return path.slice(bucketInHost ? path.indexOf('/') + folder.length : folder.length - 1)
}

const entryOf = (key: string): string => /^[^/]*\/?/s.exec(key)?.[0] ?? key

/**
 * The tables that files make. A folder or file whose name is taken, which only its ending or its case told apart, keeps
 * its own name; folders come first.
 */
export const toBucketTables = (files: readonly StoredFile[], base: URL, kind: FileKind): readonly BucketTable[] => {
  const entries = new Map<string, StoredFile[]>()
  for (const file of files) {
    const entry = entryOf(keyBelow(base, file.path))
    const known = entries.get(entry)
    if (known === undefined) entries.set(entry, [file])
    else known.push(file)
  }
  const taken = new Set<string>()
  const isFile = (entry: string): number => (entry.endsWith('/') ? 0 : 1)
  const inOrder = [...entries].sort(([a], [b]) => isFile(a) - isFile(b))
  return inOrder.map(([entry, own]) => {
    const stem = stemOf(entry, kind)
    const name = stem === '' || taken.has(stem.toLowerCase()) ? entry : stem
    taken.add(name.toLowerCase())
    return { name, entry, files: own }
  })
}

const encoded = (key: string): string => key.split('/').map(encodeURIComponent).join('/')

/** The address of a table's files. */
export const urlOf = (base: URL, { entry }: BucketTable, kind: FileKind): string =>
  `${base.href}${encoded(entry)}${entry.endsWith('/') ? `**${kind.ending}` : ''}`

/** The address of all files that count and whose key goes on with `start`. */
export const urlBelow = (base: URL, start: string, kind: FileKind): string =>
  `${base.href}${encoded(start)}**${kind.ending}`

/** Whether the engine would take a name for a pattern, also when it is written in escapes. */
export const isPattern = (name: string): boolean => /[*?{}|]|::/.test(name)

/** Files that are read by one statement; the bounds are paths, as in `FileRows`. */
export interface FilePart {
  readonly after: string | null
  readonly upTo: string | null
  readonly bytes: number
}

// Enough to be quick, little enough that others get their turn. A small file costs a request like any other.
const PART_BYTES = 64_000_000
const FILE_COST = 250_000

/** Divides files, which are in the order of their paths. */
export const toParts = (files: readonly StoredFile[]): readonly FilePart[] => {
  const parts: FilePart[] = []
  let after: string | null = null
  let bytes = 0
  let cost = 0
  for (const [index, file] of files.entries()) {
    bytes += file.bytes
    cost += Math.max(FILE_COST, file.bytes)
    const isLast = index === files.length - 1
    if (cost < PART_BYTES && !isLast) continue
    parts.push({ after, upTo: isLast ? null : file.path, bytes })
    after = file.path
    bytes = 0
    cost = 0
  }
  return parts
}
