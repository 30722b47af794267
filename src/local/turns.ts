/** Runs tasks one after the other: a check and the change that rests on it must not be interleaved with others. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `task` when every earlier one has ended, well or badly; gives its outcome. */
  take<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task, task)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
