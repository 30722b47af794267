import { z } from 'zod'
import type { Json } from '../src/operation.ts'

/** A PostHog id. `guid`, not `uuid`: PostHog's ids need not carry a valid RFC 9562 variant. */
export const id = z.guid()

/** ` (id …)` behind the name of an object; nothing where a reply has something else than an id there. */
export const withId = ({ id: given }: Json): string => {
  const { data } = id.safeParse(given)
  return data === undefined ? '' : ` (id ${data})`
}

/** Text with something in it; blank strings are refused upstream with less helpful words. */
export const text = z.string().trim().min(1)

/** Inputs of a list that goes on by `offset`. */
export const paging = { limit: z.int().min(1).max(500).optional(), offset: z.int().min(0).optional() }

/** The SQL inside PostHog's `{kind, query}` object, or the value as it is. */
const sqlOf = (value: unknown): unknown => {
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return part(value).query ?? value
  // No SQL starts with a brace, so text that does is the object as text or a mistake that PostHog names.
  try {
    return part(JSON.parse(value)).query ?? value
  } catch {
    return value
  }
}

/** A HogQL text; PostHog's query object is understood too, because models copy it from replies. */
export const sql = z.preprocess(sqlOf, z.string().trim().min(1))

/** PostHog's query object around a HogQL text (fact sheet: tables 3.1). */
export const hogql = (query: string): Json => ({ kind: 'HogQLQuery', query })

/** A nested object of a reply, or an empty one. */
export const part = (value: unknown): Json =>
  // A non-null object that is no array is a Json by definition.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** The rows under `key` of a reply, or none. */
export const rowsOf = (body: Json, key = 'results'): readonly Json[] => {
  const rows = body[key]
  return Array.isArray(rows) ? rows.map(part) : []
}

/** Reasons for leaving out fields that a page only repeats from the resource's own object. */
export const repeated = (fields: readonly string[]): Record<string, string> =>
  Object.fromEntries(fields.map((field) => [field, 'The page repeats the object here; the server does not read it.']))

/** Object with the fields that carry something: undefined and null ones left out. */
export const present = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))

/** Reply fields, all optional: null and absent mean the same once nulls are dropped. */
export const string = z.string().optional()
export const number = z.number().optional()
export const boolean = z.boolean().optional()
export const object = z.looseObject({}).optional()
export const strings = z.array(z.string()).optional()

/** A column of a table or view (fact sheet: tables 1.6). */
export const columns = z.array(z.looseObject({ name: string, type: string })).optional()

/** Whether an update changes anything: one that names only its object (and project) would be sent for nothing. */
export const changesSomething = ({ id: _id, project_id: _project, environment_id: _root, ...fields }: Json): boolean =>
  Object.values(fields).some((value) => value !== undefined)

/** Message of `changesSomething`. */
export const nothingToChange = { message: 'name at least one field to change' }

/** How a question says which project it means; calls without it go to the one configured. */
export const projectInput = { project_id: z.int().positive().optional() }

/** What the calls behind questions and resources have in common: they look, and their reply is an object. */
export const look = {
  effect: 'read',
  tier: 'read',
  idempotent: true,
  openWorld: false,
  keys: 'allowed',
  documented: [],
  reply: { kind: 'object', fields: z.looseObject({}) },
} as const
