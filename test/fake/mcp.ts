import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as FirstHttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  ElicitRequestSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { onTestFinished } from 'vitest'
import { approves, type Opens, type Person, type Question } from './person.ts'

/** The built program. */
export const BINARY = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))
/** The key the tests configure; it must never be seen anywhere but in an Authorization header. */
export const KEY = 'phx_test-key-0123456789abcdef'

/** `legacy`: the v2 client as it is by default; `modern`: pinned to 2026-07-28; `v1`: the older SDK's client. */
export type Era = 'legacy' | 'modern' | 'v1'

/** A listed tool, as far as the tests read it. */
export interface Listed {
  readonly name: string
  readonly description?: string | undefined
  readonly inputSchema: Record<string, unknown>
  readonly outputSchema?: Record<string, unknown> | undefined
  readonly annotations?: Record<string, unknown> | undefined
}

/** A tool's result, as far as the tests read it. */
export interface Result {
  readonly content: readonly { readonly type: string; readonly text?: string; readonly [key: string]: unknown }[]
  readonly structuredContent?: Record<string, unknown>
  readonly isError?: boolean
}

/** A notification of a changed resource or list, as far as the tests read it. */
export interface Note {
  readonly method: string
  readonly uri?: string | undefined
}

/** A listed resource, as far as the tests read it. */
export interface ListedResource {
  readonly uri: string
  readonly name: string
  readonly description?: string
  readonly mimeType?: string
  readonly size?: number
  readonly annotations?: { readonly lastModified?: string }
}

/** What a completion is asked for. */
export interface Ask {
  readonly ref:
    | { readonly type: 'ref/resource'; readonly uri: string }
    | { readonly type: 'ref/prompt'; readonly name: string }
  readonly argument: { readonly name: string; readonly value: string }
  readonly context?: { readonly arguments: Record<string, string> }
}

/** A page of resources. */
export interface Page {
  readonly resources: readonly ListedResource[]
  readonly nextCursor?: string
  readonly ttlMs?: number
  readonly cacheScope?: string
}

/** Resources, completion, prompts and notifications, the same for all three clients. */
export interface Resourceful {
  resources(cursor?: string): Promise<Page>
  templates(): Promise<readonly { readonly uriTemplate: string }[]>
  read(
    uri: string,
  ): Promise<{
    readonly contents: readonly { readonly uri: string; readonly mimeType?: string; readonly text: string }[]
    readonly ttlMs?: number
    readonly cacheScope?: string
  }>
  complete(
    ask: Ask,
  ): Promise<{ readonly values: readonly string[]; readonly total?: number; readonly hasMore?: boolean }>
  prompts(): Promise<readonly { readonly name: string; readonly arguments?: readonly { readonly name: string }[] }[]>
  prompt(
    name: string,
    args: Record<string, string>,
  ): Promise<{ readonly messages: readonly { readonly content: Record<string, unknown> }[] }>
  /** Subscribes as the era has it; ends with what it returns. */
  subscribe(uris: readonly string[]): Promise<() => Promise<void>>
  /** Every notification of a change so far. */
  readonly notes: readonly Note[]
  /** Resolves once a notification fits that came after the first `from`. */
  noted(fits: (note: Note) => boolean, from?: number): Promise<Note>
}

/** A connected client and the spawned server behind it. */
export interface Connection extends Resourceful {
  readonly pid: number | null
  /** Complete lines the server wrote to stderr so far. */
  readonly stderr: readonly string[]
  readonly instructions: string | undefined
  list(): Promise<readonly Listed[]>
  /** Calls a tool. The client checks structured content against the listed schema and rejects when it does not fit. */
  call(name: string, args?: Record<string, unknown>, signal?: AbortSignal, onprogress?: OnProgress): Promise<Result>
  close(): Promise<void>
}

/** Told how a call goes. */
export type OnProgress = (progress: { readonly progress: number; readonly message?: string | undefined }) => void

/** How to start the server. `env` comes on top of PATH, the key and the quiet log; undefined takes a variable away. */
export interface Start {
  readonly era?: Era
  readonly origin?: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Who is asked to approve; nobody can be where this is `nobody`. Approves everything if absent. */
  readonly person?: Person | 'nobody'
  /** Who opens links; absent where the client cannot. */
  readonly opens?: Opens
}

