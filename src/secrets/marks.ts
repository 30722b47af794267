import { randomBytes } from 'node:crypto'
import type { Described, Json } from '../operation.ts'
import type { ApiRequest } from '../request.ts'
import { toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'
import { readReference } from './reference.ts'
import { secretInputs } from './secret-inputs.ts'

/** One reference of a call, and the text that stands in its place until the request is built. */
export interface Reference {
  readonly name: string
  /** The input it was given in. */
  readonly path: string
  /** Made up for this call, so that no argument can hold it by itself. */
  readonly mark: string
}

/** The arguments of a call with a mark in the place of each reference. */
export interface Marked {
  readonly args: Json
  readonly references: readonly Reference[]
}

/**
 * Takes the references out of a call's arguments, before anything checks, logs or compares them.
 * @param names of the secrets this caller may use
 * @throws ToolError for one where no secret is declared, and for an unknown name
 */
export const markReferences = (
  { secrets = [], secretsGo }: Pick<Described, 'secrets' | 'secretsGo'>,
  args: Json,
  names: readonly string[],
): Marked => {
  const read = readHeads(args, secrets)
  const declared = new Set(secretsGo === undefined ? [] : secretInputs(read, secrets).map(({ path }) => path))
  const references: Reference[] = []
  const call = randomBytes(9).toString('hex')
  const marked = replace(read, [], (name, at) => {
    const path = at.join('.')
    if (!declared.has(path)) throw misplaced(path, secretsGo === undefined ? [] : secrets)
    if (name === undefined) throw malformed(path)
    if (!names.includes(name)) throw unknown(name, names)
    const mark = `secret-${name}-${call}-${references.length}`
    references.push({ name, path, mark })
    return mark
  })
  return { args: marked, references }
}

/** A model may write a whole object as text; references in it count all the same. */
const readHeads = (args: Json, secrets: readonly string[]): Json => {
  const heads = new Set(secrets.map((path) => path.split('.')[0]))
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, heads.has(name) ? readObject(value) : value]),
  )
}

const readObject = (value: unknown): unknown => {
  if (typeof value !== 'string' || !value.includes('$secret')) return value
  try {
    const read: unknown = JSON.parse(value)
    return typeof read === 'object' ? read : value
  } catch {
    return value
  }
}

/** @param put what stands for a reference; called without a name for what only resembles one */
const replace = (
  args: Json,
  at: readonly string[],
  put: (name: string | undefined, at: readonly string[]) => string,
): Json => {
  const walk = (value: unknown, path: readonly string[]): unknown => {
    const reference = readReference(value)
    if (reference !== undefined) return put(reference === 'malformed' ? undefined : reference.name, path)
    if (Array.isArray(value)) return value.map((item) => walk(item, path))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]))
  }
  return Object.fromEntries(Object.entries(args).map(([key, item]) => [key, walk(item, [...at, key])]))
}

/** Where a record takes secrets, for a model. */
const placesOf = (secrets: readonly string[]): string =>
  secrets.length === 0
    ? 'secret inputs, and this tool has none'
    : secrets
        .map((path) =>
          path.endsWith('.*')
            ? `${path.slice(0, -2)}, in fields that are secrets by name (password, token, api_key, private_key, connection_string and such)`
            : path,
        )
        .join(', ')

const misplaced = (path: string, secrets: readonly string[]): ToolError =>
  new ToolError(
    `A secret reference is only taken in: ${placesOf(secrets)}. One was given in ${toName(path)}; nothing was sent`,
    { kind: 'input', next: 'Call again without it there' },
  )

const malformed = (path: string): ToolError =>
  new ToolError(`${toName(path)}: a secret reference is {"$secret": "NAME"} and holds nothing else`, {
    kind: 'input',
    next: 'Call again with the name of a secret',
  })

const unknown = (name: string, names: readonly string[]): ToolError =>
  new ToolError(`There is no secret ${name} for this caller`, {
    kind: 'input',
    next:
      names.length === 0
        ? `There are none: the operator defines them (MCP_SECRET_${name}, or --secrets-dir; over HTTP also "secrets" of the token)`
        : `There are: ${names.join(', ')}`,
  })

/**
 * The request with the values in the place of their marks: only in its JSON body, and each exactly once.
 * @throws Error for a mark anywhere else, which would be a fault of a record
 */
export const fillRequest = (request: ApiRequest, values: ReadonlyMap<string, string>): ApiRequest => {
  const { json, ...rest } = request
  const filled = new Set<string>()
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const secret = values.get(value)
      if (secret === undefined) return value
      if (filled.has(value)) throw new Error('a secret would be sent twice')
      filled.add(value)
      return secret
    }
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]))
  }
  const body = walk(json)
  const others = JSON.stringify([rest.path, rest.query, rest.upload])
  if (filled.size !== values.size || [...values.keys()].some((mark) => others.includes(mark)))
    throw new Error('a secret reference is left in the request')
  return { ...rest, json: body }
}
