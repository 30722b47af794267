import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a seal holds together. */
export interface Bound {
  /** A preview's token is no answer of a person, nor the other way round. */
  readonly purpose: 'preview' | 'form'
  /** Who calls what, with which arguments, where. */
  readonly call: unknown
  /** What it is done to, as it was seen. */
  readonly object: unknown
}

/** What is wrong with a seal: not one of this call, too old, or of an object that has changed. */
export type Broken = 'foreign' | 'expired' | 'changed'

const VERSION = 'c1'

/**
 * Seals say that something was shown, to whom, and until when it counts. They hold nothing themselves: everything they
 * are bound to is put in again when one comes back.
 */
export class Seals {
  readonly #key: Buffer
  readonly #lifetimeMs: number
  readonly #now: () => number

  /** @param key 32 bytes or more; the same for all that have to know each other's seals */
  constructor(key: Buffer, lifetimeMs: number, now: () => number = Date.now) {
    this.#key = key
    this.#lifetimeMs = lifetimeMs
    this.#now = now
  }

  seal(bound: Bound): string {
    const head = `${VERSION}.${randomBytes(16).toString('base64url')}.${(this.#now() + this.#lifetimeMs).toString(36)}`
    return `${head}.${this.#mac(head, bound.purpose, bound.call)}.${this.#mac(head, bound.purpose, bound.call, bound.object)}`
  }

  /** The part of a seal that is its own, and how long it still counts; or what is wrong with it. */
  open(seal: string, bound: Bound): { readonly nonce: string; readonly leftMs: number } | Broken {
    const [version, nonce = '', until = '', call = '', object = '', ...more] = seal.split('.')
    if (version !== VERSION || more.length > 0 || seal.length > 500) return 'foreign'
    const head = `${version}.${nonce}.${until}`
    if (!isSame(call, this.#mac(head, bound.purpose, bound.call))) return 'foreign'
    // Only now is the time in it known to be ours.
    const leftMs = Number.parseInt(until, 36) - this.#now()
    if (leftMs <= 0) return 'expired'
    return isSame(object, this.#mac(head, bound.purpose, bound.call, bound.object)) ? { nonce, leftMs } : 'changed'
  }

  #mac(...parts: readonly unknown[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64url')
  }
}

const isSame = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
