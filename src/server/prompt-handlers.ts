import { ProtocolError, ProtocolErrorCode, type Server } from '@modelcontextprotocol/server'
import type { Prompt } from '../question.ts'
import { toUri } from '../schema/resource-uri.ts'
import type { Resources } from '../schema/resources.ts'
import type { ResourceParts } from '../server.ts'
import { quote, toLine, toName } from '../text/line.ts'
import { FIXED_MS, toProtocolError } from './resource-handlers.ts'

const toDefinition = ({ name, title, description, arguments: args }: Prompt) => ({
  name,
  title,
  description,
  arguments: args.map((argument) => ({
    name: argument.name,
    description: argument.description,
    required: argument.required,
  })),
})

/** Characters of a name. */
const LONGEST_NAME = 1_000
/**
 * The arguments as they stand in the prompt. What completes is the name of something, so it came from data; anything
 * else a person typed, on one line so that no break in it begins a sentence of its own.
 */
const toSaid = ({ arguments: args }: Prompt, given: Readonly<Record<string, string>>): Record<string, string> => {
  const names = new Set(args.filter(({ completes }) => completes !== undefined).map(({ name }) => name))
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, names.has(name) ? quote(value, LONGEST_NAME) : toLine(value)]),
  )
}

const wrong = (message: string): ProtocolError => new ProtocolError(ProtocolErrorCode.InvalidParams, message)

/** The arguments, with what is missing or unknown told. @throws ProtocolError */
const check = (prompt: Prompt, given: Readonly<Record<string, string>>): void => {
  const missing = prompt.arguments.find(({ name, required }) => required && (given[name] ?? '').trim() === '')
  if (missing !== undefined) throw wrong(`${prompt.name} needs ${missing.name}: ${missing.description}`)
  const known = prompt.arguments.map(({ name }) => name)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw wrong(`${prompt.name} takes ${known.join(', ') || 'no arguments'}, not ${toName(unknown)}`)
}

/** Lists the prompts, and writes one out with the resources that it is about. */
export const handlePrompts = (server: Server, { prompts, withheld, resources }: ResourceParts): void => {
  server.setRequestHandler('prompts/list', () => ({
    prompts: prompts.map(toDefinition),
    ttlMs: FIXED_MS,
    cacheScope: 'private' as const,
  }))
  server.setRequestHandler('prompts/get', async ({ params }, { mcpReq }) => {
    const { name } = params
    const given = params.arguments ?? {}
    const prompt = prompts.find((each) => each.name === name)
    const flag = withheld.get(name)
    if (flag !== undefined) throw wrong(`The prompt ${name} is not offered here (${flag})`)
    if (prompt === undefined)
      throw wrong(`There is no prompt ${toName(name)}; there are ${prompts.map((each) => each.name).join(', ')}`)
    check(prompt, given)
    try {
      const embedded = await embed(resources, prompt, given, mcpReq.signal)
      const says = {
        role: 'user' as const,
        content: { type: 'text' as const, text: prompt.says(toSaid(prompt, given)) },
      }
      return { description: prompt.title, messages: [says, ...embedded] }
    } catch (error) {
      throw toProtocolError(error)
    }
  })
}

/** The resources a prompt is about, in their compact form. @throws NoResource, ToolError */
const embed = (
  resources: Resources,
  { embeds }: Prompt,
  given: Readonly<Record<string, string>>,
  signal: AbortSignal,
) =>
  Promise.all(
    embeds.map(async (argument) => {
      const uri = toUri(
        await resources.find(argument === 'index' ? undefined : given[argument]?.trim(), given.project_id, signal),
      )
      const [resource] = (await resources.read(uri, signal)).contents
      return { role: 'user' as const, content: { type: 'resource' as const, resource } }
    }),
  )
