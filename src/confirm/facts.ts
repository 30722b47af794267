import type { Fact, Facts } from '../loss.ts'
import type { Redactor } from '../redact.ts'
import { countHidden } from '../text/hidden.ts'
import { quote, toName, toRestOfLine } from '../text/line.ts'

/** Names in one list that are told. */
const MOST_NAMES = 20
/** Characters of one name or text. */
const LONGEST = 400

/** One line about what would be lost: for a person to read, and for a model, which has to see what is ours in it. */
export interface Told {
  readonly word: string
  readonly plain: string
  readonly quoted: string
}

/** Puts facts into words: on one line each, masked, bounded, and without what nobody sees. */
export const tellFacts = (facts: Facts, redactor: Redactor): readonly Told[] =>
  Object.entries(facts).flatMap(([word, fact]) => (fact === undefined ? [] : [{ word, ...tell(fact, redactor) }]))

const tell = (fact: Fact, redactor: Redactor): Omit<Told, 'word'> => {
  const quoted = (text: string): string => toName(redactor.text(text), LONGEST, countHidden(text))
  if (typeof fact === 'number') return same(fact.toLocaleString('en-US'))
  if (typeof fact === 'string')
    return {
      plain: toTime(fact) ?? toRestOfLine(redactor.text(fact), LONGEST, countHidden(fact)),
      quoted: quoted(fact),
    }
  if ('ours' in fact) return same(fact.ours)
  if (fact.length === 0) return same('none')
  const more = fact.length > MOST_NAMES ? ` and ${fact.length - MOST_NAMES} more` : ''
  const some = fact.slice(0, MOST_NAMES)
  const marked = (text: string): string => quote(redactor.text(text), LONGEST, countHidden(text))
  const plain = (text: string): string =>
    CLEAR.test(text) && countHidden(text) === 0 ? redactor.text(text) : marked(text)
  const named = (text: string): string => (NONE.test(text) ? marked(text) : quoted(text))
  return { plain: `${some.map(plain).join(', ')}${more}`, quoted: `${some.map(named).join(', ')}${more}` }
}

const same = (text: string): Omit<Told, 'word'> => ({ plain: text, quoted: text })

/** A name that would be taken for the word for no name at all. */
const NONE = /^none$/i
/** What a person can read in a list without marks: one name that is not taken for two, nor for none. */
const CLEAR = /^(?!none$)(?! )[^,\n\t“”"]{1,80}(?<! )$/i

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** A time as people write it; undefined for what is none. */
const toTime = (text: string): string | undefined => {
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
