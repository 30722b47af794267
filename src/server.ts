import { ProtocolError, ProtocolErrorCode, Server, type ServerContext, type Tool } from '@modelcontextprotocol/server'
import { type Call, isAsked } from './call.ts'
import type { Prompt } from './question.ts'
import type { ResourceWatch, Watcher } from './schema/resource-watch.ts'
import type { Resources } from './schema/resources.ts'
import { handleCompletion } from './server/completion-handlers.ts'
import { toBrowser, toPerson, toQuestion } from './server/person.ts'
import { handlePrompts } from './server/prompt-handlers.ts'
import { FIXED_MS, handleResources, handleSubscriptions, watchFor } from './server/resource-handlers.ts'
import type { Surface } from './surface.ts'
import { withoutHidden } from './text/hidden.ts'
import { toName } from './text/line.ts'

/** The resources of a process, and what tells of their changes. */
export interface ResourceParts {
  readonly resources: Resources
  readonly watch: ResourceWatch
  readonly prompts: readonly Prompt[]
  /** Prompts that are not offered, each with the reason. */
  readonly withheld: ReadonlyMap<string, string>
}

/** What a server instance is made from; the tool list is computed once for all of them. */
export interface ServerMeans {
  readonly version: string
  readonly surface: Surface
  readonly call: Call
  readonly instructions: string
  /** Absent where the operator left no tool that describes tables: what cannot be called cannot be read either. */
  readonly described?: ResourceParts
}

/** The protocol's two behaviours: 2025 and before, 2026-07-28. */
export type Era = 'legacy' | 'modern'

/** A server instance, and its part in the watch if it has one. */
export interface MadeServer {
  readonly server: Server
  readonly watcher?: Watcher
}

/**
 * How changes reach the client of an instance:
 * - `instance`: this one tells them, for as long as its connection lasts.
 * - `stream`: another one does, on a `subscriptions/listen` stream; this one only serves a request.
 * - `none`: nothing outlives the request, so nothing is promised.
 */
export type Telling = 'instance' | 'stream' | 'none'

/** Makes the server instances of one caller; who serves them knows no more of what they are made from. */
export type MakeServer = (era: Era, telling?: Telling) => MadeServer

const capabilitiesOf = (telling: Telling) => ({
  tools: {},
  resources: telling === 'none' ? {} : { subscribe: true, listChanged: true },
  prompts: {},
  completions: {},
})

/** The list is the same for as long as the process runs. */
const CACHE_HINTS = { 'tools/list': { ttlMs: FIXED_MS, cacheScope: 'private' as const } }

/** One server instance: one handler a method, nothing kept between requests but subscriptions. */
export const createServer = (means: ServerMeans, era: Era, telling: Telling = 'instance'): MadeServer => {
  const { version, surface, call, instructions, described } = means
  const server = new Server(
    { name: 'posthog-warehouse-mcp', title: 'PostHog data warehouse', version },
    { capabilities: described ? capabilitiesOf(telling) : { tools: {} }, cacheHints: CACHE_HINTS, instructions },
  )
  // The SDK spells out every JSON value in its type; a schema that zod made is JSON, but typed as unknown.
  const tools = [...surface.offered.values()].map(({ definition }) => definition) as unknown as Tool[]
  server.setRequestHandler('tools/list', () => ({ tools }))
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name, arguments: args = {} } = request.params
    const tool = surface.offered.get(name)
    if (tool === undefined) throw unknownTool(name, surface)
    const answer = await call(tool, args, {
      signal: context.mcpReq.signal,
      person: telling === 'none' ? undefined : toPerson(server, era, context),
      browser: telling === 'none' ? undefined : toBrowser(server, era, context),
      ...toProgress(request.params._meta?.progressToken, context),
    })
    return isAsked(answer) ? toQuestion(answer) : answer
  })
  if (described === undefined) {
    server.fallbackRequestHandler = refuseUndescribed(surface)
    return { server }
  }
  const watcher = telling === 'instance' ? watchFor(server, described.watch, era) : undefined
  handleResources(server, described.resources)
  if (watcher !== undefined) handleSubscriptions(server, described.resources, watcher)
  handlePrompts(server, described)
  handleCompletion(server, described.resources, described.prompts)
  return { server, ...(watcher && { watcher }) }
}

/** A way to tell how a call goes, where the caller asked for it. */
const toProgress = (progressToken: string | number | undefined, { mcpReq }: ServerContext) => {
  if (progressToken === undefined) return {}
  let progress = 0
  return {
    progress: (message: string): void => {
      progress += 1
      const params = { progressToken, progress, message: withoutHidden(message) }
      // Who has left needs no progress.
      mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined)
    },
  }
}

/** Resources and prompts go with the tool that describes the same; what keeps that away keeps them away. */
const refuseUndescribed =
  (surface: Surface) =>
  async ({ method }: { readonly method: string }) => {
    const flag = surface.whyNone('describe')
    throw new ProtocolError(
      ProtocolErrorCode.MethodNotFound,
      flag !== undefined && /^(resources|prompts)\//.test(method)
        ? `Resources and prompts are not offered here (${flag})`
        : 'Method not found',
    )
  }

const unknownTool = (name: string, surface: Surface): ProtocolError => {
  const flag = surface.whyNot(name)
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    flag === undefined ? `Unknown tool: ${toName(name)}` : `The tool ${name} is not offered here (${flag})`,
  )
}
