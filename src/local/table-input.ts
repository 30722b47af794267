import { invalid, notFound } from './errors.ts'
import { type Body, dictionary, flag, isObject, notChoice, nullish, required, text } from './fields.ts'
import { isSeedEra, nameTaken, orCrash } from './seed-era.ts'
import type { TableRecord } from './state.ts'
import { checkUrl } from './url-rules.ts'
import { isTaken, type World } from './world.ts'

/** The values of the `format` enum (fact sheet: tables 2.1). */
export const FORMATS = ['CSV', 'CSVWithNames', 'Parquet', 'JSONEachRow', 'Delta', 'DeltaS3Wrapper'] as const

/** The writable fields of a table, checked. A missing key was not sent. */
export interface TableInput {
  readonly deleted?: boolean
  readonly name?: string
  readonly format?: (typeof FORMATS)[number]
  readonly urlPattern?: string
  readonly credential?: { readonly accessKey?: string; readonly accessSecret?: string }
  readonly options?: Body
}

/** Which fields must be there: all (create, PUT) or none (PATCH), and the table that is being changed. */
export interface Against {
  readonly partial: boolean
  readonly table?: TableRecord
}

/** Narrows a text to one of the formats. */
export const isFormat = (value: unknown): value is (typeof FORMATS)[number] =>
  FORMATS.some((format) => format === value)

const absent = (value: unknown, against: Against): boolean => value === undefined && against.partial

const readName = (world: World, project: number, value: unknown, against: Against): string => {
  const name = text(value, 'name', 128)
  if (name !== against.table?.name && isTaken(world, project, name, against.table?.id)) {
    throw invalid(nameTaken(world), 'name')
  }
  return name
}

const readFormat = (value: unknown): (typeof FORMATS)[number] => {
  if (value === undefined) throw required('format')
  if (value === null) throw nullish('format')
  if (!isFormat(value)) throw notChoice(value, 'format')
  return value
}

/** A table without keys lies in PostHog's storage: its address may be repeated, not moved. */
const readUrl = async (world: World, value: unknown, against: Against): Promise<string> => {
  const pattern = text(value, 'url_pattern', 500)
  const { table } = against
  if (table?.credential === null && !isSeedEra(world)) {
    if (pattern === table.urlPattern) return pattern
    throw invalid('PostHog manages where this table reads from, so its URL pattern cannot be changed.', 'url_pattern')
  }
  await checkUrl(pattern, world.files, isSeedEra(world))
  return pattern
}

const readCredential = (value: unknown, against: Against): NonNullable<TableInput['credential']> => {
  if (value === undefined) throw required('credential')
  if (value === null) throw nullish('credential')
  if (!isObject(value)) throw invalid('Invalid data. Expected a dictionary.', 'credential')
  const key = absent(value.access_key, against) ? undefined : text(value.access_key, 'credential__access_key')
  const secret = absent(value.access_secret, against)
    ? undefined
    : text(value.access_secret, 'credential__access_secret')
  return { ...(key === undefined ? {} : { accessKey: key }), ...(secret === undefined ? {} : { accessSecret: secret }) }
}

const readOptions = (value: unknown): Body => {
  const options = dictionary(value, 'options')
  const quotes = options.csv_allow_double_quotes
  if (quotes === undefined) return options
  return { ...options, csv_allow_double_quotes: flag(quotes, 'options__csv_allow_double_quotes') }
}

/**
 * Checks a request body in the serializer's field order; the first failure is the one reported
 * (fact sheet: tables 2.3, 6.5). May ask the DNS. Throws 400.
 */
export const readTable = async (world: World, project: number, body: Body, against: Against): Promise<TableInput> => {
  const deleted = body.deleted === undefined || body.deleted === null ? undefined : flag(body.deleted, 'deleted')
  const name = absent(body.name, against) ? undefined : readName(world, project, body.name, against)
  const format = absent(body.format, against) ? undefined : readFormat(body.format)
  const url = absent(body.url_pattern, against) ? undefined : await readUrl(world, body.url_pattern, against)
  const credential = absent(body.credential, against) ? undefined : readCredential(body.credential, against)
  const options = body.options === undefined ? undefined : readOptions(body.options)
  if (credential !== undefined && against.table?.credential === null) {
    throw orCrash(world, invalid('PostHog manages the storage of this table, so it takes no access key.'))
  }
  return {
    ...(deleted === undefined ? {} : { deleted }),
    ...(name === undefined ? {} : { name }),
    ...(format === undefined ? {} : { format }),
    ...(url === undefined ? {} : { urlPattern: url }),
    ...(credential === undefined ? {} : { credential }),
    ...(options === undefined ? {} : { options }),
  }
}

/** The live table with this id in a project. Throws 404. */
export const findTable = (world: World, project: number, id: string): TableRecord => {
  const table = world.store.state.tables.find(
    (candidate) => candidate.id === id.toLowerCase() && candidate.project === project && !candidate.deleted,
  )
  if (table === undefined) throw notFound()
  return table
}
