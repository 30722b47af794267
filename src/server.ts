import { ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server'
import type { Call } from './call.ts'
import type { Surface } from './surface.ts'

/** What a server instance is made from; the tool list is computed once for all of them. */
export interface ServerMeans {
  readonly version: string
  readonly surface: Surface
  readonly call: Call
  readonly instructions: string
}

/** One server instance: one list handler, one call handler, nothing kept between requests. */
export const createServer = ({ version, surface, call, instructions }: ServerMeans): Server => {
  const server = new Server(
    { name: 'posthog-warehouse-mcp', title: 'PostHog data warehouse', version },
    { capabilities: { tools: {} }, instructions },
  )
  // The SDK spells out every JSON value in its type; a schema that zod made is JSON, but typed as unknown.
  const tools = [...surface.offered.values()].map(({ definition }) => definition) as unknown as Tool[]
  server.setRequestHandler('tools/list', () => ({ tools }))
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name, arguments: args = {} } = request.params
    const tool = surface.offered.get(name)
    if (tool === undefined) throw unknownTool(name, surface)
    return call(tool, args, context.mcpReq.signal)
  })
  return server
}

const unknownTool = (name: string, surface: Surface): ProtocolError => {
  const flag = surface.whyNot(name)
  const short = name.length > 100 ? `${name.slice(0, 100)}…` : name
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    flag === undefined ? `Unknown tool: ${short}` : `The tool ${name} is not offered here (${flag})`,
  )
}
