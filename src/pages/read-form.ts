import type { Json } from '../operation.ts'
import { type ChoiceField, type FileField, type FormField, isBranching, type TextField } from './fields.ts'

/** What a browser sent, by the path of the field: texts, and files as text. */
export type Submitted = ReadonlyMap<string, readonly string[]>

/** What a form came to. */
export interface FormReading {
  readonly values: Json
  /** Those of them that are never to be repeated. */
  readonly secrets: readonly string[]
  /** What is wrong, by the path of the field; empty where nothing is. */
  readonly wrong: ReadonlyMap<string, string>
  /** The same fields as they were filled in, without the secrets. */
  readonly fields: readonly FormField[]
}

/** Characters of one text, and of one file. */
const LONGEST = 65_536

/** Where a field is among all of a form. */
export const pathOf = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`)

/** Where the fields of an option are: two options may have fields of one name. */
export const branchOf = (path: string, option: string): string => `${path}=${option}`

/** Reads what was filled in; fields that do not count are not looked at. */
export const readForm = (fields: readonly FormField[], submitted: Submitted): FormReading => {
  const wrong = new Map<string, string>()
  const secrets: string[] = []
  const walk = (some: readonly FormField[], at: string) => {
    const values: Json = {}
    const kept = some.map((field) => {
      const path = pathOf(at, field.name)
      const { value, field: filled } = readOne(field, path)
      if (value !== undefined) values[field.name] = value
      return filled
    })
    return { values, fields: kept }
  }
  const readOne = (field: FormField, path: string): { readonly value: unknown; readonly field: FormField } => {
    const given = submitted.get(path) ?? []
    switch (field.kind) {
      case 'text':
        if (field.secret) secrets.push(given[0] ?? '')
        return readTextField(field, given[0] ?? '', (why) => wrong.set(path, why))
      case 'file':
        return { value: readFile(field, given[0] ?? '', (why) => wrong.set(path, why)), field }
      case 'switch': {
        const on = given.length > 0
        // One that nobody touched is left as it is.
        if (!on) return { value: field.on ? field.off : undefined, field: { ...field, on } }
        const inner = walk(field.fields, path)
        return { value: { enabled: true, ...inner.values }, field: { ...field, on, fields: inner.fields } }
      }
      case 'choice':
        return readChoice(field, given, path)
    }
  }
  const readChoice = (field: ChoiceField, given: readonly string[], path: string) => {
    const chosen = field.options.filter(({ value }) => given.includes(value))
    const filled = { ...field, chosen: chosen.map(({ value }) => value) }
    const [first] = chosen
    if (first === undefined) {
      if (field.required) wrong.set(path, 'Choose one.')
      return { value: undefined, field: filled }
    }
    if (field.multiple) return { value: filled.chosen, field: filled }
    if (!isBranching(field)) return { value: first.value, field: filled }
    const inner = walk(first.fields, branchOf(path, first.value))
    const options = field.options.map((option) => (option === first ? { ...option, fields: inner.fields } : option))
    return { value: { selection: first.value, ...inner.values }, field: { ...filled, options } }
  }
  const { values, fields: filled } = walk(fields, '')
  return { values, secrets: secrets.filter((one) => one !== ''), wrong, fields: filled }
}

type Wrong = (why: string) => void

const readTextField = (field: TextField, given: string, wrong: Wrong) => {
  // Browsers send line breaks as two characters; passwords may have space at their ends.
  const text = field.type === 'textarea' ? given.replaceAll('\r\n', '\n') : given
  const value = field.secret ? text : text.trim()
  if (value === '' && field.required) wrong('Fill this in.')
  if (value.length > LONGEST) wrong(`This is longer than ${LONGEST} characters.`)
  if (field.type === 'number' && value !== '' && !/^-?\d{1,15}$/.test(value)) wrong('This is a whole number.')
  // A field that was cleared is told so; one that never had anything is left out.
  const told = value === '' ? (field.value === '' || field.secret ? undefined : '') : value
  return {
    value: field.type === 'number' && /^-?\d{1,15}$/.test(value) ? Number(value) : told,
    field: { ...field, value: field.secret ? '' : value },
  }
}

const readFile = ({ required, keys }: FileField, text: string, wrong: Wrong): unknown => {
  if (text === '') {
    if (required) wrong('Choose the file.')
    return undefined
  }
  const read = text.length > LONGEST ? undefined : parse(text)
  if (read === undefined) {
    wrong('This is no JSON file of that kind.')
    return undefined
  }
  if (keys === '*') return read
  const missing = keys.filter((key) => read[key] === undefined)
  if (missing.length > 0) wrong(`The file has no ${missing.join(', ')}.`)
  return Object.fromEntries(keys.map((key) => [key, read[key]]))
}

const parse = (text: string): Json | undefined => {
  try {
    const read: unknown = JSON.parse(text)
    // Any object read from JSON that is no list has string keys.
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Json) : undefined
  } catch {
    return undefined
  }
}
