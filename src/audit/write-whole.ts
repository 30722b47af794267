import { writeSync } from 'node:fs'
import { AuditError, codeOf } from './audit-error.ts'

/** How often, and how long each time, a pipe that is full is waited for. */
const MOST_WAITS = 100
const WAIT_MS = 10

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Writes all of a text, or throws; synchronous, so that nothing else gets between its parts. */
export const writeWhole = (fd: number, text: string): void => {
  const bytes = Buffer.from(text)
  let waits = 0
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done)
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error
      waits += 1
      if (waits > MOST_WAITS) throw new AuditError('whoever reads stderr has stopped')
      Atomics.wait(pause, 0, 0, WAIT_MS)
    }
  }
}
