import { isObject } from '../fields.ts'
import type { Inputs } from './source-state.ts'
import { WIZARD } from './wizard-entries.ts'
import type { WizardField } from './wizard-fields.ts'

const TUNNEL_SECRETS = ['password', 'passphrase', 'private_key']

/** Whether a field's value must never be read back (fact sheet: external-data-sources 4). */
export const isSecret = (field: WizardField): boolean =>
  field.type === 'file-upload' || ('secret' in field && field.secret)

/** Leaves come back as text, because that is how they are kept encrypted. */
const toLeaf = (value: unknown): unknown => {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return String(value)
}

const showTunnel = (value: unknown): unknown => {
  if (!isObject(value)) return null
  const auth = isObject(value.auth) ? value.auth : {}
  return {
    enabled: toLeaf(value.enabled),
    host: toLeaf(value.host),
    port: toLeaf(value.port),
    auth: { selection: toLeaf(auth.selection), username: toLeaf(auth.username) },
    require_tls: value.require_tls,
  }
}

/** The inputs as they may be read: declared fields that are not secret. */
export const toShownInputs = (sourceType: string, inputs: Inputs): Readonly<Record<string, unknown>> => {
  const fields = WIZARD.get(sourceType)?.fields ?? []
  return Object.fromEntries(
    fields
      .filter((field) => !isSecret(field))
      .map((field) => {
        const value = inputs[field.name]
        return [field.name, field.type === 'ssh-tunnel' ? showTunnel(value) : toLeaf(value)]
      }),
  )
}

const secretsOf = (sourceType: string, inputs: Inputs): readonly string[] => {
  const fields = WIZARD.get(sourceType)?.fields ?? []
  const own = fields.filter(isSecret).map((field) => inputs[field.name])
  const auth = isObject(inputs.ssh_tunnel) && isObject(inputs.ssh_tunnel.auth) ? inputs.ssh_tunnel.auth : {}
  return [...own, ...TUNNEL_SECRETS.map((name) => auth[name])].filter(
    (value): value is string => typeof value === 'string' && value.length >= 4,
  )
}

// Credentials in a URL, and words that announce one.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/(\w+:\/\/[^\s:/@]+:)[^\s@]+@/g, '$1***@'],
  [/\b(password|passwd|pwd|secret|token|api[_-]?key)(\s*[=:]\s*)(?:'[^']*'|"[^"]*"|[^\s,;]+)/gi, '$1$2***'],
]

/** An error as sources and tables show it: stored secrets and what looks like one become `***`. */
export const maskSecrets = (text: string, sourceType: string, inputs: Inputs): string => {
  const secrets = [...secretsOf(sourceType, inputs)].sort((a, b) => b.length - a.length)
  const masked = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return PATTERNS.reduce((rest, [pattern, by]) => rest.replace(pattern, by), masked)
}
