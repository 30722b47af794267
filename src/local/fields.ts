import { type ApiError, invalid, unparsable, wrongMedia } from './errors.ts'

/** A JSON object from a request. */
export type Body = Readonly<Record<string, unknown>>

const kindOf = (value: unknown): string => {
  if (value === null) return 'NoneType'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float'
  return 'dict'
}

/** Narrows to a JSON object: no array, not null, and not a field that was left out. */
export const isObject = (value: unknown): value is Body => value !== undefined && kindOf(value) === 'dict'

/** Where V8 says the text stops being JSON, in the words of Python's parser; no piece of the text itself. */
const placeOf = (text: string, error: unknown): string => {
  const at = Number(/at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? 0)
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return `Expecting value: line ${line} column ${at - before.lastIndexOf('\n')} (char ${at})`
}

// Far above what a query or a table needs, far below where writing the state or walking a value would fail.
const deepest = 200

/** Whether JSON text nests deeper than is read here: such a text takes seconds to parse, and no file would take it. */
export const isDeep = (text: string): boolean => {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length && depth <= deepest; at += 1) {
    const char = text[at]
    if (quoted && char === '\\') at += 1
    else if (char === '"') quoted = !quoted
    else if (quoted) continue
    else if (char === '[' || char === '{') depth += 1
    else if (char === ']' || char === '}') depth -= 1
  }
  return depth > deepest
}

/** Reads a request's JSON object; an empty body is `{}`. Throws 400 `parse_error`, 400 for other JSON, and 415. */
export const readBody = async (request: Request): Promise<Body> => {
  const text = await request.text()
  if (text === '') return {}
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\b/i.test(type)) throw wrongMedia(type)
  if (isDeep(text)) throw unparsable(`The body is nested deeper than ${deepest} levels.`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw unparsable(placeOf(text, error))
  }
  if (!isObject(value)) throw invalid(`Invalid data. Expected a dictionary, but got ${kindOf(value)}.`)
  return value
}

/** 400 for a field that was not sent (wording of all three: fact sheet: tables 1.3). */
export const required = (attr: string): ApiError => invalid('This field is required.', attr, 'required')

/** 400 for a field that was sent as null. */
export const nullish = (attr: string): ApiError => invalid('This field may not be null.', attr, 'null')

/** 400 for a value outside of an enum. */
export const notChoice = (value: unknown, attr: string): ApiError =>
  invalid(`"${String(value)}" is not a valid choice.`, attr, 'invalid_choice')

/** A trimmed, non-empty string of at most `max` characters; numbers are taken as their text, as upstream does. */
export const text = (value: unknown, attr: string, max = Number.POSITIVE_INFINITY): string => {
  if (value === undefined) throw required(attr)
  if (value === null) throw nullish(attr)
  if (typeof value !== 'string' && typeof value !== 'number') throw invalid('Not a valid string.', attr)
  const trimmed = String(value).trim()
  if (trimmed === '') throw invalid('This field may not be blank.', attr, 'blank')
  if (trimmed.length > max) {
    throw invalid(`Ensure this field has no more than ${max} characters.`, attr, 'max_length')
  }
  return trimmed
}

/** A boolean in any of the spellings the framework takes. */
export const flag = (value: unknown, attr: string): boolean => {
  if (value === null) throw nullish(attr)
  const spelling = String(value).toLowerCase()
  if (['true', 't', 'yes', 'y', 'on', '1'].includes(spelling)) return true
  if (['false', 'f', 'no', 'n', 'off', '0'].includes(spelling)) return false
  throw invalid('Must be a valid boolean.', attr)
}

/** A JSON object given for a field. */
export const dictionary = (value: unknown, attr: string): Body => {
  if (value === null) throw nullish(attr)
  if (isObject(value)) return value
  throw invalid(`Expected a dictionary of items but got type "${kindOf(value)}".`, attr, 'not_a_dict')
}

/** A list given for a field. */
export const list = (value: unknown, attr: string): readonly unknown[] => {
  if (value === undefined) throw required(attr)
  if (value === null) throw nullish(attr)
  if (Array.isArray(value)) return value
  throw invalid(`Expected a list of items but got type "${kindOf(value)}".`, attr, 'not_a_list')
}

/** A whole number of at least `min`; digits in a string count. */
export const integer = (value: unknown, attr: string, min: number): number => {
  const number = typeof value === 'string' && /^-?\d+$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw invalid('A valid integer is required.', attr)
  }
  if (number < min) throw invalid(`Ensure this value is greater than or equal to ${min}.`, attr, 'min_value')
  return number
}

/** Whether a text is a UUID in a form the framework accepts, and its canonical form. */
export const toUuid = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined
  const hex = value.replace(/-/g, '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Whether `name` holds every word of a search, case aside (fact sheet: tables 2.3). */
export const matches = (name: string, search: string | null): boolean =>
  (search ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => name.toLowerCase().includes(word))
