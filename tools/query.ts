import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { question } from '../src/question.ts'
import { hogql, look, number, projectInput, sql, string, text } from './fields.ts'

const shared = { toolset: 'query', effect: 'read', tier: 'read', scopes: ['query:read'] } as const

const run = question({
  ...shared,
  name: 'query_run',
  title: 'Run a SELECT',
  description:
    'Runs one HogQL SELECT and returns typed rows. Without a LIMIT of its own, `limit` applies. Aggregate rather than fetch; plain plans have 120 queries an hour. Names: schema_describe.',
  idempotent: true,
  // Linked tables are read from their buckets, direct sources from their databases.
  openWorld: true,
  answers: 'run',
  input: z.strictObject({
    sql,
    limit: z.int().min(1).max(10_000).optional().describe('rows, 100 by default'),
    max_tokens: z.int().min(200).max(50_000).optional().describe('of the answer, 4000 by default'),
    timeout_seconds: z.int().min(1).max(600).optional().describe('50 by default, then it is cancelled'),
    ...projectInput,
  }),
  output: z.object({
    columns: z.array(z.object({ name: z.string(), type: string })),
    rows: z.array(z.array(z.unknown())),
    returned: number,
    more: z.boolean().optional(),
    cut: string,
  }),
})

const cancel = question({
  ...shared,
  name: 'query_cancel',
  title: 'Cancel a query',
  description:
    'Ends a query that is still running, by the query_id that an error or a progress message of query_run named.',
  idempotent: true,
  openWorld: false,
  answers: 'cancel',
  input: z.strictObject({ query_id: text, ...projectInput }),
  output: z.object({ done: z.string() }),
})

const asked = { ...look, toolset: 'query', scopes: ['query:read'] } as const

/** How rows are read: started in the background, so that it can be watched and ended (fact sheet: cross-cutting 9.3). */
export const queryCalls = {
  start: operation({
    ...asked,
    name: 'query',
    title: 'Start a query',
    description: 'Starts a query in the background.',
    method: 'POST',
    path: 'query/',
    input: z.strictObject({ query: z.string(), query_id: z.string() }),
    body: ({ query, query_id }) => ({ query: hogql(query), client_query_id: query_id, refresh: 'force_async' }),
    deadline: 'long',
    large: true,
    exact: true,
  }),
  poll: operation({
    ...asked,
    name: 'query',
    title: 'Look at a query',
    description: 'How a query is doing.',
    method: 'GET',
    path: 'query/{query_id}/',
    input: z.strictObject({ query_id: z.string() }),
    large: true,
    exact: true,
  }),
  cancel: operation({
    ...asked,
    name: 'query',
    title: 'End a query',
    description: 'Ends a query.',
    method: 'DELETE',
    path: 'query/{query_id}/',
    input: z.strictObject({ query_id: z.string() }),
    reply: { kind: 'done', says: ({ query_id }) => `Asked PostHog to end the query ${query_id}.` },
  }),
}

/** Questions about rows. */
export const queryQuestions = [run, cancel]
