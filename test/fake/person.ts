/** What a client's form asks, as far as the tests read it. */
export interface Question {
  readonly message: string
  readonly requestedSchema: { readonly properties: Readonly<Record<string, { readonly description?: string }>> }
}

/** What a client answers. */
export interface Answer {
  action: 'accept' | 'decline' | 'cancel'
  content?: Record<string, string | boolean>
}

/** Whoever sits behind a client. */
export type Person = (question: Question, signal: AbortSignal) => Answer | Promise<Answer>

/** Types the name that is asked for, or ticks the box. */
export const approves: Person = ({ requestedSchema }) => {
  const { name } = requestedSchema.properties
  return { action: 'accept', content: name === undefined ? { approved: true } : { name: name.description ?? '' } }
}

/** Whoever opens a link that a client was sent. */
export type Opens = (
  link: { readonly message: string; readonly url: string },
  signal: AbortSignal,
) => Answer | Promise<Answer>