/** The environment of the program, and nothing else of this process's. */
export const environment = ({ origin, env = {} }: Start): Record<string, string> => {
  const all = {
    PATH: process.env.PATH,
    POSTHOG_PERSONAL_API_KEY: KEY,
    POSTHOG_PROJECT_ID: '7',
    POSTHOG_HOST: origin,
    LOG_LEVEL: 'info',
    ...env,
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Spawns the built program and connects a real client to it; the caller closes it. */
export const connectMcp = async (start: Start = {}): Promise<Connection> => {
  const { era = 'legacy', flags = [], person = approves, opens } = start
  const parameters = {
    command: process.execPath,
    args: [BINARY, ...flags],
    env: environment(start),
    stderr: 'pipe' as const,
  }
  if (era === 'v1') {
    const transport = new FirstTransport(parameters)
    return connectFirst(transport, { stderr: linesOf(transport.stderr), pid: () => transport.pid }, { person, opens })
  }
  const transport = new StdioClientTransport(parameters)
  return connectSecond(transport, { stderr: linesOf(transport.stderr), pid: () => transport.pid }, era, {
    person,
    opens,
  })
}

/** Connects a real client to a server that listens already; the caller closes it. @param token what it brings, if anything */
export const connectHttp = (
  url: string,
  era: Era,
  token?: string,
  person: Person | 'nobody' = approves,
  opens?: Opens,
): Promise<Connection> => {
  const requestInit = token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }
  const process = { stderr: [], pid: () => null }
  return era === 'v1'
    ? connectFirst(new FirstHttpTransport(new URL(url), { requestInit }), process, { person, opens })
    : connectSecond(new StreamableHTTPClientTransport(new URL(url), { requestInit }), process, era, { person, opens })
}

/** A connection over HTTP that ends with the test. */
export const useConnection = async (
  url: string,
  era: Era,
  token?: string,
  person?: Person | 'nobody',
  opens?: Opens,
): Promise<Connection> => {
  const connection = await connectHttp(url, era, token, person, opens)
  onTestFinished(() => connection.close())
  return connection
}

/** A connection that ends with the test. */
export const useMcp = async (start: Start = {}): Promise<Connection> => {
  const connection = await connectMcp(start)
  onTestFinished(() => connection.close())
  return connection
}

/** Whoever sits behind a client. */
interface Behaviour {
  readonly person: Person | 'nobody'
  readonly opens: Opens | undefined
}

/** What the client can show: forms, links. */
const toCapabilities = ({ person, opens }: Behaviour) =>
  person === 'nobody' && opens === undefined
    ? {}
    : { capabilities: { elicitation: { ...(person !== 'nobody' && { form: {} }), ...(opens && { url: {} }) } } }

/** Answers a form, or opens a link. */
const toAnswer = async ({ person, opens }: Behaviour, params: unknown, signal: AbortSignal) => {
  // The SDKs' types have every kind of form and link; ours have one of each.
  const asked = params as Question & { readonly mode?: string; readonly url?: string }
  if (asked.mode === 'url' && opens !== undefined)
    return { ...(await opens({ message: asked.message, url: asked.url ?? '' }, signal)) }
  if (person === 'nobody') throw new Error('nobody was to be asked')
  return { ...(await person(asked, signal)) }
}

/** What is known of the server's process. */
interface Behind {
  readonly stderr: string[]
  readonly pid: () => number | null
}

const connectSecond = async (
  transport: Parameters<Client['connect']>[0],
  { stderr, pid }: Behind,
  era: 'legacy' | 'modern',
  behaviour: Behaviour,
): Promise<Connection> => {
  const client = new Client(
    { name: 'test', version: '1' },
    { ...(era === 'modern' && { versionNegotiation: { mode: { pin: '2026-07-28' } } }), ...toCapabilities(behaviour) },
  )
  if (behaviour.person !== 'nobody' || behaviour.opens !== undefined)
    client.setRequestHandler('elicitation/create', ({ params }, { mcpReq }) =>
      toAnswer(behaviour, params, mcpReq.signal),
    )
  const changes = collectNotes((take) => {
    client.setNotificationHandler('notifications/resources/list_changed', ({ method }) => take({ method }))
    client.setNotificationHandler('notifications/resources/updated', ({ method, params }) =>
      take({ method, uri: params.uri }),
    )
  })
  await client.connect(transport).catch((cause: unknown) => {
    throw new Error(`no connection; stderr: ${stderr.join('\n')}`, { cause })
  })
  // The clients' types spell out every JSON value; the tests read results as plain JSON.
  return {
    get pid() {
      return pid()
    },
    stderr,
    instructions: client.getInstructions(),
    list: async () => (await client.listTools()).tools as unknown as Listed[],
    call: async (name, args = {}, signal, onprogress) =>
      (await client.callTool(
        { name, arguments: args },
        { ...(signal && { signal }), ...(onprogress && { onprogress }) },
      )) as unknown as Result,
    // Its own listResources walks all pages.
    ...toResourceful(
      client as unknown as AnyClient,
      changes,
      async (cursor) =>
        (await client.request({
          method: 'resources/list',
          params: cursor === undefined ? {} : { cursor },
        })) as unknown as Page,
    ),
    subscribe: async (uris) => {
      if (era !== 'modern') return subscribeEach(client as unknown as AnyClient, uris)
      const subscription = await client.listen({ resourcesListChanged: true, resourceSubscriptions: [...uris] })
      return () => subscription.close()
    },
    close: () => client.close(),
  }
}

const connectFirst = async (
  transport: FirstTransport | FirstHttpTransport,
  { stderr, pid }: Behind,
  behaviour: Behaviour,
): Promise<Connection> => {
  const client = new FirstClient({ name: 'test', version: '1' }, toCapabilities(behaviour))
  if (behaviour.person !== 'nobody' || behaviour.opens !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => toAnswer(behaviour, params, signal))
  const changes = collectNotes((take) => {
    client.setNotificationHandler(ResourceListChangedNotificationSchema, ({ method }) => take({ method }))
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ method, params }) =>
      take({ method, uri: params.uri }),
    )
  })
  // Its types predate exactOptionalPropertyTypes.
  await client.connect(transport as FirstClientTransport)
  return {
    get pid() {
      return pid()
    },
    stderr,
    instructions: client.getInstructions(),
    // As above: plain JSON for the tests.
    list: async () => (await client.listTools()).tools as unknown as Listed[],
    call: async (name, args = {}, signal, onprogress) =>
      (await client.callTool({ name, arguments: args }, undefined, {
        ...(signal && { signal }),
        ...(onprogress && { onprogress }),
      })) as unknown as Result,
    ...toResourceful(client as unknown as AnyClient, changes, (cursor) =>
      (client as unknown as AnyClient).listResources(cursor === undefined ? {} : { cursor }),
    ),
    subscribe: (uris) => subscribeEach(client as unknown as AnyClient, uris),
    close: () => client.close(),
  }
}

