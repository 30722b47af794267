import type { z } from 'zod'
import type { CallMeans } from './carry-out.ts'
import type { Described, Operation, Toolset } from './operation.ts'

/**
 * What a question asks of the machinery:
 * - `list`: everything that can be queried, a line each.
 * - `describe`: what one table, view or source is; the same as its resource.
 * - `run`: rows of a SELECT.
 * - `cancel`: the end of a query that runs.
 */
export type AnswerKind = 'list' | 'describe' | 'run' | 'cancel'

/** A tool that is no single REST call: the machinery puts its answer together from several. */
export interface Question<In extends z.ZodObject = z.ZodObject> extends Described {
  readonly effect: 'read'
  readonly answers: AnswerKind
  readonly input: In
  /** The main fields of the structured content; open, like those of an operation's reply. */
  readonly output: z.ZodObject
}

/** How a question is answered: with what is left of the caller's patience, and a way to tell how it goes. */
export interface Asking extends CallMeans {
  progress?(message: string): void
}

/** The REST calls behind questions and resources; none of them is a tool by itself. */
export interface Upstream {
  /** The schema of a whole project (fact sheet: cross-cutting 9.5). */
  readonly schema: Operation
  /** A page of sources with their schemas; inputs `limit` and `offset`. */
  readonly sources: Operation
  /** A page of views with their last runs; input `page`. */
  readonly views: Operation
  /** Starts a query; inputs `query` and `query_id`. */
  readonly start: Operation
  /** How a query is doing; input `query_id`. */
  readonly poll: Operation
  /** Ends a query; input `query_id`. */
  readonly cancel: Operation
}

/** Checks a record as it is written. */
export const question = <In extends z.ZodObject>(record: Question<In>): Question =>
  // The machinery only ever hands a record what its own input schema has parsed.
  record as unknown as Question

/** What an argument of a prompt names; it completes from the names there are. */
export type Completes = 'queryable' | 'view' | 'source'

/** One argument of a prompt. */
export interface PromptArgument {
  readonly name: string
  readonly description: string
  readonly required: boolean
  readonly completes?: Completes
}

/** A prompt a person picks: what the assistant is asked to do, with the resources that matter in it. */
export interface Prompt {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly arguments: readonly PromptArgument[]
  /** The tools it speaks of; where one of them is not offered, neither is the prompt. */
  readonly tools: readonly string[]
  /** The argument whose resource goes with it; `index` for the list of everything. */
  readonly embeds: readonly string[]
  says(given: Readonly<Record<string, string>>): string
}

/** What the catalogue has besides tools. */
export interface Beside {
  readonly prompts: readonly Prompt[]
  readonly upstream: Upstream
  /** Where to begin, for the instructions, with the tools that are offered; undefined where there is nothing to say. */
  begin(offered: (tool: string) => boolean): string | undefined
  /** Toolsets whose writes change what can be queried. */
  readonly schemaToolsets: readonly Toolset[]
}
