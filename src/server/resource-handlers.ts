import {
  ProtocolError,
  ProtocolErrorCode,
  type Resource,
  ResourceNotFoundError,
  type Server,
} from '@modelcontextprotocol/server'
import type { ResourceWatch, Watcher } from '../schema/resource-watch.ts'
import { type ListedResource, NoResource, type Resources, templates, WrongCursor } from '../schema/resources.ts'
import { withoutHidden } from '../text/hidden.ts'
import { ToolError } from '../tool-error.ts'

/** How long what never changes while the process runs may be kept. */
export const FIXED_MS = 3_600_000

/** A failure as the protocol tells it; only what this program says on purpose is shown. */
export const toProtocolError = (error: unknown, uri?: string): unknown => {
  if (error instanceof NoResource)
    return uri === undefined
      ? new ProtocolError(ProtocolErrorCode.InvalidParams, withoutHidden(error.message))
      : new ResourceNotFoundError(uri, withoutHidden(error.message))
  if (error instanceof WrongCursor) return new ProtocolError(ProtocolErrorCode.InvalidParams, error.message)
  if (error instanceof ToolError) return new ProtocolError(ProtocolErrorCode.InternalError, withoutHidden(error.text))
  return error instanceof ProtocolError
    ? error
    : new ProtocolError(ProtocolErrorCode.InternalError, 'This server failed on that request (a fault of its own)')
}

const toResource = ({ uri, name, description, mimeType, size, changedAt }: ListedResource): Resource => ({
  uri,
  name,
  description,
  mimeType,
  ...(size === undefined ? {} : { size }),
  ...(changedAt === undefined ? {} : { annotations: { lastModified: changedAt } }),
})

/** Runs a handler, and tells its failure as the protocol wants it. @param uri what was asked for, if it was one thing */
const told = async <T>(answer: Promise<T>, uri?: string): Promise<T> => {
  try {
    return await answer
  } catch (error) {
    throw toProtocolError(error, uri)
  }
}

/** Lists and reads. */
export const handleResources = (server: Server, resources: Resources): void => {
  server.setRequestHandler('resources/list', async ({ params }, { mcpReq }) => {
    const page = await told(resources.list(params?.cursor, mcpReq.signal))
    return { ...page, resources: page.resources.map(toResource), cacheScope: 'private' as const }
  })
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: templates,
    ttlMs: FIXED_MS,
    cacheScope: 'public' as const,
  }))
  server.setRequestHandler('resources/read', async ({ params: { uri } }, { mcpReq }) => ({
    ...(await told(resources.read(uri, mcpReq.signal), uri)),
    cacheScope: 'private' as const,
  }))
}

/** Subscribes as clients of 2025 do. Subscriptions of the 2026 revision are the transport's to see. */
export const handleSubscriptions = (server: Server, resources: Resources, watcher: Watcher): void => {
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }, { mcpReq }) => {
    // Also what the first change is told apart from.
    await told(resources.read(uri, mcpReq.signal), uri)
    watcher.subscribe(uri, { uris: [uri], lists: false })
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    watcher.unsubscribe(uri)
    return {}
  })
}

/** A server's part in the watch: what changed is sent on its connection, until that closes. */
export const watchFor = (server: Server, watch: ResourceWatch, era: 'legacy' | 'modern'): Watcher => {
  const ignore = () => undefined
  const watcher = watch.connect(
    {
      // A connection that is closing has nobody to tell.
      listChanged: () => void server.sendResourceListChanged().catch(ignore),
      updated: (uri) => void server.sendResourceUpdated({ uri }).catch(ignore),
    },
    era === 'legacy',
  )
  server.onclose = () => watcher.close()
  return watcher
}
