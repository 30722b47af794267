import { invalid, saying } from '../errors.ts'
import { type Body, dictionary, flag, isObject, list, notChoice, nullish, required, text, toUuid } from '../fields.ts'
import { SOURCE_TYPES } from './source-types.ts'

/** The body of a create, read as the serializer does (fact sheet: external-data-sources 2.2). */
export interface CreateInput {
  readonly sourceType: string
  readonly payload: Body
  readonly prefix: string | null
  readonly description: string | null
  readonly accessMethod: 'warehouse' | 'direct'
  readonly createdVia: 'web' | 'api' | 'mcp'
  readonly directQueryEnabled: boolean
}

/** A text that may be absent, null or blank: all of these are null. */
export const optionalText = (value: unknown, attr: string, max: number): string | null => {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && value.trim() === '') return null
  return text(value, attr, max)
}

const choice = <T extends string>(value: unknown, attr: string, choices: readonly T[], otherwise: T): T => {
  if (value === undefined) return otherwise
  if (value === null) throw nullish(attr)
  const found = choices.find((one) => one === value)
  if (found === undefined) throw notChoice(value, attr)
  return found
}

const checkDestinations = (value: unknown): void => {
  if (value === undefined) return
  const ids = list(value, 'destination_ids')
  if (ids.length === 0) {
    throw invalid('Pick at least one destination. Leave the field out for the PostHog warehouse.', 'destination_ids')
  }
  if (ids.some((id) => toUuid(id) === undefined)) throw invalid('Must be a valid UUID.', 'destination_ids')
}

/** How rows are read; both words exist, one is served. Throws 400. */
export const readAccessMethod = (value: unknown): 'warehouse' | 'direct' =>
  choice(value, 'access_method', ['warehouse', 'direct'], 'warehouse')

/** Reads a create's body, field by field. Throws 400. */
export const readCreate = (body: Body): CreateInput => {
  const { source_type: type } = body
  if (type === undefined) throw required('source_type')
  if (type === null) throw nullish('source_type')
  if (typeof type !== 'string' || !SOURCE_TYPES.includes(type)) throw notChoice(type, 'source_type')
  if (body.payload === undefined) throw required('payload')
  const payload = dictionary(body.payload, 'payload')
  const input: CreateInput = {
    sourceType: type,
    payload: trimmed(payload),
    prefix: optionalText(body.prefix, 'prefix', 100),
    description: optionalText(body.description, 'description', 400),
    accessMethod: readAccessMethod(body.access_method),
    createdVia: choice(body.created_via, 'created_via', ['web', 'api', 'mcp'], 'api'),
    directQueryEnabled:
      body.direct_query_enabled === undefined ? false : flag(body.direct_query_enabled, 'direct_query_enabled'),
  }
  checkDestinations(body.destination_ids)
  return input
}

const trimmed = (payload: Body): Body =>
  Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  )

/** References that whoever sent them should have resolved (fact sheet: external-data-sources 2.2, #2). */
export const checkReferences = (payload: Body): void => {
  const open = Object.entries(payload).filter(([, value]) => isObject(value) && value.secretRef !== undefined)
  if (open.length === 0) return
  const names = open.map(([name]) => name).sort()
  throw saying(`Unresolved secret reference(s) for: ${names.join(', ')}. Send the values themselves.`)
}

// Fact sheet: external-data-sources 2.2, #6.
const LIVE = ['Postgres', 'MySQL', 'Snowflake', 'Redshift', 'ClickHouse', 'ClickhouseCloud', 'Motherduck', 'Trino']

/** What a direct source must be; the local warehouse then refuses it all the same. Throws 400. */
export const checkDirect = (sourceType: string, prefix: string | null): void => {
  if (!LIVE.includes(sourceType)) {
    throw saying(
      'Direct query mode is currently supported only for Postgres, MySQL, Snowflake, Redshift, ClickHouse, MotherDuck, and Trino sources.',
    )
  }
  if (prefix === null) throw saying('Name is required for direct query sources')
}

/** The end of the road for a direct source. Throws 400. */
export const refuseDirect = (): never => {
  throw saying('The local warehouse queries no source directly; PostHog does. Use access_method "warehouse".')
}
