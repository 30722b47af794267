import { ToolError } from '../tool-error.ts'

/** A call that nobody approved: nothing was sent. */
export class NotApproved extends ToolError {
  /** What came of asking, in a word for the audit log; where nobody was asked, why not. */
  readonly answer: string
  readonly wasAsked: boolean

  constructor(what: string, next: string, heard: { readonly answer: string } | { readonly notAsked: string }) {
    super(what, { next })
    this.wasAsked = 'answer' in heard
    this.answer = 'answer' in heard ? heard.answer : `not asked: ${heard.notAsked}`
  }
}
