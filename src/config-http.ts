import { ConfigError } from './command-line.ts'
import { isLoopback } from './loopback.ts'

/** How clients show who they are. */
export type Auth = 'none' | 'token' | 'posthog'

/** The flags of `http` as typed; absent ones are undefined. */
export type HttpFlags = Partial<{
  port: number
  bind: string
  auth: Auth
  passOauth: boolean
  allowHost: string[]
  allowOrigin: string[]
  publicUrl: string
  maxSessions: number
  sessionIdleSeconds: number
  maxCalls: number
  maxWaiting: number
  ratePerMinute: number
  metricsPort: number
  metricsBind: string
  advertise: string
}>

/** How the HTTP endpoint is served. */
export interface HttpSettings {
  readonly port: number
  readonly bind: string
  readonly auth: Auth
  /** Take OAuth tokens that were issued for PostHog. */
  readonly passOAuth: boolean
  readonly token: string | undefined
  readonly tokensFile: string | undefined
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  /** Scheme and host under which clients know this server. */
  readonly publicUrl: string | undefined
  readonly maxSessions: number
  readonly sessionIdleSeconds: number
  readonly maxCalls: number
  readonly maxWaiting: number
  readonly ratePerMinute: number
  /** Where spans are posted; undefined where there is no collector. */
  readonly traces: string | undefined
  /** Where operators read metrics; undefined where nobody does. */
  readonly metrics: { readonly port: number; readonly bind: string } | undefined
  /** What this process shares with other replicas; undefined where it is the only one. */
  readonly replicas: ReplicaSettings | undefined
}

/** How replicas find each other. */
export interface ReplicaSettings {
  /** May hold a password. */
  readonly redisUrl: string
  /** Scheme, host and port at which the other replicas reach this one. */
  readonly advertise: string
}

type Env = Readonly<Record<string, string | undefined>>

const toOrigin = (flag: string, text: string): string => {
  if (URL.canParse(text)) {
    const { origin, protocol } = new URL(text)
    if (/^https?:$/.test(protocol) && (text === origin || text === `${origin}/`)) return origin
  }
  throw new ConfigError(`${flag}: ${text} is no origin such as https://mcp.example.com`)
}

/** OpenTelemetry's own variables; what else they set (headers, sampling, batches) its packages read themselves. */
const toTraces = ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED }: Env): string | undefined => {
  if (endpoint === undefined || endpoint === '' || OTEL_SDK_DISABLED === 'true') return undefined
  // Not repeated: it may hold a login.
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new ConfigError('OTEL_EXPORTER_OTLP_ENDPOINT is no address such as http://127.0.0.1:4318')
  return `${endpoint.replace(/\/+$/, '')}/v1/traces`
}

const toReplicas = ({ advertise }: HttpFlags, { REDIS_URL }: Env): ReplicaSettings | undefined => {
  const redisUrl = REDIS_URL || undefined
  if (redisUrl === undefined) {
    if (advertise !== undefined) throw new ConfigError('--advertise goes with REDIS_URL')
    return undefined
  }
  // The value is not repeated: it may hold a password.
  if (!/^rediss?:\/\/./.test(redisUrl) || !URL.canParse(redisUrl))
    throw new ConfigError('REDIS_URL is not an address such as redis://redis.example.com:6379')
  if (advertise === undefined)
    throw new ConfigError(
      'REDIS_URL needs --advertise: where the other replicas reach this one, such as http://10.0.0.5:8011',
    )
  return { redisUrl, advertise }
}

/** What is chosen must fit what is reached. @throws ConfigError */
const check = ({ auth, bind, allowedHosts }: HttpSettings): void => {
  if (isLoopback(bind)) return
  if (auth === 'none')
    throw new ConfigError(
      `--bind ${bind} is reached from other machines, and without a token anybody there could use your PostHog key: choose --auth token (with MCP_AUTH_TOKEN) or --auth posthog`,
    )
  if (allowedHosts.length === 0)
    throw new ConfigError(
      `--bind ${bind} needs --allow-host with the name that clients use, such as mcp.example.com (or --public-url)`,
    )
}

/** @throws ConfigError for settings that do not go together */
export const toHttpSettings = (flags: HttpFlags, env: Env): HttpSettings => {
  const publicUrl = flags.publicUrl === undefined ? undefined : toOrigin('--public-url', flags.publicUrl)
  const token = env.MCP_AUTH_TOKEN || undefined
  const tokensFile = env.MCP_AUTH_TOKENS_FILE || undefined
  if (token !== undefined && token.length < 16)
    throw new ConfigError('MCP_AUTH_TOKEN is shorter than 16 characters; make one with: openssl rand -base64 32')
  const auth = flags.auth ?? 'none'
  if (auth === 'none' && flags.auth === undefined && (token ?? tokensFile) !== undefined)
    throw new ConfigError('MCP_AUTH_TOKEN is set, but not used: choose --auth token, or --auth none')
  if (flags.passOauth && auth !== 'posthog') throw new ConfigError('--pass-oauth goes with --auth posthog')
  if (flags.metricsBind !== undefined && flags.metricsPort === undefined)
    throw new ConfigError('--metrics-bind goes with --metrics-port')
  const settings: HttpSettings = {
    port: flags.port ?? 8011,
    bind: flags.bind ?? '127.0.0.1',
    auth,
    passOAuth: flags.passOauth === true,
    token,
    tokensFile,
    allowedHosts: [...(flags.allowHost ?? []), ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])],
    allowedOrigins: (flags.allowOrigin ?? []).map((text) => toOrigin('--allow-origin', text)),
    publicUrl,
    maxSessions: flags.maxSessions ?? 1_000,
    sessionIdleSeconds: flags.sessionIdleSeconds ?? 1_800,
    maxCalls: flags.maxCalls ?? 64,
    maxWaiting: flags.maxWaiting ?? 1_000,
    ratePerMinute: flags.ratePerMinute ?? 0,
    traces: toTraces(env),
    metrics:
      flags.metricsPort === undefined ? undefined : { port: flags.metricsPort, bind: flags.metricsBind ?? '127.0.0.1' },
    replicas: toReplicas(flags, env),
  }
  check(settings)
  return Object.freeze(settings)
}
