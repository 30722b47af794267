import { ToolError } from '../tool-error.ts'
import { Page, type PageText, type Purpose } from './page.ts'

/** Where pages are, below the origin they are served at. */
export const PAGE_PATH = '/ask'

/** Pages of one caller, and of all: each is a few kilobytes, and somebody may never come. */
const MOST_OF_CALLER = 8
const MOST = 500
/** How long a page that has ended still says so. */
const AFTER_MS = 10 * 60_000

/** The pages of a process. */
export class Pages {
  readonly #pages = new Map<string, { readonly page: Page; readonly caller: string }>()

  /** Scheme, host and port they are served at; undefined where no browser could reach them safely. */
  readonly origin: () => Promise<string | undefined>

  constructor(origin: Pages['origin']) {
    this.origin = origin
  }

  find(id: string): Page | undefined {
    return this.#pages.get(id)?.page
  }

  /**
   * Makes a page and the link to it.
   * @throws ToolError where there can be none
   */
  async open(caller: string, text: PageText, purpose: Purpose): Promise<{ readonly page: Page; readonly url: string }> {
    const origin = await this.origin()
    if (origin === undefined) throw noPages()
    const own = [...this.#pages.values()].filter((one) => one.caller === caller && one.page.view.state === 'open')
    if (this.#pages.size >= MOST) this.#dropEnded()
    if (own.length >= MOST_OF_CALLER || this.#pages.size >= MOST) throw tooMany()
    const page = new Page(text, purpose)
    this.#pages.set(page.id, { page, caller })
    page.ended.then(() => setTimeout(() => this.#pages.delete(page.id), AFTER_MS).unref())
    return { page, url: `${origin}${PAGE_PATH}/${page.id}` }
  }

  /** Whether there can be any. @throws ToolError */
  async check(): Promise<void> {
    if ((await this.origin()) === undefined) throw noPages()
  }

  /** The oldest that has ended; nobody loses anything but a word. */
  #dropEnded(): void {
    for (const [id, { page }] of this.#pages)
      if (page.view.state !== 'open' && page.view.state !== 'sending') {
        this.#pages.delete(id)
        return
      }
  }

  /** Ends all that are open. */
  close(): void {
    for (const { page } of this.#pages.values()) page.close()
  }
}

const noPages = (): ToolError =>
  new ToolError('This server has no page that a person could open in a browser', {
    next: 'Over HTTP the operator gives --public-url https://… for that (not with several replicas); until then use a secret reference, or the PostHog app',
  })

const tooMany = (): ToolError =>
  new ToolError('Too many pages wait for a person already', {
    next: 'Finish or close those; each ends by itself after 15 minutes',
  })
