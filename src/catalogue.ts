import type { InputSpec } from './input.ts'
import { inputOf, type ObjectSchema, outputOf, toInputSchema, toOutputSchema } from './json-schema.ts'
import type { Operation } from './operation.ts'

/** What `tools/list` says of one tool. */
export interface ToolDefinition {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: ObjectSchema
  readonly outputSchema: ObjectSchema
  readonly annotations: {
    readonly readOnlyHint: boolean
    readonly destructiveHint: boolean
    readonly idempotentHint: boolean
    readonly openWorldHint: boolean
  }
}

/** One operation with everything that follows from it, computed once at start. */
export interface Tool {
  readonly operation: Operation
  readonly definition: ToolDefinition
  readonly input: InputSpec
  /** The tool that lists the ids of this resource's objects, if the resource has one. */
  readonly listTool: string | undefined
}

/** The tools by name, in the order of the catalogue. */
export type Catalogue = ReadonlyMap<string, Tool>

/** @param locked whether the project is fixed, which takes both project inputs out of every schema */
export const toCatalogue = (operations: readonly Operation[], locked: boolean): Catalogue => {
  const names = new Set(operations.map(({ name }) => name))
  return new Map(operations.map((operation) => [operation.name, toTool(operation, names, locked)]))
}

const toTool = (operation: Operation, names: ReadonlySet<string>, locked: boolean): Tool => {
  const schema = inputOf(operation, locked)
  const json = toInputSchema(schema)
  const { name, title, description, effect, idempotent, openWorld, toolset } = operation
  const listTool = `${toolset}_list`
  return {
    operation,
    input: { schema, json, leftOut: operation.leftOut ?? {} },
    listTool: names.has(listTool) ? listTool : undefined,
    definition: {
      name,
      title,
      description,
      inputSchema: json,
      outputSchema: toOutputSchema(outputOf(operation)),
      annotations: {
        readOnlyHint: effect === 'read',
        destructiveHint: effect === 'destructive',
        idempotentHint: idempotent,
        openWorldHint: openWorld,
      },
    },
  }
}
