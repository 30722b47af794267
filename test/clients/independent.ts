/**
 * Clients that others wrote, against the built server over HTTP: each lists tools, calls one and reads a resource as far
 * as it can. They are installed into a folder of their own, whose path is the only argument; they want Node 22.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const folder = process.argv[2]
if (folder === undefined) throw new Error('the folder with the clients is the argument')
const require = createRequire(join(folder, 'package.json'))
const load = (name: string): Promise<unknown> => import(pathToFileURL(require.resolve(name)).href)

const TOKEN = 'token-of-the-independent-clients'
const server = spawn(
  process.execPath,
  [
    fileURLToPath(new URL('../../dist/src/main.js', import.meta.url)),
    'http',
    '--local',
    '--port',
    '0',
    '--auth',
    'token',
  ],
  { env: { PATH: process.env.PATH, MCP_AUTH_TOKEN: TOKEN }, stdio: ['ignore', 'ignore', 'pipe'] },
)
const listening = async (): Promise<string> => {
  for await (const line of createInterface(server.stderr)) {
    const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
    if (msg === 'listening' && url !== undefined) return url
  }
  throw new Error('the server ended')
}
const url = await listening()
server.stderr.resume()
const project = 'posthog://projects/1/index'
const headers = { Authorization: `Bearer ${TOKEN}` }

const expect = (what: string, isSo: boolean): void => {
  if (!isSo) throw new Error(`${what}: not as it should be`)
  process.stdout.write(`${what}: ok\n`)
}

interface AiResult {
  readonly content: readonly { readonly text?: string }[]
  readonly structuredContent?: { readonly id?: string; readonly deleted?: unknown }
  readonly isError?: boolean
}

/** What the AI SDK's client has that is used here. */
interface AiClient {
  tools(): Promise<Record<string, { execute(args: unknown, options: unknown): Promise<AiResult> }>>
  listResources(): Promise<{ resources: { uri: string }[] }>
  readResource(ask: { uri: string }): Promise<{ contents: { text?: string }[] }>
  close(): Promise<void>
}

/** Here it can ask nobody: it is shown what would be lost, and calls again with what that gave out. */
const destroy = async (tools: Awaited<ReturnType<AiClient['tools']>>): Promise<void> => {
  const options = { toolCallId: '2', messages: [] }
  const made = await tools.file_system_create?.execute({ path: 'Marketing', type: 'folder' }, options)
  const id = made?.structuredContent?.id
  const shown = await tools.file_system_delete?.execute({ id }, options)
  const confirmation = /^confirmation: (\S+) /m.exec(shown?.content[0]?.text ?? '')?.[1]
  expect('AI SDK is shown what would be lost', shown?.isError === true && confirmation !== undefined)
  const kept = await tools.file_system_get?.execute({ id }, options)
  expect('AI SDK has lost nothing by that', kept?.structuredContent?.id === id)
  const done = await tools.file_system_delete?.execute({ id, confirmation }, options)
  expect('AI SDK deletes what it was shown', done?.isError !== true && done?.structuredContent !== undefined)
  const gone = await tools.file_system_get?.execute({ id }, options)
  expect('AI SDK finds it gone', gone?.isError === true)
}

const aiSdk = async (): Promise<string> => {
  const { createMCPClient } = (await load('@ai-sdk/mcp')) as { createMCPClient(options: unknown): Promise<AiClient> }
  const client = await createMCPClient({ transport: { type: 'http', url, headers } })
  const tools = await client.tools()
  expect('AI SDK lists 58 tools', Object.keys(tools).length === 58)
  const result = await tools.schema_list?.execute({}, { toolCallId: '1', messages: [] })
  expect('AI SDK calls one', JSON.stringify(result).includes('tables'))
  await destroy(tools)
  const { resources } = await client.listResources()
  const uri = resources.find((resource) => resource.uri.endsWith('/index'))?.uri ?? project
  const { contents } = await client.readResource({ uri })
  expect('AI SDK reads a resource', (contents[0]?.text ?? '').length > 20)
  await client.close()
  return uri
}

/** What LangChain's adapters have that is used here. */
interface Adapters {
  getTools(): Promise<{ name: string; invoke(args: unknown): Promise<unknown> }[]>
  readResource(server: string, uri: string): Promise<{ text?: string }[]>
  close(): Promise<void>
}

const langChain = async (uri: string): Promise<void> => {
  const { MultiServerMCPClient } = (await load('@langchain/mcp-adapters')) as {
    MultiServerMCPClient: new (options: unknown) => Adapters
  }
  const client = new MultiServerMCPClient({
    mcpServers: { warehouse: { transport: 'http', url, headers, automaticSSEFallback: false } },
  })
  const tools = await client.getTools()
  expect('LangChain lists 58 tools', tools.length === 58)
  const result = await tools.find(({ name }) => name === 'schema_list')?.invoke({})
  expect('LangChain calls one', JSON.stringify(result).includes('tables'))
  const contents = await client.readResource('warehouse', uri)
  expect('LangChain reads a resource', (contents[0]?.text ?? '').length > 20)
  await client.close()
}

const run = promisify(execFile)
const inspector = async (uri: string): Promise<void> => {
  const bin = join(folder, 'node_modules/.bin/mcp-inspector')
  const ask = async (...args: readonly string[]): Promise<string> => {
    const all = [bin, '--cli', url, '--transport', 'http', '--header', `Authorization: Bearer ${TOKEN}`, ...args]
    const { stdout } = await run(process.execPath, all, { maxBuffer: 16 * 1024 * 1024, timeout: 60_000 })
    return stdout
  }
  const { tools } = JSON.parse(await ask('--method', 'tools/list')) as { tools: unknown[] }
  expect('Inspector lists 58 tools', tools.length === 58)
  const called = await ask('--method', 'tools/call', '--tool-name', 'schema_list')
  expect('Inspector calls one', called.includes('tables') && !called.includes('"isError": true'))
  expect('Inspector reads a resource', (await ask('--method', 'resources/read', '--uri', uri)).includes('text/plain'))
}

try {
  const uri = await aiSdk()
  await langChain(uri)
  await inspector(uri)
} finally {
  server.kill('SIGTERM')
}
const [code] = await once(server, 'exit')
expect('the server ends with 0', code === 0)
