import type { Json } from './operation.ts'
import { createMasking } from './secret-forms.ts'
import { readReference } from './secrets/reference.ts'
import { withoutHidden } from './text/hidden.ts'

/** What stands where a secret stood. */
export const MASK = '***'

/** Fields that are secrets whatever operation they appear in, in snake_case, camelCase or run together. */
const SECRET_NAMES =
  /(^|[a-z0-9_-])(password|passwd|passphrase|pass|pwd|secret|token|api[_-]?key|private[_-]?key([_-]?id)?|access[_-]?key([_-]?id)?|secret[_-]?key|connection[_-]?string)([_-]?backup)?$/i

/** Whether a field of this name is a secret wherever it appears. */
export const isSecretField = (name: string): boolean => SECRET_NAMES.test(name)

/** Fields whose text PostHog does not mask (fact sheet: external data sources 4). */
const FREE_TEXT = /^(latest_error|error|error_message|message|detail|exception|status_message|warning|says)$/

/**
 * Credentials recognisable by their form alone. Whatever may repeat is bounded where it need not be there: replies are
 * untrusted, and an unbounded search from every place of a text is quadratic. None takes the mark along that closes a
 * quote.
 */
const BY_FORM: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z0-9 ]{0,30}(PRIVATE KEY|CERTIFICATE)[A-Z0-9 ]{0,30}-----[\s\S]*?(-----END [A-Z0-9 ]{0,60}-----|$)/g,
    MASK,
  ],
  // Up to the last @ of the run: passwords hold @, quotes and slashes that nobody escaped.
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{0,200}:\S{0,400}@/gi, `$1${MASK}@`],
  [
    /([?&][\w.-]{0,40}(?:token|secret|password|signature|api_?key)[\w.-]{0,40}=)(?:[^&\s"'<>”]|”(?![\s.,:;)]|$))+/gi,
    `$1${MASK}`,
  ],
  [/\bBasic\s+(?=[A-Za-z0-9+/]{0,400}[0-9+/=])[A-Za-z0-9+/]{8,}={0,2}/g, `Basic ${MASK}`],
  [/\bph[xars]_[A-Za-z0-9_-]{6,}/g, MASK],
  [/\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}/g, MASK],
  [/\bAIza[A-Za-z0-9_-]{30,}/g, MASK],
  [/\b(sk|rk|whsec|pk)_(live|test)?_?[A-Za-z0-9]{16,}/g, MASK],
  [/\b(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|ya29\.)[A-Za-z0-9_.-]{10,}/g, MASK],
  [/\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]*/g, MASK],
  [/\bBearer\s+[A-Za-z0-9._~+/=-]{6,}/gi, `Bearer ${MASK}`],
  [
    /\b(X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)|sig|AWSAccessKeyId|AccountKey|SharedAccessKey|Signature)=(?:[^&\s"'<>;”]|”(?![\s.,:;)]|$))+/g,
    `$1=${MASK}`,
  ],
]

/**
 * `db_password=…`, `pwd: …`, `"secret": "…"`: only in free text, since SQL compares columns of such names. A value
 * with spaces is taken whole where another `;key=` shows that it is one of a connection string.
 */
