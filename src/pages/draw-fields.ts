import { html } from 'hono/html'
import { type ChoiceField, type FormField, isBranching, type TextField } from './fields.ts'
import { branchOf, pathOf } from './read-form.ts'

/** What is wrong, by the path of the field. */
type Wrong = ReadonlyMap<string, string>
type Drawn = ReturnType<typeof html>

/** The id of a field's control. */
export const idOf = (path: string): string => `f-${path.replace(/[^\w-]/g, '-')}`

/** The fields of a form. @param outer whether they always count, so that the browser itself may ask for them */
export const drawFields = (fields: readonly FormField[], wrong: Wrong, at = '', outer = true): readonly Drawn[] =>
  fields.map((field) => drawField(field, wrong, pathOf(at, field.name), outer))

const drawField = (field: FormField, wrong: Wrong, path: string, outer: boolean): Drawn => {
  switch (field.kind) {
    case 'text':
      return drawText(field, wrong, path, outer)
    case 'file':
      return html`<div class="field">${drawLabel(field, path)}
        <input type="file" accept=".json,application/json" ${attributes(field, wrong, path, outer)} />
        ${drawWrong(wrong, path)}</div>`
    case 'switch':
      return html`<fieldset class="toggles">
        <label class="pick"><input type="checkbox" ${attributes({ ...field, required: false }, wrong, path, outer)}
          ${field.on ? 'checked' : ''} /> ${field.label}</label>
        ${drawCaption(field.caption, path)}
        ${field.fields.length === 0 ? '' : html`<div class="inner">${drawFields(field.fields, wrong, path, false)}</div>`}
      </fieldset>`
    case 'choice':
      return isBranching(field) ? drawBranches(field, wrong, path) : drawSelect(field, wrong, path, outer)
  }
}

const drawText = (field: TextField, wrong: Wrong, path: string, outer: boolean): Drawn => {
  const common = attributes(field, wrong, path, outer)
  // A password manager must not put a person's own into a database's.
  const quiet = html`autocomplete="${field.secret ? 'new-password' : 'off'}" autocapitalize="none" spellcheck="false"`
  const control =
    field.type === 'textarea'
      ? html`<textarea ${common} ${quiet} placeholder="${field.placeholder ?? ''}">${field.value}</textarea>`
      : html`<input type="${field.type === 'number' ? 'text' : field.type}" ${field.type === 'number' ? html`inputmode="numeric"` : ''}
          ${common} ${quiet} placeholder="${field.placeholder ?? ''}" value="${field.value}" />`
  return html`<div class="field">${drawLabel(field, path)}${control}${drawWrong(wrong, path)}</div>`
}

const drawSelect = (field: ChoiceField, wrong: Wrong, path: string, outer: boolean): Drawn => {
  const blank = field.required || field.multiple ? '' : html`<option value="">–</option>`
  return html`<div class="field">${drawLabel(field, path)}
    <select ${attributes(field, wrong, path, outer)} ${field.multiple ? 'multiple' : ''}>${blank}
      ${field.options.map(
        ({ value, label }) =>
          html`<option value="${value}" ${field.chosen.includes(value) ? 'selected' : ''}>${label}</option>`,
      )}</select>
    ${drawWrong(wrong, path)}</div>`
}

const drawBranches = (field: ChoiceField, wrong: Wrong, path: string): Drawn =>
  html`<fieldset id="${idOf(path)}"><legend>${field.label}</legend>${drawCaption(field.caption, path)}
    ${drawWrong(wrong, path)}
    ${field.options.map(
      ({ value, label, fields }) => html`<div class="field toggles">
        <label class="pick"><input type="radio" name="${path}" value="${value}"
          ${field.chosen.includes(value) ? 'checked' : ''} /> ${label}</label>
        ${fields.length === 0 ? '' : html`<div class="inner">${drawFields(fields, wrong, branchOf(path, value), false)}</div>`}
      </div>`,
    )}</fieldset>`

const attributes = (
  { required, caption }: { readonly required: boolean; readonly caption?: string | undefined },
  wrong: Wrong,
  path: string,
  outer: boolean,
): Drawn => {
  const notes = [caption === undefined ? '' : `${idOf(path)}-hint`, wrong.has(path) ? `${idOf(path)}-wrong` : '']
  const described = notes.filter((note) => note !== '').join(' ')
  const [first] = wrong.keys()
  return html`id="${idOf(path)}" name="${path}"
    ${required && outer ? 'required' : ''} ${required && !outer ? html`aria-required="true"` : ''}
    ${described === '' ? '' : html`aria-describedby="${described}"`}
    ${wrong.has(path) ? html`aria-invalid="true"` : ''} ${first === path ? 'autofocus' : ''}`
}

const drawLabel = (field: FormField & { readonly required: boolean }, path: string): Drawn =>
  html`<label for="${idOf(path)}">${field.label}${field.required || /optional/i.test(field.label) ? '' : ' (optional)'}</label>
    ${drawCaption(field.caption, path)}`

const drawCaption = (caption: string | undefined, path: string): Drawn | '' =>
  caption === undefined ? '' : html`<div class="hint" id="${idOf(path)}-hint">${caption}</div>`

const drawWrong = (wrong: Wrong, path: string): Drawn | '' => {
  const why = wrong.get(path)
  return why === undefined ? '' : html`<div class="wrong" id="${idOf(path)}-wrong">${why}</div>`
}
