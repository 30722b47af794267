import type { Deadline } from './deadline.ts'
import { HttpFailure } from './failure.ts'

/** A limited number of turns, given out in the order they were asked for. */
export interface Slots {
  /**
   * Waits for a turn; the function returned gives it back.
   * @throws HttpFailure `busy` when the deadline passes first, or as the call was ended
   */
  take(deadline: Deadline): Promise<() => void>
}

const toWaitFailure = (deadline: Deadline): HttpFailure => {
  const ended = deadline.failure('no')
  if (ended.kind !== 'timeout') return ended
  const message = 'Too many calls were in flight for this one to get its turn in time.'
  return new HttpFailure({ kind: 'busy', executed: 'no', message })
}

/** Makes `count` turns. */
export const createSlots = (count: number): Slots => {
  const waiting = new Set<() => void>()
  let free = count
  const release = (): void => {
    free += 1
    const [next] = waiting
    next?.()
  }
  const take = (deadline: Deadline): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        waiting.delete(enter)
        deadline.signal.removeEventListener('abort', leave)
        free -= 1
        resolve(release)
      }
      const leave = (): void => {
        waiting.delete(enter)
        reject(toWaitFailure(deadline))
      }
      if (deadline.signal.aborted) reject(deadline.failure('no'))
      else if (free > 0) enter()
      else {
        waiting.add(enter)
        deadline.signal.addEventListener('abort', leave, { once: true })
      }
    })
  return { take }
}
