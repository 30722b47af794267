import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { onTestFinished } from 'vitest'
import { TOKEN } from './replica.ts'

/** A real client over HTTP. */
export interface HttpConnection {
  /** The structured content of a tool's result. */
  call(name: string, args: Record<string, unknown>): Promise<Readonly<Record<string, unknown>>>
  subscribe(uri: string): Promise<void>
  readonly notes: readonly string[]
  /** Resolves once so many notifications of changes of this address have come. */
  noted(uri: string, count: number): Promise<void>
  readonly sessionId: string | undefined
}

/** Connects the v2 client; it ends with the test. */
export const connect = async (url: string, era: '2025' | '2026'): Promise<HttpConnection> => {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${TOKEN}` } },
  })
  const client = new Client(
    { name: 'test', version: '1' },
    era === '2026' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {},
  )
  const notes: string[] = []
  let waiting: (() => void)[] = []
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    notes.push(params.uri)
    const all = waiting
    waiting = []
    for (const wake of all) wake()
  })
  await client.connect(transport)
  onTestFinished(() => client.close())
  return {
    notes,
    get sessionId() {
      return transport.sessionId
    },
    call: async (name, args) => {
      const { structuredContent, isError, content } = await client.callTool({ name, arguments: args })
      if (isError || structuredContent === undefined) throw new Error(JSON.stringify(content))
      // A tool's structured content is an object.
      return structuredContent as Record<string, unknown>
    },
    subscribe: async (uri) => {
      // What was read can be seen to change.
      await client.readResource({ uri })
      if (era === '2026') await client.listen({ resourceSubscriptions: [uri] })
      else await client.subscribeResource({ uri })
    },
    noted: async (uri, count) => {
      while (notes.filter((note) => note === uri).length < count) await new Promise<void>((wake) => waiting.push(wake))
    },
  }
}
