import { z } from 'zod'
import { BY_DEFAULT, unaskedOf } from './confirm/policy.ts'
import type { InputSpec } from './input.ts'
import { inputOf, type ObjectSchema, outputOf, toInputSchema, toOutputSchema } from './json-schema.ts'
import type { Described, Operation } from './operation.ts'
import type { Question } from './question.ts'

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

/** What all tools have, computed once at start. */
interface Prepared {
  readonly record: Described
  readonly definition: ToolDefinition
  readonly input: InputSpec
}

/** One operation with everything that follows from it. */
export interface OperationTool extends Prepared {
  readonly operation: Operation
  /** The tool that lists the ids of this resource's objects, if the resource has one. */
  readonly listTool: string | undefined
}

/** One question with everything that follows from it. */
export interface QuestionTool extends Prepared {
  readonly question: Question
}

export type Tool = OperationTool | QuestionTool

/** The tools by name, in the order of the catalogue. */
export type Catalogue<T extends Tool = Tool> = ReadonlyMap<string, T>

/**
 * @param locked whether the project is fixed, which takes both project inputs out of every schema
 * @param isPreviewed whether a tool's calls may be previewed, which puts the preview's token into its schema
 */
export const toCatalogue = (
  operations: readonly Operation[],
  locked: boolean,
  isPreviewed: (operation: Operation) => boolean = (operation) => unaskedOf(operation, BY_DEFAULT) === 'preview',
): Catalogue<OperationTool> => {
  const names = new Set(operations.map(({ name }) => name))
  return new Map(
    operations.map((operation) => {
      const listTool = `${operation.toolset}_list`
      const tool = {
        operation,
        listTool: names.has(listTool) ? listTool : undefined,
        ...prepare(operation, inputOf(operation, locked, isPreviewed(operation)), outputOf(operation)),
      }
      return [operation.name, tool]
    }),
  )
}

/** The tools that are questions. @param locked as for `toCatalogue` */
export const toQuestions = (questions: readonly Question[], locked: boolean): Catalogue<QuestionTool> =>
  new Map(
    questions.map((question) => {
      const { project_id, ...own } = question.input.shape
      const schema = locked && project_id !== undefined ? z.strictObject(own) : question.input
      return [question.name, { question, ...prepare(question, schema, question.output) }]
    }),
  )

/** All that there is to offer. @param locked and isPreviewed as for `toCatalogue` */
export const toTools = (
  operations: readonly Operation[],
  questions: readonly Question[],
  locked: boolean,
  isPreviewed?: (operation: Operation) => boolean,
): Catalogue =>
  new Map<string, Tool>([...toQuestions(questions, locked), ...toCatalogue(operations, locked, isPreviewed)])

const prepare = (record: Described, schema: z.ZodObject, output: z.ZodObject): Prepared => {
  const json = toInputSchema(schema)
  const { name, title, description, effect, idempotent, openWorld } = record
  return {
    record,
    input: { schema, json, leftOut: record.leftOut ?? {} },
    definition: {
      name,
      title,
      description,
      inputSchema: json,
      outputSchema: toOutputSchema(output),
      annotations: {
        readOnlyHint: effect === 'read',
        destructiveHint: effect === 'destructive',
        idempotentHint: idempotent,
        openWorldHint: openWorld,
      },
    },
  }
}
