/** Whether a failed call may have changed something at PostHog. */
export type Changed = 'nothing' | 'unknown'

/**
 * A failure a model can act on: what happened, whether anything changed, and the next step (empty where the message is one). Everything in it is
 * meant to be shown; it still leaves through the one exit that redacts.
 */
export class ToolError extends Error {
  readonly changed: Changed
  readonly next: string

  constructor(what: string, options: { readonly next: string; readonly changed?: Changed }) {
    super(what)
    this.name = 'ToolError'
    this.changed = options.changed ?? 'nothing'
    this.next = options.next
  }

  /** The text a model reads. */
  get text(): string {
    const changed =
      this.changed === 'nothing' ? 'Nothing was changed.' : 'It is not known whether the change was carried out.'
    return [sentence(this.message), changed, sentence(this.next)].filter((line) => line !== '').join('\n')
  }
}

const sentence = (text: string): string =>
  text === '' || /[.!?:"')\]]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`
