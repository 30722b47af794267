/** Values this short cannot be told from ordinary text; upstream masks from four characters too. */
const SHORTEST_SECRET = 4
/** A line of a key file that is long enough to be recognised by itself. */
const SHORTEST_LINE = 16
/** Base64 that depends on fewer characters than this may be anybody's. */
const SHORTEST_BASE64 = 6
/** Patterns of longer secrets would be too large to compile; those are looked for in their literal forms only. */
const LONGEST_PATTERN = 2_000

/** Replaces the secrets in a text by `mask`, in whatever encoding they stand there. */
export const createMasking = (secrets: readonly string[], mask: string): ((text: string) => string) => {
  const whole = [...new Set(secrets.flatMap(partsOf))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    // Longest first, so that no tail of one survives where another is its beginning.
    .sort((a, b) => b.length - a.length)
  const patterns = whole.filter((secret) => secret.length <= LONGEST_PATTERN).map((secret) => toPattern(secret))
  const literals = [...new Set(whole.flatMap(literalsOf))].sort((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const pattern of patterns) clean = clean.replace(pattern, mask)
    for (const literal of literals) clean = clean.replaceAll(literal, mask)
    return clean
  }
}

/** The secret, also without the space around it, and each long line of it. */
const partsOf = (secret: string): readonly string[] => [
  secret,
  secret.trim(),
  ...secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_LINE),
]

const literalsOf = (secret: string): readonly string[] => {
  const json = JSON.stringify(secret).slice(1, -1)
  const hex = Buffer.from(secret).toString('hex')
  const long =
    secret.length > LONGEST_PATTERN
      ? [secret, json, encodeURIComponent(secret.replace(/\p{Surrogate}/gu, '\ufffd'))]
      : []
  return [...long, hex, hex.toUpperCase(), ...base64FormsOf(secret), ...(json === secret ? [] : base64FormsOf(json))]
}

/**
 * Base64 shifts by where the secret starts in the encoded text, so each of the three shifts has its own form; only
 * the characters that depend on the secret alone are kept, and those must still be long enough to be its own.
 */
const base64FormsOf = (secret: string): readonly string[] => {
  const bytes = Buffer.from(secret)
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const first = Math.ceil((shift * 8) / 6)
    const last = Math.floor(((shift + bytes.length) * 8) / 6)
    const core = encoded.slice(first, last)
    return core.length < SHORTEST_BASE64 ? [] : [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

/**
 * A pattern in which every character may stand as itself or escaped for URLs (once or twice), JSON (likewise) or
 * HTML. Character by character, because programs differ in which ones they escape: Python's quote keeps the slash
 * and escapes the exclamation mark, JavaScript does the opposite.
 */
const toPattern = (secret: string): RegExp => {
  const parts = secret.match(/\\*[^\\]|\\+$/gsu) ?? []
  // Texts keep joiners and variants where they mean something, which is between characters like these.
  const between = /^\p{ASCII}*$/u.test(secret) ? '' : '[\u200C\u200D\uFE0E\uFE0F\u{E0100}-\u{E010F}]?'
  return new RegExp(parts.map(toPartPattern).join(between), 'gu')
}

/**
 * A character and the backslashes before it. Backslashes are counted once for both: a text that could be divided
 * between two counts in several ways would make the search exponential.
 */
const toPartPattern = (part: string): string => {
  const char = part.replace(/^\\+/, '')
  const slashes = part.length - char.length
  if (slashes === 0) return `(?:${[...plainWaysOf(char), ...waysOf(char, '\\\\{1,3}', '\\\\{0,3}')].join('|')})`
  const before = `(?:(?:%(?:25){0,2}5[cC]){${slashes},${4 * slashes}}|\\\\{${slashes},${4 * slashes + 3}})`
  return char === '' ? before : `${before}(?:${[...plainWaysOf(char), ...waysOf(char, '', '')].join('|')})`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }
const CONTROLS: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' }

/** The ways that need no backslash. Letters and digits are escaped by nobody; that keeps the patterns small. */
const plainWaysOf = (char: string): readonly string[] => {
  if (/[A-Za-z0-9"'/]/.test(char)) return char.match(/[A-Za-z0-9]/) ? [char] : toEscapes(char)
  return [...(char === ' ' ? ['\\+'] : []), char.replace(/[.*+?^${}()|[\]]/g, '\\$&'), ...toEscapes(char)]
}

const toEscapes = (char: string): readonly string[] => {
  const code = char.codePointAt(0) ?? 0
  const inUrl = [...Buffer.from(char)].map((byte) => `%(?:25){0,2}${anyCase(byte.toString(16).padStart(2, '0'))}`)
  const named = ENTITIES[char]
  return [
    ...(named === undefined ? [] : [`&${named};`]),
    inUrl.join(''),
    `&#0*${code};`,
    `&#[xX]0*${anyCase(code.toString(16))};`,
  ]
}

/** The ways that begin with a backslash: `must` are those of an escape, `may` those before a quote or slash. */
const waysOf = (char: string, must: string, may: string): readonly string[] => {
  if (/[A-Za-z0-9]/.test(char)) return []
  const units = [...Array(char.length).keys()].map((at) => char.charCodeAt(at).toString(16).padStart(4, '0'))
  const inJson = units.map((unit, at) => `${at === 0 ? must : '\\\\{1,3}'}u${anyCase(unit)}`).join('')
  const control = CONTROLS[char]
  return [
    ...(/["'/]/.test(char) ? [`${may}${char === '/' ? '\\/' : char}`] : []),
    inJson,
    ...(control === undefined ? [] : [`${must}${control}`]),
  ]
}

const anyCase = (hex: string): string => hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
