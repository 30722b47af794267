import type { Json } from './operation.ts'
import { type Redactor, renamed } from './redact.ts'
import { countHiddenIn, toHiddenNote } from './text/hidden.ts'
import { cut } from './text/line.ts'

/** Characters of a name, of a text that somebody wrote, and of one that is worked on as a whole, such as SQL. */
const LONGEST = { name: 500, text: 5_000, whole: 50_000 } as const
const NAMES = /^(name|label|title|hogql_name|sql_name|prefix)$/
const WHOLE = /^(query|sql|text)$/

const CUT = `Texts were cut where they say so (names at ${LONGEST.name} characters, SQL and files at ${LONGEST.whole}, others at ${LONGEST.text}); the PostHog app has them whole. Do not write a cut text back.`

const longestOf = (name: string): number =>
  NAMES.test(name) ? LONGEST.name : WHOLE.test(name) ? LONGEST.whole : LONGEST.text

const shorten = (text: string, longest: number): string =>
  text.length <= longest ? text : `${cut(text, longest)}… (cut, ${text.length} characters)`

/** The value with every text in it short enough; the same value where all are. */
const bounded = (value: unknown, name: string): unknown => {
  if (typeof value === 'string') return shorten(value, longestOf(name))
  if (Array.isArray(value)) {
    const items = value.map((item) => bounded(item, name))
    return items.some((item, at) => item !== value[at]) ? items : value
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([key, item]) => [key, shorten(key, LONGEST.name), bounded(item, key)] as const,
  )
  const isSame = entries.every(([was, is, item]) => was === is && item === (value as Json)[was])
  return isSame ? value : renamed(entries)
}

const joined = (...parts: readonly unknown[]): string =>
  parts.filter((part) => typeof part === 'string' && part !== '').join(' ')

/**
 * What a reply said, as it may leave: without hidden characters, then masked (in this order, or a secret with something
 * hidden in it would pass the mask and be whole behind it), then cut (in this order, or half of one would be left).
 * `stripped` and `cut` say that something is missing.
 */
export const toOutgoing = (json: Json, redactor: Redactor, reveals: readonly string[] = []): Json => {
  // Masking and cutting keep an object an object.
  const masked = redactor.value(json, { reveals }) as Json
  const short = bounded(masked, '') as Json
  const hidden = countHiddenIn(json)
  return {
    ...short,
    ...(short === masked ? {} : { cut: joined(short.cut, CUT) }),
    ...(hidden === 0 ? {} : { stripped: toHiddenNote(hidden) }),
  }
}
