import type { Json } from '../operation.ts'
import { countHidden } from '../text/hidden.ts'
import { type FormField, isBranching, type TextField } from './fields.ts'
import { pathOf } from './read-form.ts'

/** A form with values in it, and what had no place there. */
export interface Prefilled {
  readonly fields: readonly FormField[]
  /** Paths of values that no field shows. */
  readonly left: readonly string[]
}

/**
 * Puts the values that a call gave into a form, so that a person sees and may change each. Secrets among them have no
 * place: they are typed.
 */
export const prefill = (
  fields: readonly FormField[],
  given: Json,
  at: string,
  by: 'assistant' | 'stored',
): Prefilled => {
  const left: string[] = []
  const known = new Set(fields.map(({ name }) => name))
  const filled = fields.map((field) => {
    const value = given[field.name]
    if (value === undefined || value === null || value === '') return field
    const one = fillOne(field, value, pathOf(at, field.name), by)
    left.push(...one.left)
    return one.field
  })
  left.push(
    ...Object.keys(given)
      .filter((name) => !known.has(name))
      .map((name) => pathOf(at, name)),
  )
  return { fields: filled, left }
}

interface One {
  readonly field: FormField
  readonly left: readonly string[]
}

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

// Any object that is no list has string keys.
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** All of what the assistant gave, which a line of a form may cut, and what it stands instead of. */
const toCaption = ({ caption, value: before }: TextField, value: string, by: 'assistant' | 'stored') => {
  if (by === 'stored' || value === before) return caption
  const was = before === '' ? '' : `, instead of ${before}`
  return [caption, `Given by the assistant${was}: ${value}`].filter((words) => words !== undefined).join(' ')
}

const fillOne = (field: FormField, value: unknown, path: string, by: 'assistant' | 'stored'): One => {
  const misfit: One = { field, left: [path] }
  switch (field.kind) {
    case 'text':
      // What nobody sees could make another host of what they see.
      if (!isPlain(value) || field.secret || countHidden(String(value)) > 0) return misfit
      return { field: { ...field, value: String(value), caption: toCaption(field, String(value), by) }, left: [] }
    case 'file':
      return misfit
    case 'switch': {
      if (!isObject(value)) return misfit
      const { enabled, ...rest } = value
      const inner = prefill(field.fields, rest, path, by)
      return { field: { ...field, on: /^true$/i.test(String(enabled)), fields: inner.fields }, left: inner.left }
    }
    case 'choice': {
      if (!isBranching(field)) {
        const chosen = (Array.isArray(value) ? value : [value]).map(String)
        const isKnown = chosen.every((one) => field.options.some((option) => option.value === one))
        return isKnown ? { field: { ...field, chosen }, left: [] } : misfit
      }
      const { selection, ...rest } = isObject(value) ? value : { selection: value }
      const option = field.options.find((one) => one.value === String(selection))
      if (option === undefined) return misfit
      const inner = prefill(option.fields, rest, path, by)
      const options = field.options.map((one) => (one === option ? { ...one, fields: inner.fields } : one))
      return { field: { ...field, chosen: [option.value], options }, left: inner.left }
    }
  }
}

/** The same form where blank secrets and files keep what is stored. */
export const keepingStored = (fields: readonly FormField[]): readonly FormField[] => fields.map(keepStored)

const keepStored = (field: FormField): FormField => {
  switch (field.kind) {
    case 'text': {
      if (!field.secret) return field
      const caption = [field.caption, 'Blank keeps what is stored.'].filter((words) => words !== undefined).join(' ')
      return { ...field, required: false, caption }
    }
    case 'file':
      return { ...field, required: false, caption: 'None keeps what is stored.' }
    case 'switch':
      return { ...field, fields: keepingStored(field.fields) }
    case 'choice':
      return { ...field, options: field.options.map((option) => ({ ...option, fields: keepingStored(option.fields) })) }
  }
}