/** What both SDKs' clients have in common; their types differ in how they spell JSON. */
interface AnyClient {
  listResources(params: { cursor?: string }): Promise<Page>
  listResourceTemplates(): Promise<{ resourceTemplates: Awaited<ReturnType<Resourceful['templates']>> }>
  readResource(params: { uri: string }, options?: unknown): ReturnType<Resourceful['read']>
  complete(ask: Ask): Promise<{ completion: Awaited<ReturnType<Resourceful['complete']>> }>
  listPrompts(): Promise<{ prompts: Awaited<ReturnType<Resourceful['prompts']>> }>
  getPrompt(params: { name: string; arguments: Record<string, string> }): ReturnType<Resourceful['prompt']>
  subscribeResource(params: { uri: string }): Promise<unknown>
  unsubscribeResource(params: { uri: string }): Promise<unknown>
}

const subscribeEach = async (client: AnyClient, uris: readonly string[]): Promise<() => Promise<void>> => {
  for (const uri of uris) await client.subscribeResource({ uri })
  return async () => {
    for (const uri of uris) await client.unsubscribeResource({ uri })
  }
}

/** The v2 client answers from its own cache while a result is fresh; the tests are about the server. */
const UNCACHED = { cacheMode: 'bypass' }

const toResourceful = (
  client: AnyClient,
  changes: Pick<Resourceful, 'notes' | 'noted'>,
  page: Resourceful['resources'],
): Omit<Resourceful, 'subscribe'> => ({
  ...changes,
  resources: page,
  templates: async () => (await client.listResourceTemplates()).resourceTemplates,
  read: (uri) => client.readResource({ uri }, UNCACHED),
  complete: async (ask) => (await client.complete(ask)).completion,
  prompts: async () => (await client.listPrompts()).prompts,
  prompt: (name, args) => client.getPrompt({ name, arguments: args }),
})

const collectNotes = (listen: (take: (note: Note) => void) => void): Pick<Resourceful, 'notes' | 'noted'> => {
  const notes: Note[] = []
  let waiting: (() => void)[] = []
  listen((note) => {
    notes.push(note)
    const all = waiting
    waiting = []
    for (const wake of all) wake()
  })
  return {
    notes,
    async noted(fits, from = 0) {
      for (;;) {
        const found = notes.slice(from).find(fits)
        if (found !== undefined) return found
        await new Promise<void>((wake) => waiting.push(wake))
      }
    },
  }
}

type FirstClientTransport = Parameters<FirstClient['connect']>[0]

/** Whole lines of a stream, as they come. */
export const linesOf = (stream: { on(event: 'data', take: (chunk: unknown) => void): unknown } | null): string[] => {
  const lines: string[] = []
  let rest = ''
  stream?.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return lines
}
