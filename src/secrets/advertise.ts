import type { Catalogue, Tool, ToolDefinition } from '../catalogue.ts'
import type { Json } from '../operation.ts'
import type { Surface } from '../surface.ts'

/**
 * The same tools, whose secret inputs say that they take references. Only for callers who have any: the others' lists
 * stay as they are, and cost nothing more.
 */
export const withReferences = (surface: Surface, names: readonly string[]): Surface => {
  if (names.length === 0) return surface
  const offered: Catalogue = new Map([...surface.offered].map(([name, tool]) => [name, toReferring(tool, names)]))
  return { ...surface, offered }
}

const toReferring = <T extends Tool>(tool: T, names: readonly string[]): T => {
  const { secrets = [], secretsGo } = tool.record
  // Below `payload.*` anything is taken already.
  const paths = secretsGo === undefined ? [] : secrets.filter((path) => !path.endsWith('.*'))
  if (paths.length === 0) return tool
  const inputSchema = paths.reduce((schema, path) => widen(schema, path.split('.'), names), tool.definition.inputSchema)
  const definition: ToolDefinition = { ...tool.definition, inputSchema }
  return { ...tool, definition }
}

const widen = <S extends Json>(schema: S, [step = '', ...rest]: readonly string[], names: readonly string[]): S => {
  // A JSON Schema node; what the records have at such a path is an object with properties.
  const properties = schema.properties as Record<string, Json> | undefined
  const inner = properties?.[step]
  if (inner === undefined) return schema
  const wider = rest.length === 0 ? { anyOf: [inner, toReferenceSchema(names)] } : widen(inner, rest, names)
  return { ...schema, properties: { ...properties, [step]: wider } }
}

const toReferenceSchema = (names: readonly string[]): Json => ({
  type: 'object',
  properties: { $secret: { enum: names } },
  required: ['$secret'],
  additionalProperties: false,
})
