import { countHidden, toHiddenNote, withoutHidden } from './hidden.ts'

/** The first characters of a text; never half of one. */
export const cut = (text: string, longest: number): string => {
  const piece = text.slice(0, longest)
  // A pair of code units that stands for one character is not torn apart.
  return /[\uD800-\uDBFF]$/.test(piece) ? piece.slice(0, -1) : piece
}

/** Somebody else's words as one line: with breaks in them they could be taken for lines of ours. */
export const toLine = (text: string): string =>
  withoutHidden(text)
    .replace(/[\t\n]+/g, ' ')
    .trim()

/** Whatever looks like the marks that close what `quote` opens. */
const LIKE_MARKS = /[\u201C-\u201F\u275D\u275E\u301D-\u301F\uFF02]/g

/**
 * Somebody else's words inside a sentence of ours: on one line, between marks that cannot stand within, and cut. What
 * was cut or left out is said behind the marks, where only we speak.
 * @param hidden characters that were taken from it before
 */
export const quote = (text: string, longest = 200, hidden = countHidden(text)): string => {
  const { said, note } = bound(text, longest, hidden)
  return `“${said.replace(LIKE_MARKS, '"')}”${note}`
}

/** The same without marks, for the rest of a line that nothing of ours follows on, and that a person reads. */
export const toRestOfLine = (text: string, longest = 200, hidden = countHidden(text)): string => {
  const { said, note } = bound(text, longest, hidden)
  return `${said}${note}`
}

const bound = (text: string, longest: number, hidden: number): { readonly said: string; readonly note: string } => {
  const line = toLine(text)
  const isCut = line.length > longest
  const notes = [isCut ? `cut, ${line.length} characters` : '', toHiddenNote(hidden)].filter((note) => note !== '')
  return { said: isCut ? `${cut(line, longest)}…` : line, note: notes.length === 0 ? '' : ` (${notes.join('; ')})` }
}

/** One word of letters, digits and joints; a time. No sentence can be made of one. */
const PLAIN = /^([\w$.-]{1,64}|\d{4}-\d\d-\d\d[T ][\d:.]{1,20}(Z|[+-][\d:]{2,6})?)$/

/** A name, a state, a time that came from data: as it is where it is one plain word, otherwise quoted. */
export const toName = (text: string, longest = 200, hidden = countHidden(text)): string =>
  hidden === 0 && PLAIN.test(text) ? text : quote(text, longest, hidden)

/** Whole lines of data: what stands behind the bar is not ours, and no line of ours begins with one. */
export const toDataLine = (line: string): string => `| ${line}`
