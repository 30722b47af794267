/** What a secret may be called; a name is shown to models, and names a file. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/** Whether a secret may be called so. */
export const isSecretName = (text: string): boolean => NAME.test(text)

/** Stands in for a secret's value: `{"$secret": "NAME"}`. */
export type ReferenceLike = { readonly name: string } | 'malformed'

/**
 * Reads a reference, also one that a model wrote as text; undefined for anything else. What only resembles one is no
 * value either: nobody has a password of that form, and upstream must not be sent it.
 */
export const readReference = (value: unknown): ReferenceLike | undefined => {
  const read = typeof value === 'string' ? readText(value) : value
  if (typeof read !== 'object' || read === null || !Object.hasOwn(read, '$secret')) return undefined
  const [[, name] = [], ...others] = Object.entries(read)
  return typeof name === 'string' && others.length === 0 && isSecretName(name) ? { name } : 'malformed'
}

const readText = (text: string): unknown => {
  if (!/^\s*\{\s*"\$secret"/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
