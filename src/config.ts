import { statSync } from 'node:fs'
import type { VerifyOptions } from './audit/verify.ts'
import { ConfigError, type Flags, LOG_LEVELS, type Mode, toProgram, toProject } from './command-line.ts'
import { toConfirmSettings, toSealingKey } from './config-confirm.ts'
import { type HttpFlags, type HttpSettings, toHttpSettings } from './config-http.ts'
import { toLimits } from './config-limits.ts'
import { type SecretSettings, toSecretSettings } from './config-secrets.ts'
import type { ConfirmSettings } from './confirm/policy.ts'
import type { ProxyEnv } from './http/client.ts'
import type { OperatorLimits } from './limits.ts'

/** How the process was asked to run; frozen, validated, and the only reader of the environment and the arguments. */
export interface Config {
  readonly mode: Mode
  /** How the HTTP endpoint is served; in `http` mode. */
  readonly http: HttpSettings | undefined
  /** Start the embedded warehouse and use it: its folder, or true for a temporary one. */
  readonly local: string | true | undefined
  /** Port of the warehouse in `local-only` mode; 0 takes a free one. */
  readonly localPort: number
  readonly sessionActions: 'refuse' | 'allow'
  /** Let tables of the local warehouse read plain-http addresses, this machine's included. */
  readonly allowHttpBuckets: boolean
  /** Which generation of PostHog the local warehouse behaves as; what is left out stays at its default. */
  readonly editions: Pick<Flags, 'tables' | 'warehouse' | 'files'>
  /** Count the local warehouse's calls as PostHog's cloud does. */
  readonly throttles: boolean
  /** A JSON file of faults the local warehouse answers with. */
  readonly faults: string | undefined
  /** Open the admin door; in `local-only` mode. */
  readonly admin: boolean
  /** Scheme, host and port of PostHog. */
  readonly origin: string
  readonly apiKey: string | undefined
  readonly projectId: number | undefined
  /** The project given by flag alone. */
  readonly projectFlag: number | undefined
  readonly lockProject: boolean
  /** Which tools are offered at most. */
  readonly limits: OperatorLimits
  readonly allowDirs: readonly string[]
  readonly secrets: SecretSettings
  /** How often what a client subscribed to is looked at, in seconds; 0 never. */
  readonly pollSeconds: number
  /** What has to be approved, and what happens where nobody can be asked. */
  readonly confirm: ConfirmSettings
  /** What replicas seal confirmations with; undefined for a key of this process's own. */
  readonly sealingKey: Buffer | undefined
  /** Where every write is written down: a file, or `-` for stderr. */
  readonly audit: string | undefined
  /** What to look at; in `verify` mode. */
  readonly verify: VerifyOptions | undefined
  readonly logLevel: string
  readonly proxy: ProxyEnv
}

const DEFAULT_POLL_SECONDS = 60
const US_CLOUD = 'https://us.posthog.com'
// Without the local warehouse these would do nothing, and whoever set them would not learn it.
const OF_LOCAL = [
  ['--session-actions', 'sessionActions'],
  ['--allow-http-buckets', 'allowHttpBuckets'],
  ['--tables', 'tables'],
  ['--warehouse', 'warehouse'],
  ['--files', 'files'],
  ['--throttles', 'throttles'],
  ['--faults', 'faults'],
] as const satisfies readonly (readonly [string, keyof Flags])[]

type Env = Readonly<Record<string, string | undefined>>

/**
 * Reads the settings.
 * @param argv arguments after the program's name
 * @throws ConfigError for a wrong value; commander itself ends the process for `--help` and unknown flags
 */
export const readConfig = (argv: readonly string[], env: Env, version: string): Config => {
  let chosen: { mode: Config['mode']; flags: Flags & HttpFlags; port: number } | undefined
  const program = toProgram(version, (mode, flags, port) => {
    chosen = { mode, flags, port }
  })
  program.parse([...argv], { from: 'user' })
  const { mode = 'stdio', flags = {}, port = 0 } = chosen ?? {}
  const idle = flags.local === undefined ? OF_LOCAL.find(([, name]) => flags[name] !== undefined) : undefined
  if (idle !== undefined) throw new ConfigError(`${idle[0]} goes with --local`)
  const projectId = flags.project ?? toProject(env.POSTHOG_PROJECT_ID)
  if (flags.lockProject && projectId === undefined && flags.local === undefined)
    throw new ConfigError('--lock-project needs a project: --project 7, or POSTHOG_PROJECT_ID=7')
  return Object.freeze({
    mode,
    http: mode === 'http' ? toHttpSettings(flags, env) : undefined,
    local: flags.local,
    localPort: port,
    sessionActions: flags.sessionActions ?? 'refuse',
    allowHttpBuckets: flags.allowHttpBuckets === true,
    editions: toEditions(flags),
    throttles: flags.throttles === true,
    faults: flags.faults,
    admin: flags.admin === true,
    // The local warehouse has its own address; a bad one that is not used must not stop it.
    origin: flags.local === undefined ? toOrigin(env.POSTHOG_HOST) : US_CLOUD,
    apiKey: toKey(env),
    projectId,
    projectFlag: flags.project,
    lockProject: flags.lockProject === true,
    limits: toLimits(flags),
    allowDirs: toFolders(flags.allowDir),
    confirm: toConfirmSettings(flags),
    sealingKey: mode === 'http' ? toSealingKey(env) : undefined,
    secrets: toSecretSettings(flags, env, mode),
    pollSeconds: flags.pollSeconds ?? DEFAULT_POLL_SECONDS,
    audit: flags.audit,
    verify: flags.verify,
    logLevel: toLogLevel(env.LOG_LEVEL),
    proxy: toProxy(env),
  })
}

const toEditions = ({ tables, warehouse, files }: Flags): Config['editions'] => ({
  ...(tables && { tables }),
  ...(warehouse && { warehouse }),
  ...(files && { files }),
})

const toFolders = (folders: readonly string[] = []): readonly string[] => {
  const wrong = folders.find((folder) => !statSync(folder, { throwIfNoEntry: false })?.isDirectory())
  if (wrong !== undefined)
    throw new ConfigError(`--allow-dir: ${wrong} is not a folder; make it, or name one such as --allow-dir ~/data`)
  return folders
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

const toLogLevel = (text: string | undefined): string => {
  if (text === undefined || text === '') return 'info'
  if (LOG_LEVELS.includes(text)) return text
  throw new ConfigError(`LOG_LEVEL is one of ${LOG_LEVELS.join(', ')}, such as LOG_LEVEL=warn`)
}

const toProxy = (env: Env): ProxyEnv => {
  const { HTTPS_PROXY, HTTP_PROXY, NO_PROXY, https_proxy, http_proxy, no_proxy } = env
  return { HTTPS_PROXY, HTTP_PROXY, NO_PROXY, https_proxy, http_proxy, no_proxy }
}
