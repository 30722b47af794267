import type { Described, Json } from '../operation.ts'
import { MASK, type Redactor, secretsIn } from '../redact.ts'

/** What of one text, and of one list or object, is kept; the second where the first leaves too much. */
const BOUNDS = [
  { characters: 2_000, items: 50 },
  { characters: 200, items: 10 },
] as const
/** The most that the arguments of one call take. */
const LARGEST = 16 * 1024

type Bounds = (typeof BOUNDS)[number]

/**
 * The arguments of a call as they may be kept: masked first and cut afterwards, so that no half of a secret survives the
 * cut. What the record declares a secret is masked where it stands, even where it is too short to be looked for in text.
 */
export const maskArguments = (input: Json, { secrets = [] }: Described, redactor: Redactor): unknown => {
  const masked = redactor.value(hide(input, new Set(secretsIn(input, secrets))))
  for (const bounds of BOUNDS) {
    const kept = cut(masked, bounds)
    if (Buffer.byteLength(JSON.stringify(kept)) <= LARGEST) return kept
  }
  return `…(${Buffer.byteLength(JSON.stringify(masked))} bytes)`
}

const hide = (value: unknown, secrets: ReadonlySet<string>): unknown => {
  if (typeof value === 'string' || typeof value === 'number') return secrets.has(String(value)) ? MASK : value
  if (Array.isArray(value)) return value.map((item) => hide(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hide(item, secrets)]))
}

const cut = (value: unknown, bounds: Bounds): unknown => {
  if (typeof value === 'string') return cutText(value, bounds.characters)
  if (Array.isArray(value)) {
    const more = value.length - bounds.items
    return [...value.slice(0, bounds.items).map((item) => cut(item, bounds)), ...(more > 0 ? [`…(${more} more)`] : [])]
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const more = entries.length - bounds.items
  return Object.fromEntries([
    ...entries.slice(0, bounds.items).map(([key, item]) => [cutText(key, bounds.characters), cut(item, bounds)]),
    ...(more > 0 ? [['…', `${more} more`]] : []),
  ])
}

/** A text, cut with a mark that says how long it was. */
export const cutText = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}…(${text.length} characters)`
