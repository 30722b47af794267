import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Exchange } from '../carry-out.ts'
import { limited, toSelect } from '../hogql/select.ts'
import type { Json } from '../operation.ts'
import { toObject } from '../schema/reply-parts.ts'
import type { Snapshot } from '../schema/snapshot.ts'
import { ToolError } from '../tool-error.ts'
import type { QueryBudget } from './query-budget.ts'
import { toQueryError } from './query-failure.ts'
import { readAnswer, toRemarks } from './query-table.ts'

/** One of the calls behind a query. Only a missing reply throws. */
export type AskQuery = (which: 'start' | 'poll' | 'cancel', input: Json, signal: AbortSignal) => Promise<Exchange>

/** What queries are run with. */
export interface QueryMeans {
  readonly ask: AskQuery
  readonly budget: QueryBudget
  /** The project's schema, for names to offer; undefined when it cannot be had soon. */
  schema(project: number, signal: AbortSignal): Promise<Snapshot | undefined>
  /** Queries that are under way or being ended, for whoever closes the connections. */
  readonly open: Set<Promise<unknown>>
}

/** One query. */
export interface QueryOrder {
  readonly project: number
  readonly sql: string
  /** Rows wanted, where the SQL does not say. */
  readonly limit: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
  progress?(message: string): void
}

/** Rows of a query, at most as many as were wanted. */
export interface QueryAnswer extends NonNullable<ReturnType<typeof readAnswer>> {
  /** Whether there are more rows than these. */
  readonly more: boolean
  /** The number that bounded them is the caller's, not one in the SQL. */
  readonly isOurLimit: boolean
  readonly cachedAt: string | undefined
}

/** PostHog sends no more, whatever the SQL says (fact sheet: cross-cutting 9.2). */
export const MOST_ROWS = 50_000

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 2_000
/** Ending a query must not itself take long. */
const CANCEL_MS = 10_000

interface Sent {
  readonly text: string
  /** Characters of ours before the caller's SQL. */
  readonly shift: number
  readonly isOurLimit: boolean
}

/** @throws ToolError for SQL that is not one SELECT; nothing is sent then */
const toSql = ({ sql, limit }: QueryOrder): Sent => {
  const select = toSelect(sql)
  if ('refused' in select)
    throw new ToolError(`The query was not sent: ${select.refused}`, { next: 'Send one SELECT, in HogQL' })
  // One row more tells whether there are more.
  const { sql: text, shift } = limited(select, limit + 1)
  return { text, shift, isOurLimit: select.isSet || !select.isLimited }
}

/** Waits for a query that was started; each look is told to whoever watches. */
const watch = async (means: QueryMeans, order: QueryOrder, id: string, first: Exchange): Promise<Exchange> => {
  const { signal, project, progress } = order
  const started = performance.now()
  let reply = first
  for (let wait = FIRST_PAUSE_MS; isRunning(reply); wait = Math.min(LONGEST_PAUSE_MS, wait * 2)) {
    progress?.(`Query ${id} has run for ${Math.round((performance.now() - started) / 1000)} s`)
    await pause(wait, undefined, { signal })
    reply = await means.ask('poll', { project_id: project, query_id: id }, signal)
  }
  return reply
}

const statusOf = ({ body }: Exchange): Json => toObject(body.kind === 'json' ? toObject(body.value).query_status : {})

const isRunning = (reply: Exchange): boolean =>
  (reply.status === 200 || reply.status === 202) && statusOf(reply).complete === false && statusOf(reply).error !== true

/** The answer inside a finished reply: nested one deeper after a poll (fact sheet: cross-cutting 11.7). */
const toBody = ({ status, body, ...reply }: Exchange): Json | undefined => {
  if (status < 200 || status > 299 || body.kind !== 'json') return undefined
  const inner = statusOf({ status, body, ...reply })
  if (inner.error === true) return undefined
  return toObject(inner.complete === true ? inner.results : body.value)
}

/** Ends a query at PostHog. Whether that is known to have worked. */
const cancelUpstream = async (means: QueryMeans, project: number, id: string): Promise<boolean> => {
  const reply = await means
    .ask('cancel', { project_id: project, query_id: id }, AbortSignal.timeout(CANCEL_MS))
    .catch(() => undefined)
  return reply !== undefined && reply.status < 300
}

/** Whether PostHog has said that nothing runs: it refused the request, or the query has come to its end. */
const isOver = (first: Exchange, last: Exchange): boolean => {
  const { complete, error } = statusOf(last)
  const wasRefused = first === last && first.status >= 400 && first.status < 500
  return wasRefused || complete === true || error === true
}

const ended = (order: QueryOrder, id: string, isCancelled: boolean): ToolError => {
  const after = `${Math.round(order.timeoutMs / 1000)} s`
  const what = order.signal.aborted ? 'The call was cancelled' : `The query was still running after ${after}`
  return new ToolError(`${what}; ${isCancelled ? 'it was ended at PostHog' : `it may still run at PostHog as ${id}`}`, {
    next: `${isCancelled ? '' : `Cancel query ${id}. `}Narrow it (a shorter time range, fewer rows to read), or allow more time`,
  })
}

/** Runs one SELECT to its end. Whatever ends the waiting ends the query at PostHog too. @throws ToolError */
export const runQuery = async (means: QueryMeans, order: QueryOrder): Promise<QueryAnswer> => {
  const answer = runToEnd(means, order)
  means.open.add(answer)
  try {
    return await answer
  } finally {
    means.open.delete(answer)
  }
}

const runToEnd = async (means: QueryMeans, order: QueryOrder): Promise<QueryAnswer> => {
  const { text, shift, isOurLimit } = toSql(order)
  const id = randomUUID()
  const signal = AbortSignal.any([order.signal, AbortSignal.timeout(Math.ceil(order.timeoutMs))])
  means.budget.count()
  const { first, last: reply } = await start(means, { ...order, signal }, id, text).catch(async (error: unknown) => {
    // Nobody waits any more, or PostHog cannot be heard: the query must not run on.
    const isCancelled = await cancelUpstream(means, order.project, id)
    throw signal.aborted ? ended(order, id, isCancelled) : error
  })
  const body = toBody(reply)
  const answer = body === undefined ? undefined : readAnswer(body)
  if (body === undefined || answer === undefined) {
    if (!isOver(first, reply)) await cancelUpstream(means, order.project, id)
    const schema = () => means.schema(order.project, signal).catch(() => undefined)
    throw await toQueryError({ sql: order.sql, shift, reply, schema })
  }
  const { more, cachedAt } = toRemarks(body)
  const most = isOurLimit ? order.limit : MOST_ROWS
  return {
    columns: answer.columns,
    rows: answer.rows.slice(0, most),
    more: more || answer.rows.length > most || answer.rows.length >= MOST_ROWS,
    isOurLimit,
    cachedAt,
  }
}

/** The first reply and the last. */
const start = async (means: QueryMeans, order: QueryOrder, id: string, text: string) => {
  const first = await means.ask('start', { project_id: order.project, query: text, query_id: id }, order.signal)
  return { first, last: await watch(means, order, id, first) }
}
