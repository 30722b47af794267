import type { Json } from '../operation.ts'
import { isSecretField } from '../redact.ts'
import { readHost, readUrl } from './address.ts'
import type { Address } from './binding.ts'

/** One input that says, or may say, where a call's secrets go. */
export interface Place {
  readonly path: string
  /** Undefined where it cannot be read as one address only; such a place fits nothing. */
  readonly address: Address | undefined
}

/**
 * Settings that name no host, as long as they look like this. Everything else may be one: source types come with every
 * release, and a new type's `server`, `base_url` or `shop` must not be a way around a binding. Nothing here may hold
 * what could complete an address that somebody puts together from parts.
 */
const NO_PLACE: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^((ssh_tunnel_)?(port|enabled)|using_ssl|ssl|sslmode|require_tls|selection|region|[a-z_]*integration_id)$/,
    /^[\w-]*$/,
  ],
  [/^(user|username|client_email|email_address)$/, /^[^\\/?#=;:\p{C}]*$/u],
  [/^(repositories|repository)$/, /^[\w.-]+\/[\w.-]+$|^[\w.-]*$/],
  [
    /^(database|dbname|schema|role|warehouse|auth_method|auth_type|project_id|(temporary_)?dataset_id|dataset_project_id|stripe_account_id|cdc_[a-z_]+)$/,
    /^[^\\/?#=;:@\p{C}]*$/u,
  ],
]
const namesNoPlace = (name: string): RegExp | undefined => NO_PLACE.find(([names]) => names.test(name))?.[1]
const CONNECTION = /(connection[_-]?(string|uri|url)|conn[_-]?str|dsn|jdbc)/i
/** What cannot be a host, whatever it is called. */
const NO_HOST = /^(true|false|none|\d{1,5}|\d{4}-\d{2}-\d{2}([T ][\d:.Z+-]*)?|-----BEGIN [\s\S]*)$/i

/** The place in one leaf, if it is one; `beside` are the fields around it, for its port. */
const placeIn = (name: string, text: string, at: string, beside: Json): Place | undefined => {
  const isUrl = text.includes('://')
  if (CONNECTION.test(name) || (isSecretField(name) && isUrl)) return toPlace(at, readUrl(text, { login: true }))
  if (isSecretField(name)) return undefined
  const plain = namesNoPlace(name)
  if (plain !== undefined) return plain.test(text) ? undefined : toPlace(at, undefined)
  if (NO_HOST.test(text)) return undefined
  if (isUrl) return toPlace(at, readUrl(text, { login: false }))
  const host = readHost(text)
  return toPlace(at, host === undefined ? undefined : { host, port: portOf(name, beside), bucket: undefined })
}

const toPlace = (path: string, address: Address | undefined): Place => ({ path, address })

/** `port` beside `host`, `ssh_tunnel_port` beside `ssh_tunnel_host`. */
const portOf = (name: string, beside: Json): string | undefined => {
  const port = beside[name.replace(/host(name)?$/i, 'port')] ?? beside.port
  return typeof port === 'string' || typeof port === 'number' ? String(port) : undefined
}

/**
 * Every place in the settings of a target, however deep: of a host given twice, each has to fit.
 * @param isMark whether a text only stands for a secret, which is looked at when it is known
 */
export const placesIn = (
  settings: unknown,
  head: string,
  isMark: (value: unknown) => boolean = () => false,
): readonly Place[] => {
  const walk = (value: unknown, name: string, at: string, beside: Json): readonly Place[] => {
    if (Array.isArray(value)) return value.flatMap((item) => walk(item, name, at, beside))
    if (typeof value === 'object' && value !== null)
      // Any non-null object read from JSON has string keys.
      return Object.entries(value).flatMap(([key, item]) => walk(item, key, `${at}.${key}`, value as Json))
    if ((typeof value !== 'string' && typeof value !== 'number') || value === '' || isMark(value)) return []
    const place = placeIn(name, String(value), at, beside)
    return place === undefined ? [] : [place]
  }
  return walk(settings, head, head, {})
}

/** The place that is in a secret's own value, such as the host of a connection string. */
export const placeInSecret = (path: string, value: string): Place | undefined =>
  placeIn(path.split('.').at(-1) ?? '', value, path, {})

/** The place of a target that is one address. */
export const placeOfUrl = (path: string, text: string): Place =>
  toPlace(path, /^https:/i.test(text) ? readUrl(text, { login: false }) : undefined)

const MAY_LEAD = /host|tunnel|url|uri|domain|server|endpoint|address|proxy|manifest|instance|account_id|site/i

/**
 * The settings of a stored target that an update has to state again, so that the secret goes where this call says,
 * and nowhere that somebody else has set a moment ago.
 */
export const unstated = (stored: Json, sent: Json): readonly string[] =>
  Object.entries(stored)
    .filter(([name, value]) => leads(name, value) && !states(sent[name]))
    .map(([name]) => name)

const leads = (name: string, value: unknown): boolean => {
  if (isSecretField(name) && !CONNECTION.test(name)) return false
  if (typeof value === 'object' && value !== null)
    return MAY_LEAD.test(name) || Object.entries(value).some(([key, item]) => leads(key, item))
  return value === null || value === ''
    ? MAY_LEAD.test(name) && namesNoPlace(name) === undefined
    : placesIn({ [name]: value }, '').length > 0
}

/** A part that is switched off leads nowhere; one that is on has to say where. */
const states = (value: unknown): boolean => {
  if (typeof value === 'string') return value.trim() !== ''
  if (typeof value !== 'object' || value === null) return typeof value === 'number'
  if ('enabled' in value && /^false$/i.test(String(value.enabled))) return true
  return placesIn(value, '').length > 0
}