const BY_LABEL =
  /((?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key)[\w-]{0,40})(\\?["']?\s{0,20}[:=]\s{0,20})("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^;\n"']{1,200}(?=;\s*[\w ]{1,40}=)|(?:[^\s,;&)}\]”]|”(?![\s.,:;)]|$))+)/gi

/**
 * Masks the given values in every form they may come back in, and whatever looks like a credential. Hidden characters go
 * first: with one in its middle a secret would not be known, and whole again for whoever reads it.
 */
export interface Redactor {
  /** Free text: an error, a log line, a body that is not JSON. */
  text(text: string): string
  /** Sentences of our own: known secrets and credentials by form, but not whatever follows the word `password:`. */
  sentence(text: string): string
  /** A JSON value; `reveals` are the fields kept because they are the purpose of the call, `names` further secret ones. */
  value(value: unknown, options?: { readonly reveals?: readonly string[]; readonly names?: readonly string[] }): unknown
}

/** Texts up to this length are names and types, which come again and again; so many of them are remembered. */
const SHORT = 64
const MOST_REMEMBERED = 10_000

/** Looking for a dozen forms takes longer than looking a text up: a schema has thousands of names. */
const remembering = (mask: (text: string) => string): ((text: string) => string) => {
  const known = new Map<string, string>()
  return (text) => {
    if (text.length > SHORT) return mask(text)
    const before = known.get(text)
    if (before !== undefined) return before
    const clean = mask(text)
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(text, clean)
    return clean
  }
}

/** A redactor of these secrets. */
export const createRedactor = (secrets: readonly string[]): Redactor => redactWith(maskingOf(secrets))

/** Redactors for calls: of the server's key, whose many forms are worked out once, and each call's own secrets. */
export const createRedactors = (key: string): ((secrets: readonly string[]) => Redactor) => {
  const maskKey = maskingOf([key])
  return (secrets) => (secrets.length === 0 ? redactWith(maskKey) : createRedactor([key, ...secrets]))
}

/** Texts are looked through without what is hidden in them, so secrets are too; escapes may spell it out all the same. */
const maskingOf = (secrets: readonly string[]) => createMasking([...secrets, ...secrets.map(withoutHidden)], MASK)

const redactWith = (maskKnown: (text: string) => string): Redactor => {
  const certain = remembering((text) => {
    let clean = maskKnown(withoutHidden(text))
    for (const [form, mask] of BY_FORM) clean = clean.replace(form, mask)
    return clean
  })
  const free = (text: string): string => certain(text).replace(BY_LABEL, `$1$2${MASK}`)
  const walk = (value: unknown, name: string, reveals: readonly string[], names: readonly string[]): unknown => {
    if (reveals.includes(name)) return typeof value === 'string' ? withoutHidden(value) : value
    if (SECRET_NAMES.test(name) || names.includes(name)) return maskLeaves(value)
    if (typeof value === 'string') return FREE_TEXT.test(name) ? free(value) : certain(value)
    if (Array.isArray(value)) return value.map((item) => walk(item, name, reveals, names))
    if (typeof value !== 'object' || value === null) return value
    return renamed(
      Object.entries(value).map(([key, item]) => [key, certain(key), walk(item, withoutHidden(key), reveals, names)]),
    )
  }
  return {
    text: free,
    sentence: certain,
    value: (value, { reveals = [], names = [] } = {}) => walk(value, '', reveals, names),
  }
}

/** An object whose fields may have got other names; none takes the place of another. */
export const renamed = (fields: readonly (readonly [was: string, is: string, item: unknown])[]): Json => {
  if (fields.every(([was, is]) => was === is)) return Object.fromEntries(fields.map(([, is, item]) => [is, item]))
  const taken = new Map(fields.filter(([was, is]) => was === is).map(([, is]) => [is, 1]))
  const free = (is: string): string => {
    const count = (taken.get(is) ?? 0) + 1
    taken.set(is, count)
    return count === 1 ? is : free(`${is} (${count})`)
  }
  return Object.fromEntries(fields.map(([was, is, item]) => [was === is ? is : free(is), item]))
}

/** Everything below a secret's name; a boolean there only says whether something is secret. */
const maskLeaves = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(maskLeaves)
  if (typeof value === 'object' && value !== null)
    return renamed(Object.entries(value).map(([key, item]) => [key, withoutHidden(key), maskLeaves(item)]))
  return (typeof value === 'string' && value !== '') || typeof value === 'number' ? MASK : value
}

/** Payload fields that are settings, not secrets; any other leaf of a payload is treated as one. */
const HARMLESS =
  /^(source_type|auth_method|auth_type|client_email|token_uri|instance_url|okta_domain|host|port|database|dbname|schema|schemas|name|label|user|username|selection|enabled|account_id|warehouse|role|region|dataset_id|subdomain|email_address|spreadsheet_url|using_ssl|prefix|description|should_sync|sync_type|sync_time_of_day|incremental_field(_type|_lookback_seconds)?|primary_key_columns|enabled_columns|row_filters|column|operator|cdc_[a-z_]+|repositories|repository|project_id|credential_id|[a-z_]*integration_id|stripe_account_id)$/

/**
 * The secret values of one call's arguments, by the dotted paths a record declares; `payload.*` takes every leaf
 * below that is not plainly a setting.
 */
export const secretsIn = (input: Json, paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const [head = '', ...rest] = path.split('.')
    return leaves(input[head], head, rest)
  })

/**
 * Whether a leaf of a payload is taken for a secret: by its name, or because nothing says that it is none. Short
 * numbers and dates are settings: masking them would tear ids and times apart.
 */
const isSecretLeaf = (name: string, value: string): boolean =>
  SECRET_NAMES.test(name) ||
  !(HARMLESS.test(name) || /^(true|false|\d{1,5}|\d{4}-\d{2}-\d{2}[\dT:.Z+-]*)$/i.test(value))

const leaves = (value: unknown, name: string, path: readonly string[]): readonly string[] => {
  if (typeof value === 'string') return path[0] !== '*' || isSecretLeaf(name, value) ? [value] : []
  if (typeof value === 'number') return path[0] !== '*' || isSecretLeaf(name, String(value)) ? [String(value)] : []
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, name, path))
  // The name of a secret is none.
  if (typeof value !== 'object' || value === null || readReference(value) !== undefined) return []
  const [step, ...rest] = path
  return Object.entries(value).flatMap(([key, item]) => {
    if (step === undefined || step === '*') return leaves(item, key, ['*'])
    return step === key ? leaves(item, key, rest) : []
  })
}
