import { Command, InvalidArgumentError } from 'commander'
import { addHttpFlags, HTTP_ENVIRONMENT } from './command-line-http.ts'
import { addSecretFlags, SECRETS_ENVIRONMENT, type SecretFlags } from './command-line-secrets.ts'
import type { HttpFlags } from './config-http.ts'
import type { Toolset } from './operation.ts'

/** A wrong setting; the message names it and shows a right one. */
export class ConfigError extends Error {}

/** What LOG_LEVEL takes. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent']

/** The toolsets `--toolsets` takes: questions, and one for each REST resource. */
export const TOOLSETS: readonly Toolset[] = [
  'schema',
  'query',
  'warehouse_tables',
  'external_data_sources',
  'warehouse_saved_queries',
  'data_warehouse',
  'exports',
  'file_system',
]

/** The flags as typed; absent ones are undefined. */
export type Flags = SecretFlags &
  Partial<{
    local: string | true
    project: number
    lockProject: boolean
    readOnly: boolean
    tools: string[]
    toolsets: string[]
    allowDir: string[]
    pollSeconds: number
    sessionActions: 'refuse' | 'allow'
    allowHttpBuckets: boolean
    tables: 'S' | 'L'
    warehouse: 'D' | 'N'
    files: 'F1' | 'F2'
    throttles: boolean
    faults: string
    admin: boolean
  }>

/** What was asked for: to serve stdio, or HTTP, or only the local warehouse on a port. */
export type Choose = (mode: 'stdio' | 'http' | 'local-only', flags: Flags & HttpFlags, port: number) => void

/** The program with its flags and help. A wrong flag ends the process with 2, like any other wrong setting. */
export const toProgram = (version: string, choose: Choose): Command => {
  const program = new Command('posthog-warehouse-mcp')
    // `local` has flags of the same names; those behind it are its own.
    .enablePositionalOptions()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .description("MCP server for PostHog's data warehouse, over stdio (or, with http, over Streamable HTTP)")
    .version(version)
    .option('--local [folder]', 'use an embedded local warehouse, kept in the folder (default: a temporary one)')
    .addHelpText('after', ENVIRONMENT)
    .action((flags: Flags) => choose('stdio', flags, 0))
  addServing(program)
  const http = program
    .command('http')
    .description('serve Streamable HTTP, on this machine unless --bind says otherwise')
    .option('--local [folder]', 'use an embedded local warehouse, kept in the folder (default: a temporary one)')
    .addHelpText('after', HTTP_ENVIRONMENT)
    .action((flags: Flags & HttpFlags) => choose('http', flags, 0))
  addServing(addHttpFlags(http))
  const local = program
    .command('local')
    .description("serve only the local warehouse's API, for other programs")
    .option('--port <number>', 'port on 127.0.0.1', toPort, 8010)
    .option('--dir <folder>', 'where it keeps its state (default: a temporary folder)')
    .option(
      '--session-actions <refuse|allow>',
      'open what PostHog keeps for browser sessions',
      oneOf('refuse', 'allow'),
    )
    .option('--allow-dir <folder>', 'a folder whose files may be linked as tables (repeatable)', collect)
    .option('--allow-http-buckets', 'let tables and sources use plain http, also on this machine')
    .option('--admin', 'open /_admin/, with a token of its own: the clock, faults, keys and tokens for tests')
    .action((flags: Flags & { port: number; dir?: string }) =>
      choose('local-only', { ...flags, local: flags.dir ?? true }, flags.port),
    )
  addBehaviour(local, '')
  return program
}

/** What may be offered, whichever way it is served. */
const addServing = (command: Command): Command =>
  addBehaviour(
    addSecretFlags(command)
      .option('--project <id>', 'the project to use when a call names none', toProject)
      .option('--lock-project', 'allow no other project; takes the parameter out of every tool')
      .option('--read-only', 'offer only tools that change nothing and need no write scope')
      .option('--tools <names>', 'offer only these tools (comma-separated)', toList)
      .option('--toolsets <names>', `offer only these toolsets: ${TOOLSETS.join(', ')}`, toList)
      .option('--allow-dir <folder>', 'a folder that uploads may read and saved files may go to (repeatable)', collect)
      .option('--poll-seconds <number>', 'how often to look at what a client subscribed to (60; 0 never)', toSeconds)
      .option(
        '--session-actions <refuse|allow>',
        'with --local: open what PostHog keeps for browser sessions',
        oneOf('refuse', 'allow'),
      )
      .option('--allow-http-buckets', 'with --local: let tables and sources use plain http, also on this machine'),
    'with --local: ',
  )

/** How the local warehouse behaves, whichever way it is started. */
const addBehaviour = (command: Command, when: string): Command =>
  command
    .option('--tables <S|L>', `${when}tables and views of the documented release (S) or the latest`, oneOf('S', 'L'))
    .option('--warehouse <D|N>', `${when}the managed warehouse as documented (D) or the newest`, oneOf('D', 'N'))
    .option('--files <F1|F2>', `${when}the project tree of the earlier (F1) or the later release`, oneOf('F1', 'F2'))
    .option('--throttles', `${when}count calls and queries as PostHog's cloud does`)
    .option('--faults <file>', `${when}answer with the faults that a JSON file lists`)

const ENVIRONMENT = `
Environment (the key is never a flag: flags show in process lists):
  POSTHOG_PERSONAL_API_KEY  personal API key, phx_… (also POSTHOG_API_KEY)
  POSTHOG_HOST              https://us.posthog.com (default), https://eu.posthog.com or your own
  POSTHOG_PROJECT_ID        default project, such as 12345
  LOG_LEVEL                 ${LOG_LEVELS.join(', ')} (default: info; JSON lines on stderr)
  HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS${SECRETS_ENVIRONMENT}`

const toList = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

const collect = (folder: string, folders: string[] = []): string[] => [...folders, folder]

const oneOf =
  <const T extends string>(...words: readonly [T, T]) =>
  (text: string): T => {
    const word = words.find((known) => known === text)
    if (word === undefined) throw new InvalidArgumentError(`It is ${words.join(' or ')}.`)
    return word
  }

const toSeconds = (text: string): number => {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a number of seconds, such as 60.')
}

const toPort = (text: string): number => {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It is a number from 0 to 65535.')
}

/** A project id. @throws ConfigError for anything else */
export const toProject = (text: string | undefined): number | undefined => {
  if (text === undefined || text === '') return undefined
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new ConfigError("POSTHOG_PROJECT_ID (or --project) is the number in the app's address, such as 12345")
}
