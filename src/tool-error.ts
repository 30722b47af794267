import type { FailureKind } from './http/failure.ts'

/** Whether a failed call may have changed something at PostHog; `done` where only what comes after it failed. */
export type Changed = 'nothing' | 'unknown' | 'done'

/** What went wrong, for counting: wrong arguments, SQL that PostHog refused, no reply, or anything else that is no fault. */
export type ToolErrorKind = 'input' | 'sql' | FailureKind | 'refused'

/** How a failure is told. */
export interface ToolErrorOptions {
  readonly next: string
  readonly changed?: Changed
  readonly residue?: string
  readonly kind?: ToolErrorKind
}

/**
 * A failure a model can act on: what happened, whether anything changed, and the next step (empty where the message is one). Everything in it is
 * meant to be shown; it still leaves through the one exit that redacts.
 */
export class ToolError extends Error {
  readonly changed: Changed
  readonly next: string
  /** What a refused call left behind all the same. */
  readonly residue: string | undefined
  readonly kind: ToolErrorKind

  constructor(what: string, options: ToolErrorOptions) {
    super(what)
    this.name = 'ToolError'
    this.changed = options.changed ?? 'nothing'
    this.next = options.next
    this.residue = options.residue
    this.kind = options.kind ?? 'refused'
  }

  /** The text a model reads. */
  get text(): string {
    const nothing = this.residue === undefined ? 'Nothing was changed.' : `${this.residue} Nothing else was changed.`
    const told = {
      nothing,
      unknown: 'It is not known whether the change was carried out.',
      done: 'The change was carried out.',
    }
    return [sentence(this.message), told[this.changed], sentence(this.next)].filter((line) => line !== '').join('\n')
  }
}

const sentence = (text: string): string =>
  text === '' || /[.!?:"'”)\]]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`
