import type { Json } from '../operation.ts'

/** A JSON object, or an empty one. */
export const toObject = (value: unknown): Json =>
  // A non-null object that is no array is a Json by definition.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** The objects in an array, or none. */
export const toObjects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(toObject) : [])

/** A text with something in it. */
export const toText = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined

/** A number that is one. */
export const toNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** What optional properties leave out where they are undefined. */
export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The fields that have a value. */
export const defined = <T extends object>(fields: T): Defined<T> =>
  // Object.entries forgets the keys; what is left has the same ones, less the undefined.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
