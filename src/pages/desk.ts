import { createHash, randomBytes } from 'node:crypto'
import type { Json } from '../operation.ts'
import type { ToolResult } from '../result.ts'
import { PAGE_MS, type Page } from './page.ts'
import type { Pages } from './pages.ts'

/** A page that one call opened, and what became of the call. */
export interface Opened {
  readonly page: Page
  readonly url: string
  /** Whether the person was sent there by the client, past the model. */
  readonly isDirect: boolean
  result?: ToolResult
}

/** What a person typed, for one more call of theirs. */
export interface Kept {
  readonly type: string
  readonly project: number
  readonly values: Json
  /** Those of them that are never to be repeated. */
  readonly secrets: readonly string[]
}

/** As many as a caller may have at once. */
const MOST_KEPT = 8

/** The pages of one caller's calls: the same call again joins the page that is open. */
export class Desk {
  readonly pages: Pages
  readonly caller: string
  /** What a person may call the caller. */
  readonly name: string
  readonly #opened = new Map<string, Opened>()
  readonly #kept = new Map<string, Kept>()

  constructor(pages: Pages, { id, name }: { readonly id: string; readonly name: string }) {
    this.pages = pages
    this.caller = id
    this.name = name
  }

  /** Whether nothing would be lost without it. */
  get isIdle(): boolean {
    return this.#opened.size === 0 && this.#kept.size === 0
  }

  find(key: string): Opened | undefined {
    return this.#opened.get(key)
  }

  /** Remembers it until its end has been told, or nobody asked for so long that nobody will. */
  add(key: string, opened: Opened): void {
    this.#opened.set(key, opened)
    opened.page.ended.then(() => setTimeout(() => this.forget(key, opened), PAGE_MS).unref())
  }

  /** Its end has been told. */
  forget(key: string, opened: Opened): void {
    if (this.#opened.get(key) === opened) this.#opened.delete(key)
  }

  /** @returns the id under which a call can use it again, for as long as a page lives */
  keep(kept: Kept): string {
    const id = randomBytes(9).toString('base64url')
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(id, kept)
    setTimeout(() => this.#kept.delete(id), PAGE_MS).unref()
    return id
  }

  kept(id: string): Kept | undefined {
    return this.#kept.get(id)
  }
}

/** The same for the same call, in whatever order its arguments come. */
export const keyOf = (...parts: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(parts)))
    .digest('base64url')

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, sorted(item)])
}
