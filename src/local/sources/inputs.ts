import { type Body, isObject } from '../fields.ts'
import type { Inputs } from './source-state.ts'
import { WIZARD } from './wizard-entries.ts'
import type { PlainField, TunnelField, WizardField } from './wizard-fields.ts'

/** What a source is set up with, or why it cannot be. */
export type Checked =
  | { readonly inputs: Inputs; readonly errors?: never }
  | { readonly inputs?: never; readonly errors: readonly string[] }

// Upstream's configuration classes name the database before the port (fact sheet: external-data-sources 9, #4).
const FIRST = ['host', 'database', 'user', 'password', 'port']

const inOrder = (fields: readonly WizardField[]): readonly WizardField[] => [
  ...FIRST.flatMap((name) => fields.filter((field) => field.name === name)),
  ...fields.filter(({ name }) => !FIRST.includes(name)),
]

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === ''

const missing = (name: string): string => `Required field '${name}' is missing`

const wrong = (name: string): string => `Field '${name}' has an invalid value`

/** A switch in any of the spellings upstream reads; undefined for anything else. */
export const toFlag = (value: unknown): boolean | undefined => {
  const spelling = String(value).toLowerCase()
  if (spelling === 'true') return true
  return spelling === 'false' ? false : undefined
}

const isPort = (value: unknown): boolean => /^\d+$/.test(String(value).trim())

const checkPlain = (field: PlainField, value: unknown): readonly string[] => {
  if (isBlank(value)) return field.required ? [missing(field.name)] : []
  if (field.type === 'number') return isPort(value) ? [] : [wrong(field.name)]
  return typeof value === 'string' || typeof value === 'number' ? [] : [wrong(field.name)]
}

/** The keys must be there once the object is, null or not (fact sheet: external-data-sources 8, #30). */
const checkTunnel = (field: TunnelField, value: unknown): readonly string[] => {
  if (isBlank(value)) return []
  if (!isObject(value)) return [wrong(field.name)]
  const absent = ['host', 'port'].filter((name) => value[name] === undefined).map(missing)
  if (absent.length > 0) return absent
  return isBlank(value.port) || isPort(value.port) ? [] : [wrong('port')]
}

const checkField = (field: WizardField, value: unknown): readonly string[] => {
  switch (field.type) {
    case 'ssh-tunnel':
      return checkTunnel(field, value)
    case 'switch-group':
      return isBlank(value) || isObject(value) ? [] : [wrong(field.name)]
    case 'select': {
      // A choice has a default, so only one that does not exist is a mistake.
      const chosen = isObject(value) ? value.selection : value
      const spelling = String(chosen).toLowerCase()
      const known = isBlank(chosen) || field.options.some(({ value }) => value.toLowerCase() === spelling)
      return known ? [] : [wrong(field.name)]
    }
    case 'file-upload':
      if (isBlank(value)) return [missing(field.name)]
      return isObject(value) ? [] : [wrong(field.name)]
    case 'oauth':
      if (isBlank(value)) return field.required ? [missing(field.name)] : []
      return isPort(value) ? [] : [wrong(field.name)]
    case 'oauth-account-select':
      return isBlank(value) && field.required ? [missing(field.name)] : []
    default:
      return checkPlain(field, value)
  }
}

const keptTunnel = (value: unknown): unknown => {
  if (!isObject(value)) return null
  const auth = isObject(value.auth) ? value.auth : {}
  const requireTls = isObject(value.require_tls) ? toFlag(value.require_tls.enabled) : undefined
  return {
    enabled: toFlag(value.enabled) ?? false,
    host: value.host ?? null,
    port: value.port ?? null,
    auth: {
      selection: auth.selection ?? auth.type ?? null,
      username: auth.username ?? null,
      password: auth.password ?? null,
      private_key: auth.private_key ?? null,
      passphrase: auth.passphrase ?? null,
    },
    require_tls: { enabled: requireTls ?? true },
  }
}

const kept = (field: WizardField, value: unknown): unknown => {
  if (field.type === 'ssh-tunnel') return keptTunnel(value)
  if (field.type === 'select' && field.converter === 'str_to_bool') return toFlag(value) ?? true
  if (field.type === 'number' && !isBlank(value)) return Number(value)
  return isBlank(value) ? null : value
}

/** Reads the connection settings of a type out of a body; keys it does not declare are dropped. */
export const checkInputs = (sourceType: string, body: Body): Checked => {
  const fields = WIZARD.get(sourceType)?.fields ?? []
  const errors = inOrder(fields).flatMap((field) => checkField(field, body[field.name]))
  if (errors.length > 0) return { errors }
  return { inputs: Object.fromEntries(fields.map((field) => [field.name, kept(field, body[field.name])])) }
}

/** The text for inputs that do not fit their type. */
export const toInputsText = (errors: readonly string[]): string => `Invalid source config: ${errors.join(', ')}`
