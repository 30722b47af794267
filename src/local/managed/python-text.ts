/** A time in milliseconds as Python's `isoformat` writes it: microseconds unless there are none, and an offset. */
export const pythonTime = (time: number): string =>
  new Date(time).toISOString().replace('.000Z', '+00:00').replace('Z', '000+00:00')

const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** JSON as Python's `dumps` writes it with sorted keys: a blank after commas and colons, and only ASCII. */
export const pythonJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'string') return ascii(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([key, each]) => `${ascii(key)}: ${pythonJson(each)}`).join(', ')}}`
}
