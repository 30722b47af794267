import { createReadStream } from 'node:fs'
import { type Head, type ReadLine, readLine, START } from './chain.ts'

/** What is looked at, and the ends of it that somebody kept elsewhere. */
export interface VerifyOptions {
  /** Oldest first. */
  readonly files: readonly string[]
  /** The last hash of what came before and is not kept any more. */
  readonly after?: string | undefined
  /** A hash that was the last one once. */
  readonly last?: string | undefined
}

/** What a whole chain holds. */
export interface Whole {
  readonly lines: number
  readonly head: Head
  /** Lines after the one that `last` names. */
  readonly since: number
  /** Numbers of the attempts without an outcome. */
  readonly unfinished: readonly number[]
}

/** Where a chain is broken, and how. */
export class BrokenChain extends Error {}

/** Far more than any line of ours. */
const LONGEST_LINE = 1024 * 1024

interface Place {
  readonly file: string
  readonly line: number
}

const broken = ({ file, line }: Place, what: string): BrokenChain => new BrokenChain(`${file}, line ${line}: ${what}`)

/** @throws BrokenChain for the first thing that is wrong; an error of the system for a file that cannot be read */
export const verifyFiles = async ({ files, after, last }: VerifyOptions): Promise<Whole> => {
  let head: Head | undefined
  let lines = 0
  let since = last === undefined || last === (after ?? START.hash) ? 0 : undefined
  const open = new Set<number>()
  for (const file of files) {
    for await (const [place, read] of readChain(file)) {
      head = follow(place, read, head, after)
      lines += 1
      if (since !== undefined) since += 1
      if (head.hash === last) since = 0
      note(open, read)
    }
  }
  if (since === undefined)
    throw new BrokenChain(
      `${files.at(-1)}: the line that ends in ${last} is not there; the end was cut off or written anew`,
    )
  return { lines, head: head ?? { ...START, hash: after ?? START.hash }, since, unfinished: [...open] }
}

async function* readChain(file: string): AsyncIterable<readonly [Place, ReadLine]> {
  let line = 0
  for await (const { bytes, ended } of splitLines(file)) {
    line += 1
    const place = { file, line }
    if (!ended) throw broken(place, 'it has no end: cut off, or not written to its end')
    const read = readLine(bytes)
    if (read === undefined) throw broken(place, 'it is no audit line: edited, or inserted')
    if (!read.fits) throw broken(place, 'its content does not fit its hash: edited')
    yield [place, read]
  }
}

/** Lines as bytes; only the last may have no end. */
async function* splitLines(file: string): AsyncIterable<{ readonly bytes: Buffer; readonly ended: boolean }> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(file)) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      yield { bytes: rest.subarray(0, end), ended: true }
      rest = rest.subarray(end + 1)
    }
    // Not kept whole to the end of a file that has no lines.
    if (rest.length > LONGEST_LINE) yield { bytes: rest, ended: true }
  }
  if (rest.length > 0) yield { bytes: rest, ended: false }
}

/** Whether a line follows the one before. */
const follow = (place: Place, read: ReadLine, head: Head | undefined, after: string | undefined): Head => {
  if (head === undefined) return first(place, read, after)
  const { seq, prev } = read
  if (prev === head.hash && seq === head.seq + 1) return read
  if (seq > head.seq + 1)
    throw broken(place, `number ${seq} comes after ${head.seq}: ${seq - head.seq - 1} removed, or out of order`)
  if (seq <= head.seq) throw broken(place, `number ${seq} comes after ${head.seq}: inserted, repeated or out of order`)
  throw broken(place, 'it does not follow the line before: one of the two was replaced')
}

const first = (place: Place, read: ReadLine, after: string | undefined): Head => {
  if (read.prev === (after ?? START.hash) && (after !== undefined || read.seq === 1)) return read
  if (after !== undefined) throw broken(place, `it does not follow ${after}`)
  throw broken(
    place,
    `number ${read.seq} follows ${read.prev}, which is not there: the lines before were removed, or are in an earlier file (name it first, or give the hash it ended in with --after)`,
  )
}

const note = (open: Set<number>, { seq, fields: { event, of } }: ReadLine): void => {
  if (event === 'attempt') open.add(seq)
  if (event === 'outcome' && typeof of === 'number') open.delete(of)
}
