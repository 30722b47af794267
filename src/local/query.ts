import { randomUUID } from 'node:crypto'
import type { Engine } from './engine/engine.ts'
import { toFailure, toQueryBody } from './query-reply.ts'
import { failure, isAsync, type QueryRequest, type Reply, readRequest } from './query-request.ts'
import { QueryRuns } from './query-runs.ts'
import { type SchemaInput, toSchemaBody } from './query-schema.ts'
import { type QueryRun, toStatus } from './query-status.ts'

export type { Reply } from './query-request.ts'
export type { SchemaColumn, SchemaInput } from './query-schema.ts'

export interface QueryServiceOptions {
  readonly engine: Engine
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly schema: (project: number) => SchemaInput | Promise<SchemaInput>
}

type HogQLQuery = Extract<QueryRequest['query'], { kind: 'HogQLQuery' }>

// Fact sheet: cross-cutting 9.2. A call that is waited for keeps the engine's own default of 60 s.
const asyncLimitMs = 600_000

/** The query endpoint without HTTP (fact sheet: cross-cutting 9). Every method returns PostHog's status and body. */
export class QueryService {
  readonly #options: QueryServiceOptions
  readonly #runs: QueryRuns
  /** Queries a caller waits for under its own id, so that DELETE can end them. */
  readonly #waited = new Map<string, AbortController>()

  constructor(options: QueryServiceOptions) {
    this.#options = options
    this.#runs = new QueryRuns(options.now)
  }

  /** POST query/. `signal` is the caller's connection: it ends a query that is waited for, not an asynchronous one. */
  async run(project: number, body: unknown, signal?: AbortSignal): Promise<Reply> {
    const read = readRequest(body)
    if ('refusal' in read) return read.refusal
    const { query, client_query_id: id } = read.request
    try {
      if (query.kind === 'DatabaseSchemaQuery') {
        return {
          status: 200,
          body: await toSchemaBody(this.#options.engine, project, await this.#options.schema(project), signal),
        }
      }
      const earlier = id == null ? undefined : this.#runs.find(project, id)
      if (earlier) return { status: 202, body: { query_status: toStatus(earlier) } }
      if (isAsync(read.request)) return this.#begin(project, query, id ?? randomUUID())
      return await this.#wait(project, query, id ?? randomUUID(), signal)
    } catch (error) {
      return toFailure(error)
    }
  }

  /** GET query/:id/. */
  status(project: number, id: string): Reply {
    const run = this.#runs.find(project, id)
    if (!run) return failure(404, 'invalid_request', 'not_found', `Query ${id} not found for team ${project}`)
    const status = run.endedAt === undefined ? 202 : run.failed ? (run.message === null ? 500 : 400) : 200
    return { status, body: { query_status: toStatus(run) } }
  }

  /** DELETE query/:id/. Unknown ids answer 200 as well. */
  cancel(project: number, id: string, dequeueOnly = false): Reply {
    const run = this.#runs.find(project, id)
    if (run?.endedAt !== undefined) return { status: 200, body: { message: 'Query already complete' } }
    if (dequeueOnly)
      return { status: 200, body: { message: 'Only tried to dequeue, not cancelling query on clickhouse' } }
    run?.stop.abort()
    this.#waited.get(keyOf(project, id))?.abort()
    return { status: 200, body: { message: 'Cancelled query on clickhouse' } }
  }

  /** Ends every asynchronous query, when the warehouse stops. */
  close(): void {
    this.#runs.stop()
  }

  async #wait(project: number, query: HogQLQuery, id: string, signal?: AbortSignal): Promise<Reply> {
    const key = keyOf(project, id)
    const stop = new AbortController()
    this.#waited.set(key, stop)
    try {
      const joined = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
      return { status: 200, body: (await this.#answer(project, query, { signal: joined })).body }
    } finally {
      if (this.#waited.get(key) === stop) this.#waited.delete(key)
    }
  }

  async #answer(
    project: number,
    query: HogQLQuery,
    options: { signal: AbortSignal; timeoutMs?: number },
  ): Promise<{ readonly body: unknown; readonly bytes: number }> {
    const { engine, now } = this.#options
    const startedAt = now()
    const answer = await engine.query(project, query.query, {
      ...options,
      ...(query.values && { values: query.values }),
    })
    const body = toQueryBody(project, query.query, answer, startedAt, now())
    // The body repeats the query in three ways.
    return { body, bytes: answer.bytes + 2 * query.query.length + answer.executed.length }
  }

  #begin(project: number, query: HogQLQuery, id: string): Reply {
    const run: QueryRun = {
      id,
      project,
      startedAt: this.#options.now(),
      stop: new AbortController(),
      results: null,
      bytes: 0,
      failed: false,
      message: null,
    }
    this.#runs.begin(run)
    this.#answer(project, query, { signal: run.stop.signal, timeoutMs: asyncLimitMs })
      .then(({ body, bytes }) => {
        run.results = body
        run.bytes = bytes
      })
      .catch((error: unknown) => {
        const { status, body } = toFailure(error)
        run.failed = true
        // Every body of toFailure has a detail; the cast only names that.
        run.message = status === 500 ? null : (body as { detail: string }).detail
      })
      .finally(() => this.#runs.end(run))
    return { status: 202, body: { query_status: toStatus(run) } }
  }
}

function keyOf(project: number, id: string): string {
  return `${project}/${id}`
}
