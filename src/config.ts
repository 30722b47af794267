import { Command, InvalidArgumentError } from 'commander'
import type { ProxyEnv } from './http/client.ts'
import type { Toolset } from './operation.ts'

/** How the process was asked to run; frozen, validated, and the only reader of the environment and the arguments. */
export interface Config {
  readonly mode: 'stdio' | 'local-only'
  /** Start the embedded warehouse and use it: its folder, or true for a temporary one. */
  readonly local: string | true | undefined
  /** Port of the warehouse in `local-only` mode; 0 takes a free one. */
  readonly localPort: number
  readonly sessionActions: 'refuse' | 'allow'
  /** Let tables of the local warehouse read plain-http addresses, this machine's included. */
  readonly allowHttpBuckets: boolean
  /** Scheme, host and port of PostHog. */
  readonly origin: string
  readonly apiKey: string | undefined
  readonly projectId: number | undefined
  readonly lockProject: boolean
  readonly readOnly: boolean
  readonly tools: readonly string[] | undefined
  readonly toolsets: readonly string[] | undefined
  readonly allowDirs: readonly string[]
  readonly logLevel: string
  readonly proxy: ProxyEnv
}

/** A wrong setting; the message names it and shows a right one. */
export class ConfigError extends Error {}

const US_CLOUD = 'https://us.posthog.com'
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent']

/** The toolsets `--toolsets` takes; one for each REST resource. */
export const TOOLSETS: readonly Toolset[] = [
  'warehouse_tables',
  'external_data_sources',
  'warehouse_saved_queries',
  'data_warehouse',
  'exports',
  'file_system',
]

type Env = Readonly<Record<string, string | undefined>>
type Flags = Partial<{
  local: string | true
  project: number
  lockProject: boolean
  readOnly: boolean
  tools: string[]
  toolsets: string[]
  allowDir: string[]
  sessionActions: 'refuse' | 'allow'
  allowHttpBuckets: boolean
}>

/**
 * Reads the settings.
 * @param argv arguments after the program's name
 * @throws ConfigError for a wrong value; commander itself ends the process for `--help` and unknown flags
 */
export const readConfig = (argv: readonly string[], env: Env, version: string): Config => {
  let chosen: { mode: Config['mode']; flags: Flags; port: number } | undefined
  const program = toProgram(version, (mode, flags, port) => {
    chosen = { mode, flags, port }
  })
  program.parse([...argv], { from: 'user' })
  const { mode = 'stdio', flags = {}, port = 0 } = chosen ?? {}
  const projectId = flags.project ?? toProject(env.POSTHOG_PROJECT_ID)
  if (flags.lockProject && projectId === undefined && flags.local === undefined)
    throw new ConfigError('--lock-project needs a project: --project 7, or POSTHOG_PROJECT_ID=7')
  return Object.freeze({
    mode,
    local: flags.local,
    localPort: port,
    sessionActions: flags.sessionActions ?? 'refuse',
    allowHttpBuckets: flags.allowHttpBuckets === true,
    origin: toOrigin(env.POSTHOG_HOST),
    apiKey: toKey(env),
    projectId,
    lockProject: flags.lockProject === true,
    readOnly: flags.readOnly === true,
    tools: flags.tools,
    toolsets: toToolsets(flags.toolsets),
    allowDirs: flags.allowDir ?? [],
    logLevel: toLogLevel(env.LOG_LEVEL),
    proxy: toProxy(env),
  })
}

const toProgram = (version: string, choose: (mode: Config['mode'], flags: Flags, port: number) => void): Command => {
  const program = new Command('posthog-warehouse-mcp')
    // A wrong flag ends like any other wrong setting.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .description("MCP server for PostHog's data warehouse, over stdio")
    .version(version)
    .option('--local [folder]', 'use an embedded local warehouse, kept in the folder (default: a temporary one)')
    .addHelpText('after', ENVIRONMENT)
    .option('--project <id>', 'the project to use when a call names none', toProject)
    .option('--lock-project', 'allow no other project; takes the parameter out of every tool')
    .option('--read-only', 'offer only tools that change nothing and need no write scope')
    .option('--tools <names>', 'offer only these tools (comma-separated)', toList)
    .option('--toolsets <names>', `offer only these toolsets: ${TOOLSETS.join(', ')}`, toList)
    .option('--allow-dir <folder>', 'a folder that uploads may read and saved files may go to (repeatable)', collect)
    .option('--session-actions <refuse|allow>', 'with --local: open what PostHog keeps for browser sessions', toActions)
    .option('--allow-http-buckets', 'with --local: let tables read plain-http addresses, also on this machine')
    .action((flags: Flags) => choose('stdio', flags, 0))
  program
    .command('local')
    .description("serve only the local warehouse's API, for other programs")
    .option('--port <number>', 'port on 127.0.0.1', toPort, 8010)
    .option('--dir <folder>', 'where it keeps its state (default: a temporary folder)')
    .option('--session-actions <refuse|allow>', 'open what PostHog keeps for browser sessions', toActions)
    .option('--allow-dir <folder>', 'a folder whose files may be linked as tables (repeatable)', collect)
    .option('--allow-http-buckets', 'let tables read plain-http addresses, also on this machine')
    .action((flags: Flags & { port: number; dir?: string }) =>
      choose('local-only', { ...flags, local: flags.dir ?? true }, flags.port),
    )
  return program
}

