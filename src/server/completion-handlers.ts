import type { Server } from '@modelcontextprotocol/server'
import type { Prompt } from '../question.ts'
import { GROUPS, INDEX_TEMPLATE, toTemplate } from '../schema/resource-uri.ts'
import type { Given, Resources } from '../schema/resources.ts'

const NOTHING = { values: [] as string[], total: 0, hasMore: false }

type Group = Given['group']

/** What names complete a variable, by its template; undefined for one that takes anything. */
const ofTemplate = (uri: string, variable: string): Group | undefined => {
  const group = GROUPS.find((each) => toTemplate(each) === uri)
  // Projects complete by their own numbers, whatever the template.
  if (variable === 'project_id') return uri === INDEX_TEMPLATE ? 'tables' : group
  return variable === 'name' ? group : undefined
}

const OF_PROMPT = { queryable: 'queryable', view: 'views', source: 'sources' } as const

/** Completes the variables of templates and the arguments of prompts, from the names there are. */
export const handleCompletion = (server: Server, resources: Resources, prompts: readonly Prompt[]): void => {
  const ofPrompt = (name: string, argument: string): Group | undefined => {
    const completes = prompts
      .find((prompt) => prompt.name === name)
      ?.arguments.find((each) => each.name === argument)?.completes
    // Projects complete by their own name, whatever the prompt.
    return argument === 'project_id' ? 'queryable' : completes && OF_PROMPT[completes]
  }
  server.setRequestHandler('completion/complete', async ({ params }, { mcpReq }) => {
    const { ref, argument, context } = params
    const group = ref.type === 'ref/resource' ? ofTemplate(ref.uri, argument.name) : ofPrompt(ref.name, argument.name)
    if (group === undefined) return { completion: NOTHING }
    const given = { group, project_id: context?.arguments?.project_id }
    // Whoever is typing is not helped by an error.
    const completion = await resources
      .complete(argument.name, argument.value, given, mcpReq.signal)
      .catch(() => NOTHING)
    return { completion: { ...completion } }
  })
}
