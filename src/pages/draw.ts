import { html, raw } from 'hono/html'
import { drawFields, idOf } from './draw-fields.ts'
import type { FormField } from './fields.ts'
import type { Ending, PageText, PageView } from './page.ts'
import { pathOf } from './read-form.ts'
import { STYLE } from './style.ts'

/** A page as HTML; everything put into it is escaped. */
export type Drawn = ReturnType<typeof html>

const frame = (title: string, content: Drawn): Drawn => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${title}</title><style>${raw(STYLE)}</style></head><body><main>${content}</main></body></html>`

/** A page that says one thing. */
export const drawNotice = (title: string, says: string): Drawn =>
  frame(title, html`<h1>${title}</h1><p role="status">${says}</p>`)

const ENDINGS: Readonly<Record<Ending, readonly [string, string]>> = {
  sent: ['Done', 'You can close this page and go back to the chat.'],
  unclear: ['Not certain', 'Look in PostHog whether it was done before you try again.'],
  cancelled: ['Cancelled', 'You can close this page.'],
  expired: ['Too late', 'This page has expired and nothing more can be sent from it. Ask the assistant for a new one.'],
  tries: ['Too many tries', 'Nothing was changed. Check the settings, then ask the assistant for a new page.'],
}

/** A page as it is just now. @param action where its form is sent to */
export const drawPage = ({ text, csrf, state, form, says }: PageView, action: string): Drawn => {
  if (state === 'sending')
    return drawNotice('Being sent', 'What you filled in is being sent. Load this page again to see what became of it.')
  if (state !== 'open') {
    const [title, words] = ENDINGS[state]
    return drawNotice(title, says === undefined || says === '' ? words : `${says} ${words}`)
  }
  const fields = form?.fields ?? []
  const wrong = form?.wrong ?? new Map<string, string>()
  const isWrong = wrong.size > 0 || says !== undefined
  return frame(
    isWrong ? `Please correct: ${text.title}` : text.title,
    html`${drawHead(text)}
    ${isWrong ? drawAlert(fields, wrong, says) : ''}
    <form method="post" action="${action}" enctype="multipart/form-data">
      <input type="hidden" name="csrf" value="${csrf}" />
      ${drawFields(fields, wrong)}
      <div class="acts"><button type="submit" name="act" value="send">${text.button}</button>
      <button class="quiet" type="submit" name="act" value="cancel" formnovalidate>Cancel</button></div>
    </form>`,
  )
}

const drawHead = ({ title, says, facts }: PageText): Drawn => html`<h1>${title}</h1>
  ${says.map((words) => html`<p>${words}</p>`)}
  <dl>${Object.entries(facts).map(([word, fact]) => html`<dt>${word}</dt><dd>${fact}</dd>`)}</dl>`

const drawAlert = (
  fields: readonly FormField[],
  wrong: ReadonlyMap<string, string>,
  says: string | undefined,
): Drawn => html`<div class="alert" role="alert">
  ${says === undefined ? html`<p>Please correct:</p>` : html`<p>${says}</p>`}
  ${
    wrong.size === 0
      ? html`<p>Secrets have to be typed again.</p>`
      : html`<ul>${[...wrong].map(
          ([path, why]) => html`<li><a href="#${idOf(path)}">${labelOf(fields, path)}</a>: ${why}</li>`,
        )}</ul>`
  }</div>`

/** What a field at a path is called, as the person sees it. */
const labelOf = (fields: readonly FormField[], path: string, at = ''): string => {
  for (const field of fields) {
    const own = pathOf(at, field.name)
    if (own === path) return field.label
    if (field.kind === 'switch' && path.startsWith(`${own}.`)) return labelOf(field.fields, path, own)
    if (field.kind !== 'choice') continue
    for (const { value, fields: inner } of field.options)
      if (path.startsWith(`${own}=${value}.`)) return labelOf(inner, path, `${own}=${value}`)
  }
  return path
}

/** What was shown once, and is not here any more. */
export const drawShown = ({ title }: PageText, values: Readonly<Record<string, string>>): Drawn =>
  frame(
    title,
    html`<h1>${title}</h1><p>This is shown only now. Keep it where it belongs, then close this page.</p>
    <dl>${Object.entries(values).map(([name, value]) => html`<dt>${name}</dt><dd><code>${value}</code></dd>`)}</dl>`,
  )
