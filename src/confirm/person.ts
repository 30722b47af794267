import type { Json } from '../operation.ts'

/** How long a person has to answer. */
export const ANSWER_MS = 10 * 60_000

/** What a person is asked: words, and one field to fill in. */
export interface Form {
  readonly message: string
  readonly schema: {
    readonly type: 'object'
    readonly properties: Readonly<Record<string, Json>>
    readonly required: string[]
  }
}

/** What came of it. `silence`: the time was up, or the client could not show it; `end`: this process ends. */
export interface Reply {
  readonly action: 'accept' | 'decline' | 'cancel' | 'silence' | 'end'
  readonly content?: Json | undefined
}

/**
 * The way to whoever sits behind a client, where there is one:
 * - `push`: the question is sent while the call waits (2025 and before).
 * - `rounds`: the call ends with the question, and comes again with the answer and the sealed state (2026-07-28).
 */
export type Person =
  | { readonly way: 'push'; ask(form: Form, ending: AbortSignal): Promise<Reply> }
  | { readonly way: 'rounds'; readonly state: string | undefined; readonly reply: Reply | undefined }

/** Ends a round: the client is to ask, and to call again. Nothing was changed. */
export class AskFirst extends Error {
  readonly form: Form
  readonly state: string

  constructor(form: Form, state: string) {
    super('a person is asked first')
    this.form = form
    this.state = state
  }
}
