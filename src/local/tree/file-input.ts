import { invalid } from '../errors.ts'
import { type Body, flag, nullish, text } from '../fields.ts'
import type { FileRecord } from './tree-state.ts'

/** The writable fields of a row, checked. A missing key was not sent. */
export type FileInput = Partial<Pick<FileRecord, 'path' | 'type' | 'ref' | 'href' | 'meta' | 'shortcut'>>

/** A text that may be empty, trimmed. */
const freeText = (value: unknown, attr: string, max: number): string =>
  (typeof value === 'string' || typeof value === 'number') && String(value).trim() === '' ? '' : text(value, attr, max)

const orNull = <T>(value: unknown, read: (value: unknown) => T): T | null => (value === null ? null : read(value))

/** Reads a body; `partial` does without the path. Throws 400s in the order of the fields (files-exports 4.1). */
export const readFile = (body: Body, partial: boolean): FileInput => {
  const { path, type, ref, href, meta, shortcut } = body
  if (type === null) throw nullish('type')
  return {
    ...((path !== undefined || !partial) && { path: text(path, 'path') }),
    ...(type !== undefined && { type: freeText(type, 'type', 100) }),
    ...(ref !== undefined && { ref: orNull(ref, (given) => freeText(given, 'ref', 100)) }),
    ...(href !== undefined && { href: orNull(href, (given) => freeText(given, 'href', Number.POSITIVE_INFINITY)) }),
    ...(meta !== undefined && { meta }),
    ...(shortcut !== undefined && { shortcut: orNull(shortcut, (given) => flag(given, 'shortcut')) }),
  }
}

/** A type and a reference that must both be there. */
export const readTarget = (body: Body): { readonly type: string; readonly ref: string } => ({
  type: text(body.type, 'type', 100),
  ref: text(body.ref, 'ref', 100),
})

/** A whole number from the query; undefined when it was not given. */
export const readLimit = (value: string | null): number | undefined => {
  if (value === null || value === '') return undefined
  if (!/^-?\d+$/.test(value.trim())) throw invalid('A valid integer is required.', 'limit')
  if (Number(value) < 1) throw invalid('Ensure this value is greater than or equal to 1.', 'limit', 'min_value')
  return Number(value)
}
