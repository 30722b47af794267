import { createAnswers } from './answers.ts'
import { type CallHooks, createCall, type Means } from './call.ts'
import type { ConfirmMeans } from './confirm/confirmation.ts'
import { lookInSchema, type SchemaLook } from './confirm/in-schema.ts'
import { createLook } from './look.ts'
import { createProjects } from './project.ts'
import type { AnswerKind, Beside } from './question.ts'
import { createRedactor } from './redact.ts'
import { ResourceWatch } from './schema/resource-watch.ts'
import { Resources } from './schema/resources.ts'
import type { ResourceParts, ServerMeans } from './server.ts'
import type { Surface } from './surface.ts'

/** What one credential's tools and resources are made from. */
export interface CoreOptions extends Omit<Means, 'projects' | 'confirm'> {
  readonly confirm: Omit<ConfirmMeans, 'schema'>
  readonly surface: Surface
  readonly beside: Beside
  /** The project of calls that name none. */
  readonly project: number | undefined
  /** Whether no other project is allowed. */
  readonly locked: boolean
  /** How often what somebody subscribed to is looked at; 0 never. */
  readonly pollMs: number
  readonly report: CallHooks['report']
  /** A change was made through this core that others may want to look at. */
  wrote?: ((project: number) => void) | undefined
  /** A look at what somebody subscribed to that failed. */
  lookFailed(error: unknown): void
}

/** Everything that serves one credential; ends with `close`. */
export interface Core extends Pick<ServerMeans, 'call' | 'surface' | 'described'> {
  /** A change was made elsewhere, by the same caller. */
  heard(project: number): void
  /** Ends what it watches, and waits for the end of queries that were cancelled. */
  close(): Promise<void>
}

/** Puts the parts together: one cache, one budget, one watch and one call path for a credential. */
export const createCore = (options: CoreOptions): Core => {
  const { surface, beside, project, locked, http, files, origin, apiKey, audit, secrets, handover, desk } = options
  const projects = createProjects(project, createLook(http))
  // The calls it is read with need no approval, but are made with the same means.
  const schema: SchemaLook = (...wanted) => lookInSchema(answers.cache)(...wanted)
  const confirm = { ...options.confirm, schema }
  const means: Means = { http, projects, files, origin, apiKey, audit, confirm, secrets, handover, desk }
  const redactor = createRedactor([apiKey ?? ''])
  const answers = createAnswers(means, beside.upstream, redactor, offers(surface, 'run'))
  const { cache } = answers
  const only = locked ? project : undefined
  const watch = new ResourceWatch({ cache, redactor, pollMs: options.pollMs, only, failed: options.lookFailed })
  const resources = new Resources({ cache, projects, redactor, only })
  const call = createCall(means, {
    report: options.report,
    answer: answers.answer,
    schema: cache,
    wrote: ({ toolset }, where) => {
      if (!beside.schemaToolsets.includes(toolset)) return
      watch.wrote(where)
      options.wrote?.(where)
    },
  })
  const described = toParts(surface, locked ? withoutProject(beside) : beside, { resources, watch })
  const close = (): Promise<void> => {
    watch.close()
    return answers.close()
  }
  return { surface, call, ...(described && { described }), heard: (where) => watch.wrote(where), close }
}

/** Whether a tool is offered that answers so. */
const offers = ({ offered }: Pick<Surface, 'offered'>, kind: AnswerKind): boolean =>
  [...offered.values()].some((tool) => 'question' in tool && tool.question.answers === kind)

/** Where only one project is allowed, no prompt asks for one. */
const withoutProject = (beside: Beside): Beside => ({
  ...beside,
  prompts: beside.prompts.map((prompt) => ({
    ...prompt,
    arguments: prompt.arguments.filter(({ name }) => name !== 'project_id'),
  })),
})

/** Resources where the tool that says the same is offered, and the prompts whose tools all are. */
const toParts = (
  surface: Surface,
  { prompts }: Beside,
  parts: Pick<ResourceParts, 'resources' | 'watch'>,
): ResourceParts | undefined => {
  if (!offers(surface, 'describe')) return undefined
  const withheld = new Map(
    prompts.flatMap(({ name, tools }) => {
      const tool = tools.find((each) => !surface.offered.has(each))
      return tool === undefined ? [] : [[name, `it needs ${tool}: ${surface.whyNot(tool)}`] as const]
    }),
  )
  return { ...parts, prompts: prompts.filter(({ name }) => !withheld.has(name)), withheld }
}
