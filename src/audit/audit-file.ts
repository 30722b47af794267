import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { Json } from '../operation.ts'
import { underLock } from './append-lock.ts'
import { AuditError, codeOf } from './audit-error.ts'
import { BEGINNING, type Head, readLine, START, seal } from './chain.ts'
import { writeWhole } from './write-whole.ts'

/** More than the longest line, so that the end of a file holds all of its last one. */
const TAIL = 64 * 1024

/** The end of a file: where its chain stands, and how much of a line that was never finished comes after. */
interface End {
  readonly head: Head
  readonly torn: number
}

/**
 * A file that lines are chained to, by one process or several. Nothing is remembered between lines: the file may be moved
 * away, and others write to it, so each line looks at the end of what is there. Where a file is new, `FILE.last` says how
 * the one before it ended.
 */
export class AuditFile {
  readonly #path: string
  #fd: number | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(path: string) {
    this.#path = path
  }

  /** Opens it, or makes it, for its owner alone. @throws Error when nothing could be appended */
  static async open(path: string): Promise<AuditFile> {
    const file = new AuditFile(path)
    await file.#next(() => file.#endOf(file.#current()))
    return file
  }

  /** Appends one line that is on the disk before its number is known. @throws Error and the file is as it was */
  append(fields: Json): Promise<number> {
    return this.#next(() => this.#append(fields))
  }

  /** Lets go of the file; the next line opens what is at its path then. */
  release(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  /** In the order of asking within the process, and one process at a time. */
  #next<T>(work: () => T): Promise<T> {
    const done = this.#turn.then(() => underLock(`${this.#path}.lock`, work))
    this.#turn = done.catch(() => undefined)
    return done
  }

  #append(fields: Json): number {
    const fd = this.#current()
    const { head, torn } = this.#endOf(fd)
    const size = fstatSync(fd).size - torn
    if (torn > 0) ftruncateSync(fd, size)
    // That something was cut away is said in the line that took its place.
    const next = seal(head, torn > 0 ? { ...fields, torn } : fields)
    try {
      writeWhole(fd, next.line)
      fdatasyncSync(fd)
      writeFileSync(`${this.#path}.last`, `${next.head.seq} ${next.head.hash}\n`, { mode: 0o600 })
    } catch (error) {
      ftruncateSync(fd, size)
      throw error
    }
    return next.head.seq
  }

  /** The file at the path, opened again where it is another one than before: moved away, or gone. */
  #current(): number {
    const there = statSync(this.#path, { throwIfNoEntry: false })
    if (this.#fd !== undefined) {
      const { ino, dev } = fstatSync(this.#fd)
      if (there?.ino === ino && there.dev === dev) return this.#fd
      this.release()
    }
    // What is no file is not even opened: it may be a pipe that nobody reads.
    if (there !== undefined && !there.isFile()) throw new AuditError(`${this.#path} is not a file`)
    const { O_RDWR, O_APPEND, O_CREAT } = constants
    this.#fd = openSync(this.#path, O_RDWR | O_APPEND | O_CREAT, 0o600)
    return this.#fd
  }

  #endOf(fd: number): End {
    const { size } = fstatSync(fd)
    const tail = Buffer.alloc(Math.min(size, TAIL))
    readSync(fd, tail, 0, tail.length, size - tail.length)
    const end = tail.lastIndexOf('\n') + 1
    const rest = tail.subarray(end).toString('latin1')
    if (!BEGINNING.startsWith(rest.slice(0, BEGINNING.length)) || (end === 0 && size > TAIL)) throw this.#foreign()
    if (end === 0) return { head: this.#lastKnown(), torn: rest.length }
    // An offset below zero would count from the end.
    const before = end < 2 ? -1 : tail.lastIndexOf('\n', end - 2)
    const last = readLine(tail.subarray(before + 1, end - 1))
    if (last?.fits !== true) throw this.#foreign()
    return { head: last, torn: rest.length }
  }

  #foreign(): AuditError {
    return new AuditError(`${this.#path} does not end in an audit line that fits its hash; move it away and look at it`)
  }

  #lastKnown(): Head {
    const path = `${this.#path}.last`
    try {
      const [, seq, hash = ''] = /^(\d{1,15}) ([0-9a-f]{64})\n$/.exec(readFileSync(path, 'utf8')) ?? []
      if (seq === undefined) throw new AuditError(`${path} cannot be read; remove it to begin a new chain`)
      return { seq: Number(seq), hash }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return START
      throw error
    }
  }
}
