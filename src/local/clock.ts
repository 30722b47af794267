/** Node's timers cannot wait longer; a longer wait is made of several. */
const LONGEST_WAIT_MS = 2_147_483_647

interface Alarm {
  readonly at: number
  readonly task: () => void
}

/**
 * The one clock of a warehouse: real time, which can be pushed forward so that tests (and an impatient person) need
 * not wait for a schedule, a token's expiry or a provisioning. It never runs backward.
 */
export class Clock {
  #offset = 0
  #alarms: readonly Alarm[] = []
  #timer: NodeJS.Timeout | undefined

  /** Milliseconds since the epoch, as `Date.now`. Bound, so that it can be handed on as a function. */
  readonly now = (): number => Date.now() + this.#offset

  /** Runs `task` once when the clock reaches `at`; the answer takes the alarm back. A pending alarm keeps no process alive. */
  readonly wake = (at: number, task: () => void): (() => void) => {
    const alarm = { at, task }
    this.#alarms = [...this.#alarms, alarm].sort((a, b) => a.at - b.at)
    this.#arm()
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm)
    }
  }

  /** Pushes the clock forward; alarms on the way ring in order, each at its own time. */
  advance(milliseconds: number): void {
    const until = this.now() + milliseconds
    for (let next = this.#alarms[0]; next !== undefined && next.at <= until; next = this.#alarms[0]) {
      this.#offset += Math.max(0, next.at - this.now())
      this.#ring(next)
    }
    this.#offset += Math.max(0, until - this.now())
    this.#arm()
  }

  /** Forgets every alarm. */
  stop(): void {
    this.#alarms = []
    clearTimeout(this.#timer)
  }

  #ring(alarm: Alarm): void {
    this.#alarms = this.#alarms.filter((other) => other !== alarm)
    alarm.task()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const [next] = this.#alarms
    if (next === undefined) return
    const wait = Math.min(Math.max(0, next.at - this.now()), LONGEST_WAIT_MS)
    this.#timer = setTimeout(() => {
      while (this.#alarms[0] !== undefined && this.#alarms[0].at <= this.now()) this.#ring(this.#alarms[0])
      this.#arm()
    }, wait)
    this.#timer.unref()
  }
}
