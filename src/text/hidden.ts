/** Letters of these scripts change their form by a joiner that nobody sees: Persian, Hindi, Sinhala and their like. */
const JOINING = [
  ...['Arab', 'Syrc', 'Mong', 'Nkoo', 'Adlm'],
  ...['Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda', 'Mlym', 'Sinh', 'Khmr', 'Mymr'],
]
  .map((script) => `\\p{Script=${script}}`)
  .join('')
/** The signs that take the vowel of an Indic consonant; a joiner behind one has a meaning at the end of a word too. */
const VIRAMAS = '\\u094D\\u09CD\\u0A4D\\u0ACD\\u0B4D\\u0BCD\\u0C4D\\u0CCD\\u0D4D\\u0DCA\\u1039\\u17D2'
const PICTURE = '\\p{Extended_Pictographic}'

/**
 * Where Unicode gives what nobody sees a meaning, between neighbours that can be seen (UAX 31, UTS 51, the registry of
 * Han variants). One at a time: a run of them is how texts are smuggled.
 */
const MEANT = [
  `(?<=${PICTURE}[\\u{1F3FB}-\\u{1F3FF}]?\\uFE0F?)\\u200D(?=${PICTURE})`,
  `(?<=(?![\\0-\\x7F])\\p{Emoji})[\\uFE0E\\uFE0F]`,
  '(?<=[0-9#*])\\uFE0F(?=\\u20E3)',
  `(?<=[${JOINING}]\\p{M}{0,4})[\\u200C\\u200D](?=[${JOINING}])`,
  `(?<=[${VIRAMAS}])\\u200D`,
  '(?<=\\p{Script=Mong})[\\u180B-\\u180D\\u180F]',
  '(?<=\\p{Script=Han})[\\u{E0100}-\\u{E010F}]',
].join('|')

/**
 * Control characters but tab and line feed, everything that is made not to be seen (zero width, directions, tags,
 * variants, fillers), annotations, halves of pairs, and line breaks that only some programs take for one.
 */
const HIDDEN =
  '\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\uFFF9-\\uFFFB'

/** Nearly every text has none of these; looking for that alone is quick. */
const MAY_HIDE = new RegExp(`(?![\\t\\n])[${HIDDEN}]`, 'u')
const REMOVED = new RegExp(`(?!${MEANT})(?![\\t\\n])[${HIDDEN}]`, 'gu')
const BREAK = /[\v\f\u0085\u2028\u2029]/

const withLineFeeds = (text: string): string => text.replace(/\r\n?/g, '\n')

/** A text without what nobody can see in it. Its line breaks stay, as line feeds. */
export const withoutHidden = (text: string): string =>
  MAY_HIDE.test(text) ? withLineFeeds(text).replace(REMOVED, (char) => (BREAK.test(char) ? '\n' : '')) : text

/** How many characters `withoutHidden` takes from a text. */
export const countHidden = (text: string): number =>
  MAY_HIDE.test(text) ? [...withLineFeeds(text).matchAll(REMOVED)].length : 0

/** The same of every text in a JSON value, names of fields too. */
export const countHiddenIn = (value: unknown): number => {
  if (typeof value === 'string') return countHidden(value)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countHiddenIn(item), 0)
  if (typeof value !== 'object' || value === null) return 0
  return Object.entries(value).reduce((sum, [key, item]) => sum + countHidden(key) + countHiddenIn(item), 0)
}

/** What is said of a text from which so many were taken; empty for none. */
export const toHiddenNote = (count: number): string =>
  count === 0 ? '' : `${count} hidden ${count === 1 ? 'character' : 'characters'} left out`
