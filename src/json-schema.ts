import { z } from 'zod'
import type { Json, Operation } from './operation.ts'

/** A JSON Schema of an object, as the protocol wants it: `type: object` at the root, no union there. */
export interface ObjectSchema extends Json {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Json>>
}

/** How a call says which project it means; both are left out when the project is locked. */
export const PROJECT_INPUTS = {
  project_id: z.int().positive().optional(),
  environment_id: z.int().positive().optional(),
}

/** Where a tool's calls may be previewed: what the preview gave out. */
export const CONFIRMATION = 'confirmation'

const list = (row: z.ZodType) =>
  z.object({
    results: z.array(row),
    returned: z.number(),
    total: z.number().optional(),
    more: z.boolean(),
    next: z.looseObject({}).optional(),
  })

/** The zod schema of everything a tool takes: the operation's inputs, the project unless it is locked, and a preview's token. */
export const inputOf = ({ input }: Operation, locked: boolean, isPreviewed: boolean): z.ZodObject => {
  const shape = {
    ...(locked ? {} : PROJECT_INPUTS),
    ...(isPreviewed ? { [CONFIRMATION]: z.string().max(500).optional() } : {}),
  }
  return Object.keys(shape).length === 0 ? input : input.safeExtend(shape)
}

/** The zod schema of what a tool returns as structured content, besides the `project_id` that every result has; open, so that a new upstream field breaks nobody. */
export const outputOf = ({ reply }: Operation): z.ZodObject => {
  if (reply.kind === 'list') return list(reply.row)
  if (reply.kind === 'object') return reply.fields
  if (reply.kind === 'done') return z.object({ done: z.string() })
  return z.object({
    content_type: z.string(),
    bytes: z.number(),
    text: z.string().optional(),
    saved_to: z.string().optional(),
  })
}

/** JSON Schema of what a caller sends: closed, and without what `format` and `type` already say. */
export const toInputSchema = (schema: z.ZodObject): ObjectSchema => toLean(schema, 'input')

/** JSON Schema of what a caller gets. */
export const toOutputSchema = (schema: z.ZodObject): ObjectSchema => toLean(schema, 'output')

const toLean = (schema: z.ZodObject, io: 'input' | 'output'): ObjectSchema =>
  // zod types the answer as any JSON Schema; that of an object schema is always an object at its root.
  lean(z.toJSONSchema(schema, { io, unrepresentable: 'any' }), io) as ObjectSchema

/**
 * Drops what costs tokens and tells a model nothing: dialects, patterns beside a format, the type beside an enum,
 * bounds that no honest value meets (lengths, "not negative", 2^53). Arguments are still checked against the full schema.
 */
const lean = (node: unknown, io: 'input' | 'output'): unknown => {
  if (Array.isArray(node)) return node.map((item) => lean(item, io))
  if (typeof node !== 'object' || node === null) return node
  const kept = Object.entries(node).filter(([key, value]) => !isNoise(key, value, node, io))
  return Object.fromEntries(
    // The names of properties are a caller's words, never keywords to drop.
    kept.map(([key, value]) => [key, key === 'properties' ? leanEach(value, io) : lean(value, io)]),
  )
}

const leanEach = (properties: unknown, io: 'input' | 'output'): unknown =>
  Object.fromEntries(Object.entries(properties ?? {}).map(([name, schema]) => [name, lean(schema, io)]))

const isNoise = (key: string, value: unknown, node: object, io: 'input' | 'output'): boolean => {
  switch (key) {
    case '$schema':
    case 'propertyNames':
    case 'exclusiveMinimum':
    case 'maxLength':
      return true
    case 'pattern':
      return 'format' in node
    case 'type':
      return 'enum' in node
    case 'minLength':
    case 'minItems':
      return value === 1
    case 'minimum':
    case 'maximum':
      return (
        typeof value === 'number' && (Math.abs(value) >= Number.MAX_SAFE_INTEGER || (key === 'minimum' && value <= 1))
      )
    case 'properties':
      return isEmpty(value) && io === 'output'
    case 'required':
      // Which fields come is told by the reply itself: nulls are dropped, and upstream adds and takes away.
      return io === 'output'
    case 'additionalProperties':
      // An empty schema means open, the default; a reply closed to new fields would break on the next upstream release.
      return io === 'output' || isEmpty(value)
    default:
      return false
  }
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0
