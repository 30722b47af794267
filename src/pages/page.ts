import { randomBytes } from 'node:crypto'
import type { FormField } from './fields.ts'
import { readForm, type Submitted } from './read-form.ts'

/** How long a page can be used. */
export const PAGE_MS = 15 * 60_000
/** How often a form may be sent before it ends: each time somebody logs in somewhere. */
const MOST_TRIES = 10

/** What a page says before anything is filled in; words of ours, and one line each of what came from a call. */
export interface PageText {
  readonly title: string
  /** Paragraphs. */
  readonly says: readonly string[]
  /** What else the call holds, by a word for it. */
  readonly facts: Readonly<Record<string, string>>
  /** What the button says. */
  readonly button: string
}

/** What became of what was sent. `again`: nothing was changed, and the person may correct it. */
export type Sent =
  | { readonly kind: 'done'; readonly says: string }
  | { readonly kind: 'again'; readonly says: string }
  | { readonly kind: 'unclear'; readonly says: string }

/** How a page ended. */
export type Ending = 'sent' | 'unclear' | 'cancelled' | 'expired' | 'tries'

/** What a page is for: a form, or something that is shown once. */
export type Purpose =
  | {
      readonly kind: 'form'
      readonly fields: readonly FormField[]
      /** @param secrets what is never to be repeated */
      send(values: Submittable, secrets: readonly string[]): Promise<Sent>
    }
  /** Undefined until there is something. */
  | { readonly kind: 'shown'; values(): Readonly<Record<string, string>> | undefined }

/** What a form came to. */
export type Submittable = Readonly<Record<string, unknown>>

/** How a page is just now, for whoever draws it. */
export interface PageView {
  readonly text: PageText
  readonly csrf: string
  readonly state: 'open' | 'sending' | Ending
  readonly form?: { readonly fields: readonly FormField[]; readonly wrong: ReadonlyMap<string, string> }
  /** What was said of the last try. */
  readonly says?: string | undefined
}

const FAULT: Sent = { kind: 'unclear', says: 'This server failed while it was sent.' }

const random = (): string => randomBytes(32).toString('base64url')

/** One page for one person: opened in one browser, sent once. */
export class Page {
  readonly id = random()
  readonly text: PageText
  readonly until: number
  readonly #csrf = random()
  readonly #purpose: Purpose
  readonly #timer: NodeJS.Timeout
  #browser: string | undefined
  #state: PageView['state'] = 'open'
  #fields: readonly FormField[]
  #wrong: ReadonlyMap<string, string> = new Map()
  #says: string | undefined
  #tries = 0
  #end: (ending: Ending) => void = () => undefined
  /** Resolves when it can no longer be sent. */
  readonly ended: Promise<Ending>

  constructor(text: PageText, purpose: Purpose, lifeMs: number = PAGE_MS) {
    this.text = text
    this.#purpose = purpose
    this.#fields = purpose.kind === 'form' ? purpose.fields : []
    this.until = Date.now() + lifeMs
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#timer = setTimeout(() => this.#finish('expired'), lifeMs)
    this.#timer.unref()
  }

  /** What PostHog said of the last try, if there was one. */
  get says(): string | undefined {
    return this.#says
  }

  get wasOpened(): boolean {
    return this.#browser !== undefined
  }

  get view(): PageView {
    return {
      text: this.text,
      csrf: this.#csrf,
      state: this.#state,
      says: this.#says,
      ...(this.#purpose.kind === 'form' && { form: { fields: this.#fields, wrong: this.#wrong } }),
    }
  }

  /** Whether it is this browser's: the first that comes has it. @returns what the browser is to remember, if it is new */
  admit(browser: string | undefined): { readonly remember?: string } | undefined {
    if (this.#browser !== undefined) return browser === this.#browser ? {} : undefined
    this.#browser = random()
    return { remember: this.#browser }
  }

  /** Whether a form was made by this page, for this browser. */
  isOwn(browser: string | undefined, csrf: string | undefined): boolean {
    return this.#browser !== undefined && browser === this.#browser && csrf === this.#csrf
  }

  /** Ends it without sending anything; one that is being sent goes on. */
  cancel(): void {
    if (this.#state === 'open') this.#finish('cancelled')
  }

  /** Ends it as the process does. */
  close(): void {
    if (this.#state === 'open') this.#finish('expired')
  }

  /** Sends what was filled in, unless something is wrong with it. */
  async submit(submitted: Submitted): Promise<void> {
    if (this.#state !== 'open' || this.#purpose.kind !== 'form') return
    // Timers stand still while a machine sleeps.
    if (Date.now() >= this.until) return this.#finish('expired')
    const { values, secrets, wrong, fields } = readForm(this.#fields, submitted)
    this.#fields = fields
    this.#wrong = wrong
    this.#says = undefined
    if (wrong.size > 0) return
    this.#state = 'sending'
    const sent = await this.#purpose.send(values, secrets).catch((): Sent => FAULT)
    this.#says = sent.says
    this.#state = 'open'
    this.#tries += 1
    if (sent.kind !== 'again') this.#finish(sent.kind === 'done' ? 'sent' : 'unclear')
    else if (Date.now() >= this.until) this.#finish('expired')
    else if (this.#tries >= MOST_TRIES) this.#finish('tries')
  }

  /** What is shown once; undefined the second time. */
  show(): Readonly<Record<string, string>> | undefined {
    if (this.#state !== 'open' || this.#purpose.kind !== 'shown') return undefined
    const values = this.#purpose.values()
    if (values !== undefined) this.#finish('sent')
    return values
  }

  #finish(ending: Ending): void {
    if (this.#state === 'sending') return
    clearTimeout(this.#timer)
    this.#state = ending
    this.#fields = []
    this.#end(ending)
  }
}
