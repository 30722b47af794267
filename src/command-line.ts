import { Command, InvalidArgumentError } from 'commander'
import type { VerifyOptions } from './audit/verify.ts'
import { addAuditCommands } from './command-line-audit.ts'
import { addHttpFlags, HTTP_ENVIRONMENT } from './command-line-http.ts'
import { addAllowListFlag, addLimitFlags, type LimitFlags } from './command-line-limits.ts'
import { addSecretFlags, SECRETS_ENVIRONMENT, type SecretFlags } from './command-line-secrets.ts'
import type { HttpFlags } from './config-http.ts'

/** A wrong setting; the message names it and shows a right one. */
export class ConfigError extends Error {}

/** What LOG_LEVEL takes. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent']

/** The flags as typed; absent ones are undefined. */
export type Flags = LimitFlags &
  SecretFlags &
  Partial<{
    local: string | true
    project: number
    lockProject: boolean
    allowDir: string[]
    pollSeconds: number
    confirm: 'destructive' | 'writes'
    unasked: string[]
    sessionActions: 'refuse' | 'allow'
    allowHttpBuckets: boolean
    tables: 'S' | 'L'
    warehouse: 'D' | 'N'
    files: 'F1' | 'F2'
    throttles: boolean
    faults: string
    admin: boolean
    audit: string
    verify: VerifyOptions
  }>

/** What was asked for: to serve stdio, or HTTP, or only the local warehouse on a port, to look at an audit log, or to write an allow-list. */
export type Mode = 'stdio' | 'http' | 'local-only' | 'verify' | 'allow-list'

/** Told what was asked for. */
export type Choose = (mode: Mode, flags: Flags & HttpFlags, port: number) => void

/** The program with its flags and help. A wrong flag ends the process with 2, like any other wrong setting. */
export const toProgram = (version: string, choose: Choose): Command => {
  const program = new Command('posthog-warehouse-mcp')
    // `local` has flags of the same names; those behind it are its own.
    .enablePositionalOptions()
    .hook('preSubcommand', (before, command) => {
      // They would be lost, and with them what the operator meant to take away.
      if (Object.keys(before.opts()).length > 0)
        throw new ConfigError(`Flags stand behind the command: posthog-warehouse-mcp ${command.name()} …`)
    })
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
  addLocal(program, choose)
  const list = program
    .command('allow-list')
    .description('write the file for --allow-list to stdout: these tools, as they are now')
    .action((flags: Flags) => choose('allow-list', flags, 0))
  addLimitFlags(list)
  return program
}

/** The local warehouse alone. */
const addLocal = (program: Command, choose: Choose): void => {
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
  addAuditCommands(program, (verify) => choose('verify', { verify }, 0))
}

/** What may be offered, whichever way it is served. */
const addServing = (command: Command): Command =>
  addBehaviour(
    addSecretFlags(addAllowListFlag(addLimitFlags(command)))
      .option('--project <id>', 'the project to use when a call names none', toProject)
      .option('--lock-project', 'allow no other project; takes the parameter out of every tool')
      .option('--allow-dir <folder>', 'a folder that uploads may read and saved files may go to (repeatable)', collect)
      .option(
        '--confirm <destructive|writes>',
        'what a person has to approve: calls that lose something (destructive), or every change (writes)',
        oneOf('destructive', 'writes'),
      )
      .option(
        '--unasked <policy>',
        'where nobody can be asked: refuse or preview, for all calls or as tool=policy (repeatable)',
        collect,
      )
      .option('--audit <file>', 'append every write, attempted and done, as JSON lines (-: to stderr)', toAudit)
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

const collect = (folder: string, folders: string[] = []): string[] => [...folders, folder]

const oneOf =
  <const T extends string>(...words: readonly [T, T]) =>
  (text: string): T => {
    const word = words.find((known) => known === text)
    if (word === undefined) throw new InvalidArgumentError(`It is ${words.join(' or ')}.`)
    return word
  }

const toAudit = (text: string): string => {
  if (text !== '') return text
  throw new InvalidArgumentError('It is a file such as /var/log/posthog-mcp/audit.jsonl, or - for stderr.')
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
