import { createHash } from 'node:crypto'
import type { Json } from '../operation.ts'

/** Where a chain stands: the number and the hash of its last line. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

/** What stands before the first line of all. */
export const START: Head = { seq: 0, hash: '0'.repeat(64) }

/** A line that was read. */
export interface ReadLine extends Head {
  /** The hash of the line before. */
  readonly prev: string
  /** Whether the content is what the hash was made of. */
  readonly fits: boolean
  readonly fields: Json
}

const FORM = /^(\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})",.*),"hash":"([0-9a-f]{64})"\}$/s

/** How every line begins: what does not is no line of ours, not even half of one. */
export const BEGINNING = '{"seq":'

const sha256 = (text: string, encoding: 'utf8' | 'latin1'): string =>
  createHash('sha256').update(text, encoding).digest('hex')

/** The next line of a chain. Its hash is of its own bytes up to the hash, with the brace that closes them. */
export const seal = (
  { seq: before, hash: prev }: Head,
  fields: Json,
): { readonly line: string; readonly head: Head } => {
  const seq = before + 1
  const body = JSON.stringify({ seq, prev, ...fields })
  const hash = sha256(body, 'utf8')
  return { line: `${body.slice(0, -1)},"hash":"${hash}"}\n`, head: { seq, hash } }
}

/** Reads one line, without its end; undefined when it has not the form of one. */
export const readLine = (bytes: Buffer): ReadLine | undefined => {
  // Byte by byte: decoding would read some broken bytes as the ones they replaced.
  const [, body, seq, prev = '', hash = ''] = FORM.exec(bytes.toString('latin1')) ?? []
  if (body === undefined) return undefined
  const fields = parse(bytes.toString('utf8'))
  return fields && { seq: Number(seq), prev, hash, fields, fits: sha256(`${body}}`, 'latin1') === hash }
}

const parse = (text: string): Json | undefined => {
  try {
    // The form has made sure that it is an object.
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
