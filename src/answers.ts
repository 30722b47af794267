import type { Means } from './call.ts'
import { carryOut, exchange } from './carry-out.ts'
import { type QuestionTool, toCatalogue } from './catalogue.ts'
import type { Json } from './operation.ts'
import { QueryBudget } from './query/query-budget.ts'
import { DEFAULT_TOKENS, toQueryResult } from './query/query-result.ts'
import { type QueryMeans, runQuery } from './query/query-runner.ts'
import type { Asking, Upstream } from './question.ts'
import type { Redactor } from './redact.ts'
import type { Contents } from './schema/contents.ts'
import { describeAll } from './schema/describe.ts'
import { OVERVIEW_PAGE, toOverview } from './schema/overview.ts'
import { toNumber, toObject, toText } from './schema/reply-parts.ts'
import { SchemaCache } from './schema/schema-cache.ts'
import { createSchemaReader } from './schema/schema-reader.ts'
import { toName } from './text/line.ts'
import { ToolError } from './tool-error.ts'

/** Answers the questions of one credential. */
export interface Answers {
  readonly cache: SchemaCache
  /** @throws ToolError */
  answer(tool: QuestionTool, input: Json, asking: Asking): Promise<Contents>
  /** Resolves when no query is under way any more: those that were cancelled are then ended at PostHog too. */
  close(): Promise<void>
}

/** Rows when nobody says how many, and how long one waits for them: less than clients wait for a call. */
const DEFAULT_ROWS = 100
const DEFAULT_SECONDS = 50
/** How long the names for a hint may take. */
const HINT_MS = 3_000

/** The calls behind questions, each through the one path to the API. */
const createUpstream = (means: Means, calls: Upstream, redactor: Redactor) => {
  const tools = new Map(
    Object.entries(calls).map(([which, operation]) => [which, toCatalogue([operation], false).get(operation.name)]),
  )
  const toolOf = (which: keyof Upstream) => {
    const tool = tools.get(which)
    if (tool === undefined) throw new Error(`no call ${which}`)
    return tool
  }
  return {
    read: async (which: keyof Upstream, input: Json, signal: AbortSignal): Promise<Json> => {
      const { answer } = await carryOut(means, toolOf(which), input, { signal, redactor })
      return answer.kind === 'data' ? toObject(answer.call.body) : {}
    },
    exchange: (which: keyof Upstream, input: Json, signal: AbortSignal) =>
      exchange(means, toolOf(which), input, { signal, redactor }),
  }
}

/**
 * @param redactor masks the server's own key in what the shared calls say
 * @param mayReadRows whether rows may be read besides the tool that does
 */
export const createAnswers = (means: Means, calls: Upstream, redactor: Redactor, mayReadRows: boolean): Answers => {
  const upstream = createUpstream(means, calls, redactor)
  const cache = new SchemaCache(createSchemaReader(upstream.read))
  const query: QueryMeans = {
    ask: upstream.exchange,
    budget: new QueryBudget(),
    // A hint is not worth a long wait.
    schema: (project, signal) =>
      cache.get(project, AbortSignal.any([signal, AbortSignal.timeout(HINT_MS)])).catch(() => undefined),
    open: new Set(),
  }
  const projectOf = async (input: Json, signal: AbortSignal): Promise<number> =>
    (await means.projects.targetOf(input, signal)).project
  const answer: Answers['answer'] = async ({ question }, input, asking) => {
    const { signal } = asking
    const project = await projectOf(input, signal)
    switch (question.answers) {
      case 'list':
        return toOverview(await cache.get(project, signal), toFilter(input), asking.redactor)
      case 'describe':
        return describeAll({ cache, query: mayReadRows ? query : undefined }, project, input, asking)
      case 'run':
        return run(query, project, input, asking)
      case 'cancel':
        return cancel(query, project, String(input.query_id), asking)
    }
  }
  const close = async (): Promise<void> => {
    await Promise.allSettled(query.open)
  }
  return { cache, answer, close }
}

const toFilter = (input: Json) => {
  const { kind } = input
  return {
    search: toText(input.search),
    source: toText(input.source),
    kind: kind === 'posthog' || kind === 'table' || kind === 'view' ? kind : undefined,
    limit: toNumber(input.limit) ?? OVERVIEW_PAGE,
    offset: toNumber(input.offset) ?? 0,
  } as const
}

const run = async (means: QueryMeans, project: number, input: Json, asking: Asking): Promise<Contents> => {
  const limit = toNumber(input.limit) ?? DEFAULT_ROWS
  const answer = await runQuery(means, {
    project,
    sql: String(input.sql),
    limit,
    timeoutMs: (toNumber(input.timeout_seconds) ?? DEFAULT_SECONDS) * 1000,
    signal: asking.signal,
    ...(asking.progress && { progress: asking.progress }),
  })
  const maxTokens = toNumber(input.max_tokens) ?? DEFAULT_TOKENS
  return toQueryResult(answer, { project, limit, maxTokens, warning: means.budget.warning() }, asking.redactor)
}

const cancel = async ({ ask }: QueryMeans, project: number, id: string, asking: Asking): Promise<Contents> => {
  const reply = await ask('cancel', { project_id: project, query_id: id }, asking.signal)
  const said = reply.body.kind === 'json' ? toText(toObject(reply.body.value).message) : undefined
  if (reply.status >= 300)
    throw new ToolError(`PostHog answered ${reply.status} to the end of query ${toName(id)}`, {
      next: 'Call again; a query ends by itself after ten minutes at most',
    })
  const done = `Asked PostHog to end query ${toName(id)} of project ${project}; it answered ${toName(asking.redactor.text(said ?? 'done'))}. It answers an id it does not know in the same way.`
  return { json: { done, query_id: id, project_id: project }, text: done }
}
