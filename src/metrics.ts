import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Attempt, HttpFailure } from './http/client.ts'
import type { Observer } from './observer.ts'
import type { ToolResult } from './result.ts'
import { estimateTokens } from './text/token-estimate.ts'

/** Numbers that are looked up when somebody asks for them. */
export interface Levels {
  sessions(): number
  /** Calls that run, and that wait for a turn. */
  running(): number
  waiting(): number
}

/** What the process counts of itself. */
export interface Metrics extends Observer {
  readonly contentType: string
  /** In Prometheus' text format. */
  text(): Promise<string>
  /** An HTTP request that was answered. */
  answered(method: string, status: number): void
  /** Where the levels are looked up. */
  watch(levels: Levels): void
}

/** Seconds; PostHog's own limit for a query is ten minutes. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
/** Others are one: a label must not grow with what callers send. */
const METHODS = ['GET', 'POST', 'DELETE', 'OPTIONS']

const tokensOf = ({ content }: ToolResult): number =>
  content.reduce((sum, block) => sum + (block.type === 'text' ? estimateTokens(block.text) : 0), 0)

const toOutcome = (outcome: number | HttpFailure): string =>
  typeof outcome === 'number' ? String(outcome) : outcome.kind

const createCallMetrics = (registers: Registry[]) => ({
  calls: new Counter({
    registers,
    name: 'mcp_tool_calls_total',
    help: 'Calls of tools',
    labelNames: ['tool', 'outcome'],
  }),
  errors: new Counter({
    registers,
    name: 'mcp_tool_errors_total',
    help: 'Calls that failed, by what went wrong',
    labelNames: ['kind'],
  }),
  seconds: new Histogram({
    registers,
    name: 'mcp_tool_call_duration_seconds',
    help: 'From the arguments to the result',
    labelNames: ['tool'],
    buckets: SECONDS,
  }),
  tokens: new Counter({
    registers,
    name: 'mcp_tool_result_tokens_total',
    help: 'About how many tokens the texts of results cost a model',
    labelNames: ['tool'],
  }),
  answers: new Counter({
    registers,
    name: 'mcp_http_requests_total',
    help: 'HTTP requests at the endpoint',
    labelNames: ['method', 'status'],
  }),
})

const createPosthogMetrics = (registers: Registry[]) => ({
  requests: new Counter({
    registers,
    name: 'posthog_requests_total',
    help: 'Attempts of requests to PostHog; outcome is the status, or why there is none',
    labelNames: ['method', 'route', 'outcome'],
  }),
  seconds: new Histogram({
    registers,
    name: 'posthog_request_duration_seconds',
    help: 'One attempt, without the wait for a turn or between attempts',
    labelNames: ['method', 'outcome'],
    buckets: SECONDS,
  }),
  retries: new Counter({ registers, name: 'posthog_request_retries_total', help: 'Attempts after the first' }),
  inFlight: new Gauge({ registers, name: 'posthog_requests_in_flight', help: 'Requests to PostHog on the wire' }),
})

const watchLevels = (registers: Registry[], levels: Levels): void => {
  const level = (name: string, help: string, read: () => number): void => {
    // It registers itself, and is read when it is asked for.
    new Gauge({
      registers,
      name,
      help,
      collect() {
        this.set(read())
      },
    })
  }
  level('mcp_sessions', 'Clients of 2025 and before that are remembered', levels.sessions)
  level('mcp_calls_in_flight', 'Requests that have a turn', levels.running)
  level('mcp_calls_waiting', 'Requests that wait for a turn', levels.waiting)
}

/** Counts for one process, in a registry of its own. */
export const createMetrics = (): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const ours = createCallMetrics(registers)
  const posthog = createPosthogMetrics(registers)
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    called: ({ tool, outcome, kind, milliseconds }, result) => {
      ours.calls.inc({ tool, outcome })
      if (kind !== undefined) ours.errors.inc({ kind })
      ours.seconds.observe({ tool }, milliseconds / 1000)
      ours.tokens.inc({ tool }, tokensOf(result))
    },
    attempted: (attempt) => startAttempt(posthog, attempt),
    answered: (method, status) =>
      ours.answers.inc({ method: METHODS.includes(method) ? method : 'other', status: String(status) }),
    watch: (levels) => watchLevels(registers, levels),
  }
}

const startAttempt = (posthog: ReturnType<typeof createPosthogMetrics>, { method, route, count }: Attempt) => {
  const started = performance.now()
  posthog.inFlight.inc()
  if (count > 1) posthog.retries.inc()
  return {
    headers: {},
    ended: (how: number | HttpFailure): void => {
      const outcome = toOutcome(how)
      posthog.inFlight.dec()
      posthog.requests.inc({ method, route: route ?? 'other', outcome })
      posthog.seconds.observe({ method, outcome }, (performance.now() - started) / 1000)
    },
  }
}
