import { z } from 'zod'

/** An HTTP answer without HTTP. */
export interface Reply {
  readonly status: number
  readonly body: unknown
}

const refreshValues = [
  'blocking',
  'force_blocking',
  'force_cache',
  'async',
  'async_except_on_cache_miss',
  'lazy_async',
  'force_async',
] as const

const hogql = z.strictObject({
  kind: z.literal('HogQLQuery'),
  query: z.string(),
  values: z.record(z.string(), z.unknown()).nullish(),
  filters: z.record(z.string(), z.unknown()).nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  modifiers: z.record(z.string(), z.unknown()).nullish(),
  explain: z.boolean().nullish(),
  connectionId: z.string().nullish(),
  name: z.string().nullish(),
  tags: z.record(z.string(), z.unknown()).nullish(),
  version: z.number().nullish(),
})

const request = z.strictObject({
  query: z.discriminatedUnion('kind', [
    hogql,
    z.strictObject({ kind: z.literal('DatabaseSchemaQuery'), connectionId: z.string().nullish() }),
  ]),
  refresh: z.union([z.boolean(), z.enum(refreshValues)]).nullish(),
  client_query_id: z.string().min(1).max(128).nullish(),
  async: z.boolean().nullish(),
  filters_override: z.record(z.string(), z.unknown()).nullish(),
  variables_override: z.record(z.string(), z.unknown()).nullish(),
  name: z.string().nullish(),
  limit_context: z.literal('posthog_ai').nullish(),
})

/** A valid body of POST query/ (fact sheet: cross-cutting 9.1). */
export type QueryRequest = z.infer<typeof request>

/** PostHog's framework error body (fact sheet: cross-cutting 6). */
export function failure(status: number, type: string, code: string, detail: string): Reply {
  return { status, body: { type, code, detail, attr: null } }
}

/** A 400 whose text is for the caller. */
export function invalid(detail: string, code = 'invalid_input'): Reply {
  return failure(400, 'validation_error', code, detail)
}

// Kinds PostHog knows. The first cannot be run anywhere, the others only there.
const notRunnable = new Set([
  'SavedInsightNode',
  'DataTableNode',
  'DataVisualizationNode',
  'InsightVizNode',
  'EventsNode',
  'ActionsNode',
])
const upstreamOnly = new Set([
  'TrendsQuery',
  'FunnelsQuery',
  'RetentionQuery',
  'PathsQuery',
  'StickinessQuery',
  'LifecycleQuery',
  'EventsQuery',
  'ActorsQuery',
  'HogQuery',
  'HogQLMetadata',
  'HogQLAutocomplete',
  'WebOverviewQuery',
  'WebStatsTableQuery',
])

function parseError(path: string, what: string): Reply {
  const text = `JSON parse error - 1 validation error for QueryRequest\n${path}\n  ${what}`
  return failure(400, 'invalid_request', 'parse_error', text)
}

function refuseKind(body: unknown): Reply | undefined {
  const kind = z.object({ query: z.object({ kind: z.string() }) }).safeParse(body).data?.query.kind
  if (kind === undefined || kind === 'HogQLQuery' || kind === 'DatabaseSchemaQuery') return undefined
  if (notRunnable.has(kind)) return invalid(`Unsupported query kind: ${kind}`)
  if (upstreamOnly.has(kind)) {
    return invalid(
      `The local warehouse does not run ${kind}; PostHog does. It runs HogQLQuery and DatabaseSchemaQuery.`,
    )
  }
  const tags = "'DatabaseSchemaQuery', 'HogQLQuery'"
  return parseError('query', `Input tag '${kind}' found using 'kind' does not match any of the expected tags: ${tags}`)
}

const filled = (value: Record<string, unknown> | null | undefined): boolean =>
  value != null && Object.keys(value).length > 0

/** Options that would change an answer in PostHog and would not here. */
function refuseOptions({ query, filters_override, variables_override }: QueryRequest): Reply | undefined {
  const options: Record<string, boolean> = {
    filters_override: filled(filters_override),
    variables_override: filled(variables_override),
    connectionId: query.connectionId != null,
    ...(query.kind === 'HogQLQuery' && {
      filters: filled(query.filters),
      variables: filled(query.variables),
      modifiers: filled(query.modifiers),
      explain: query.explain === true,
    }),
  }
  const used = Object.keys(options).find((name) => options[name])
  return used === undefined
    ? undefined
    : invalid(`The local warehouse does not support the query option ${used}; PostHog does.`)
}

/** Checks a body. The answer is either the request or the 400 PostHog would give. */
export function readRequest(body: unknown): { readonly request: QueryRequest } | { readonly refusal: Reply } {
  const refused = refuseKind(body)
  if (refused) return { refusal: refused }
  const { data, error } = request.safeParse(body)
  if (error) {
    const [issue] = error.issues
    const missing = issue?.code === 'invalid_type' && issue.message.endsWith('received undefined')
    const extra = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    const what =
      extra.length > 0
        ? 'Extra inputs are not permitted'
        : missing
          ? 'Field required'
          : (issue?.message ?? 'Invalid input')
    return { refusal: parseError([...(issue?.path ?? []), ...extra].join('.') || 'query', what) }
  }
  const refusal = refuseOptions(data)
  return refusal ? { refusal } : { request: data }
}

/** Whether PostHog answers 202 at once. Nothing is cached here, so every answer is a cache miss. */
export function isAsync({ refresh, async: legacy }: QueryRequest): boolean {
  return (
    refresh === 'async' || refresh === 'lazy_async' || refresh === 'force_async' || (refresh == null && legacy === true)
  )
}
