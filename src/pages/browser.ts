/** What a person is sent to, in words for them. */
export interface Link {
  readonly message: string
  readonly url: string
  /** For clients that are told when it is done (2025-11-25). */
  readonly id: string
}

/** What came of it: whether they went there. `silence`: the time was up, or the client could not show it. */
export type Went = 'accept' | 'decline' | 'cancel' | 'silence'

/**
 * The way to a person's browser, where the client can send them to a page:
 * - `push`: the link is sent while the call waits (2025-11-25).
 * - `rounds`: the call ends with the link, and comes again (2026-07-28).
 */
export type Browser =
  | { readonly way: 'push'; open(link: Link, signal: AbortSignal): Promise<Went>; finished(id: string): void }
  | { readonly way: 'rounds'; readonly went: Went | undefined }

/** Ends a round: the client is to send the person there, and to call again. Nothing was changed. */
export class GoFirst extends Error {
  readonly link: Link

  constructor(link: Link) {
    super('a person is sent to a page first')
    this.link = link
  }
}
