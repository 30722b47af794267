import { type Command, InvalidArgumentError } from 'commander'

/** Ways to show who one is; the words of `Auth`. */
const AUTH = ['none', 'token', 'posthog']

const toAuth = (text: string): string => {
  if (AUTH.includes(text)) return text
  throw new InvalidArgumentError(`It is ${AUTH.join(', ')}.`)
}

const toCount =
  (least: number) =>
  (text: string): number => {
    const count = Number(text)
    if (/^\d{1,9}$/.test(text) && count >= least) return count
    throw new InvalidArgumentError(`It is a number from ${least}.`)
  }

const toPort = (text: string): number => {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It is a number from 0 to 65535.')
}

const toAddress = (text: string): string => {
  if (URL.canParse(text)) {
    const { origin, protocol } = new URL(text)
    if (/^https?:$/.test(protocol) && (text === origin || text === `${origin}/`)) return origin
  }
  throw new InvalidArgumentError('It is a scheme, a host and a port, such as http://10.0.0.5:8011.')
}

const collect = (value: string, values: string[] = []): string[] => [...values, value]

/** The flags of the HTTP endpoint. */
export const addHttpFlags = (command: Command): Command =>
  command
    .option('--port <number>', 'port (8011; 0 takes a free one)', toPort)
    .option('--bind <address>', 'address to listen on (127.0.0.1)')
    .option(
      '--auth <none|token|posthog>',
      'who may call: anybody on this machine; who has MCP_AUTH_TOKEN; who has a PostHog key of their own',
      toAuth,
    )
    .option(
      '--pass-oauth',
      'with --auth posthog: also take OAuth tokens made for PostHog (token passthrough: MCP forbids it)',
    )
    .option('--public-url <url>', 'scheme and host that clients use, such as https://mcp.example.com')
    .option('--allow-host <name>', 'a name that may stand in Host (repeatable)', collect)
    .option(
      '--allow-origin <origin>',
      'a web page that may call, such as https://app.example.com (repeatable)',
      collect,
    )
    .option('--max-sessions <number>', 'clients of 2025 and before remembered at once (1000)', toCount(1))
    .option('--session-idle-seconds <number>', 'how long an idle one is remembered (1800)', toCount(1))
    .option('--max-calls <number>', 'calls at once (64)', toCount(1))
    .option('--max-waiting <number>', 'calls that may wait for that (1000); beyond, 503', toCount(0))
    .option('--metrics-port <number>', 'port for /metrics, which the other never has (0 takes a free one)', toPort)
    .option('--metrics-bind <address>', 'address to listen on for that (127.0.0.1)')
    .option('--rate-per-minute <number>', 'requests of one caller (0: not counted); beyond, 429', toCount(0))
    .option('--advertise <url>', 'with REDIS_URL: where other replicas reach this one', toAddress)

/** Said behind the flags of `http`. */
export const HTTP_ENVIRONMENT = `
Environment, beside that of the program:
  MCP_AUTH_TOKEN        with --auth token: the token that callers bring (16 characters or more)
  REDIS_URL             what replicas share: redis://[user:password@]host:6379[/db], or rediss://
  MCP_SEALING_KEY       with REDIS_URL: what replicas seal confirmations with, 32 characters or more, the same for all
  MCP_AUTH_TOKENS_FILE  several, with names and ceilings; read again when it changes:
                        {"tokens": [{"name": "ci", "token": "…" or "sha256": "…", "project": 7,
                                     "tier": "read" or {"all": "read", "exports": "write"},
                                     "toolsets": ["schema"], "tools": [], "exclude_tools": [], "secrets": ["DB"]}]}
  OTEL_EXPORTER_OTLP_ENDPOINT
                        a collector that spans are sent to, such as http://127.0.0.1:4318`
