import type { z } from 'zod'
import type { ObjectSchema } from './json-schema.ts'
import type { Json } from './operation.ts'
import { toName } from './text/line.ts'
import { ToolError } from './tool-error.ts'

/** What a tool's arguments are checked against. */
export interface InputSpec {
  readonly schema: z.ZodObject
  readonly json: ObjectSchema
  /** Names that are no inputs, each with the reason and the right tool. */
  readonly leftOut: Readonly<Record<string, string>>
}

/** Wrong inputs told at once: a caller's nonsense is not worth more of a model's context. */
const MOST_WRONG = 12

/**
 * The checked arguments of a call. Objects, lists, numbers and booleans that a model wrote as text are read where
 * only one reading is possible, and a null for an optional input counts as not given.
 * @throws ToolError that names every wrong input
 */
export const parseInput = (spec: InputSpec, args: Json): Json => {
  const parsed = spec.schema.safeParse(readAsMeant(spec.json, args))
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.flatMap((issue) => describe(issue, spec))
  const more = wrong.length > MOST_WRONG ? [`and ${wrong.length - MOST_WRONG} more`] : []
  throw new ToolError([...wrong.slice(0, MOST_WRONG), ...more].join('; '), {
    kind: 'input',
    next: `Call again with these corrected. Inputs: ${inputsOf(spec.json)}`,
  })
}

const inputsOf = ({ properties, required }: ObjectSchema): string => {
  const needed = Array.isArray(required) ? required : []
  return Object.keys(properties)
    .map((name) => (needed.includes(name) ? `${name} (required)` : name))
    .join(', ')
}

const describe = (issue: z.core.$ZodIssue, spec: InputSpec): readonly string[] => {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const reason = Object.hasOwn(spec.leftOut, key) ? `: ${spec.leftOut[key]}` : ''
      return `${toName(key)} is not an input${reason}`
    })
  const name = issue.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${toName(String(step))}`)).join('')
  const says = toWords(issue)
  return [name === '' ? says : `${name.replace(/^\./, '')}: ${says}`]
}

/** zod's words, where they say it to a model; ours where they speak of undefined and of characters. */
const toWords = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_format' && issue.format === 'guid') return 'must be an id (UUID), not a name'
  if (issue.code === 'invalid_type' && /received undefined$/.test(issue.message)) return 'is required'
  if (issue.code === 'too_small' && issue.minimum === 1 && issue.origin === 'string') return 'must not be empty'
  return issue.message.replace(/^Invalid option: expected/, 'must be').replaceAll('"|"', '" or "')
}

/** Reads `"5"`, `"true"` and `"{…}"` as what the schema asks for, and only then. */
const readAsMeant = (schema: unknown, value: unknown): unknown => {
  if (typeof schema !== 'object' || schema === null) return value
  // A JSON Schema node; its keywords are looked at one by one.
  const { type, properties, items, required } = schema as Json
  if (typeof value === 'string') return readText(type, schema, value)
  if (Array.isArray(value)) return items === undefined ? value : value.map((item) => readAsMeant(items, item))
  if (typeof value !== 'object' || value === null || typeof properties !== 'object' || properties === null) return value
  const needed = Array.isArray(required) ? required : []
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => item !== null || needed.includes(key) || !(key in properties))
      .map(([key, item]) => [key, readAsMeant((properties as Json)[key], item)]),
  )
}

const readText = (type: unknown, schema: object, text: string): unknown => {
  const numbers = 'enum' in schema && Array.isArray(schema.enum) && schema.enum.every((one) => typeof one === 'number')
  if ((type === 'integer' || type === 'number' || numbers) && /^-?\d{1,15}(\.\d+)?$/.test(text.trim()))
    return Number(text)
  if (type === 'boolean' && /^(true|false)$/.test(text.trim())) return text.trim() === 'true'
  if (type !== 'object' && type !== 'array') return text
  try {
    const read: unknown = JSON.parse(text)
    const fits =
      type === 'array' ? Array.isArray(read) : typeof read === 'object' && read !== null && !Array.isArray(read)
    return fits ? readAsMeant(schema, read) : text
  } catch {
    return text
  }
}
