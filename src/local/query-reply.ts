import { createHash } from 'node:crypto'
import { EngineError, type QueryAnswer } from './engine/engine.ts'
import { failure, invalid, type Reply } from './query-request.ts'

const minute = 60_000

const iso = (time: number): string => new Date(time).toISOString()

/** The 200 body of a HogQLQuery (fact sheet: cross-cutting 9.2). Times are milliseconds since 1970. */
export function toQueryBody(
  project: number,
  sql: string,
  answer: QueryAnswer,
  startedAt: number,
  endedAt: number,
): Record<string, unknown> {
  const key = createHash('sha256').update(`${project}\n${sql}`).digest('hex').slice(0, 32)
  return {
    results: answer.rows,
    columns: answer.columns.map(({ name }) => name),
    types: answer.columns.map(({ name, clickhouse }) => [name, clickhouse]),
    hasMore: answer.hasMore,
    limit: answer.limit,
    offset: answer.offset,
    query: sql,
    hogql: sql.trim(),
    clickhouse: answer.executed,
    timings: [{ k: './execute', t: Math.max(0, endedAt - startedAt) / 1_000 }],
    error: null,
    explain: null,
    metadata: null,
    modifiers: {},
    query_status: null,
    cache_key: `cache_${key}`,
    is_cached: false,
    last_refresh: iso(endedAt),
    next_allowed_client_refresh: iso(endedAt + minute),
    cache_target_age: iso(endedAt + 360 * minute),
    timezone: 'UTC',
    calculation_trigger: null,
  }
}

const internal = failure(500, 'server_error', 'error', 'ClickHouse error while executing query.')

/** The answer to a query that failed (fact sheet: cross-cutting 9.4). Unknown errors become a bare 500. */
export function toFailure(error: unknown): Reply {
  if (!(error instanceof EngineError)) return internal
  switch (error.reason) {
    case 'syntax':
    case 'unknown_table':
    case 'unknown_field':
    case 'unsupported':
    case 'full':
      return invalid(error.message)
    case 'storage':
      return invalid(error.message, 's3_error')
    case 'cancelled':
      return invalid(error.message, 'query_was_cancelled')
    case 'timeout':
      return failure(504, 'server_error', 'error', error.message)
    case 'busy':
      return failure(503, 'server_error', 'error', error.message)
    case 'execution':
      return toExecutionFailure(error)
  }
}

function toExecutionFailure(error: EngineError): Reply {
  if (error.code === 'aborted') return internal
  if (error.code !== 'memory_limit_exceeded') return invalid(error.message, error.code)
  const text = 'This query ran out of memory. Try reading fewer rows or columns.'
  return failure(513, 'server_error', 'clickhouse_memory_limit_exceeded', text)
}
