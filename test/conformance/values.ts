/** What a row calls `<name>`. */
export type Values = Readonly<Record<string, unknown>>

const lookUp = (values: Values, name: string): unknown => {
  const value = values[name]
  if (value === undefined) throw new Error(`nothing is called <${name}>`)
  return value
}

const NAME = /<([a-zA-Z_.]+)>/

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/**
 * Puts values in the place of their names, deep in lists and objects. A text that is nothing but a name becomes the
 * value itself, a number too. The matchers of the expected side are left as they are, and so are names in them.
 */
export const fill = (data: unknown, values: Values): unknown => {
  if (typeof data === 'string') {
    const whole = new RegExp(`^${NAME.source}$`).exec(data)?.[1]
    if (whole !== undefined) return lookUp(values, whole)
    return data.replaceAll(new RegExp(NAME, 'g'), (_, name: string) => String(lookUp(values, name)))
  }
  if (Array.isArray(data)) return data.map((each) => fill(each, values))
  if (!isPlain(data)) return fillMatcher(data, values)
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, fill(value, values)]))
}

/** A value by its path, such as `results.0.id`. */
export const pick = (body: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((found, name) => {
    // Arrays are indexed by name as well; what is not there is undefined.
    return typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[name] : undefined
  }, body)

/** Vitest's asymmetric matchers keep what they compare with in `sample`; members with names in it are filled too. */
const fillMatcher = (data: unknown, values: Values): unknown => {
  if (typeof data !== 'object' || data === null || !('sample' in data)) return data
  const { sample } = data
  if (!isPlain(sample) && !Array.isArray(sample)) return data
  return Object.assign(Object.create(Object.getPrototypeOf(data)), data, { sample: fill(sample, values) })
}