const ENVIRONMENT = `
Environment (the key is never a flag: flags show in process lists):
  POSTHOG_PERSONAL_API_KEY  personal API key, phx_… (also POSTHOG_API_KEY)
  POSTHOG_HOST              https://us.posthog.com (default), https://eu.posthog.com or your own
  POSTHOG_PROJECT_ID        default project, such as 12345
  LOG_LEVEL                 ${LOG_LEVELS.join(', ')} (default: info; JSON lines on stderr)
  HTTPS_PROXY, NO_PROXY, NODE_EXTRA_CA_CERTS`

const toList = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

const collect = (folder: string, folders: string[] = []): string[] => [...folders, folder]

const toActions = (text: string): 'refuse' | 'allow' => {
  if (text === 'refuse' || text === 'allow') return text
  throw new InvalidArgumentError('It is refuse or allow.')
}

const toPort = (text: string): number => {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It is a number from 0 to 65535.')
}

const toProject = (text: string | undefined): number | undefined => {
  if (text === undefined || text === '') return undefined
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw new ConfigError("POSTHOG_PROJECT_ID (or --project) is the number in the app's address, such as 12345")
}

const toToolsets = (names: readonly string[] | undefined): readonly string[] | undefined => {
  const wrong = names?.find((name) => !TOOLSETS.some((toolset) => toolset === name))
  if (wrong !== undefined) throw new ConfigError(`--toolsets: there is no ${wrong}; there are ${TOOLSETS.join(', ')}`)
  return names
}

/** The app's origin; an ingestion host does not serve this API (fact sheet: cross-cutting 1). */
const toOrigin = (text: string | undefined): string => {
  if (text === undefined || text === '') return US_CLOUD
  const example = 'such as POSTHOG_HOST=https://us.posthog.com'
  if (!URL.canParse(text)) throw new ConfigError(`POSTHOG_HOST is not an address; it needs its scheme, ${example}`)
  const { protocol, hostname, origin, username, password } = new URL(text)
  if (username !== '' || password !== '')
    throw new ConfigError(`POSTHOG_HOST must not hold a user or password, ${example}`)
  const ingestion = /^([a-z]{2})(-assets)?\.i\.posthog\.com$/.exec(hostname)?.[1]
  if (ingestion !== undefined)
    throw new ConfigError(
      `POSTHOG_HOST is an ingestion host; this API is at POSTHOG_HOST=https://${ingestion}.posthog.com`,
    )
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback))
    throw new ConfigError(`POSTHOG_HOST must be https (http only for this machine): the key travels to it, ${example}`)
  return origin
}

const toKey = (env: Env): string | undefined => {
  const key = (env.POSTHOG_PERSONAL_API_KEY || env.POSTHOG_API_KEY)?.trim()
  if (key === undefined || key === '') return undefined
  if (key.startsWith('phc_'))
    throw new ConfigError(
      'POSTHOG_PERSONAL_API_KEY holds a project token (phc_…), which only sends events; make a personal API key (phx_…)',
    )
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new ConfigError(
      'POSTHOG_PERSONAL_API_KEY has characters no key has; it looks like phx_ and letters and digits',
    )
  return key
}

const toLogLevel = (text = 'info'): string => {
  if (LOG_LEVELS.includes(text)) return text
  throw new ConfigError(`LOG_LEVEL is one of ${LOG_LEVELS.join(', ')}, such as LOG_LEVEL=warn`)
}

const toProxy = (env: Env): ProxyEnv => {
  const { HTTPS_PROXY, HTTP_PROXY, NO_PROXY, https_proxy, http_proxy, no_proxy } = env
  return { HTTPS_PROXY, HTTP_PROXY, NO_PROXY, https_proxy, http_proxy, no_proxy }
}
