/** Remembers what was used, so that it works once. */
export interface Uses {
  /** Whether this is the first time. @throws when that cannot be known */
  take(nonce: string, leftMs: number): Promise<boolean>
}

/** The uses of one process. What has run out is forgotten: its seal does not open any more. */
export class OwnUses implements Uses {
  readonly #until = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  async take(nonce: string, leftMs: number): Promise<boolean> {
    const now = this.#now()
    for (const [known, until] of this.#until) if (until <= now) this.#until.delete(known)
    if (this.#until.has(nonce)) return false
    this.#until.set(nonce, now + leftMs)
    return true
  }
}
