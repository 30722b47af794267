import { onTestFinished } from 'vitest'
import { type Recorder, type Script, useRecorder } from '../fake/recorder.ts'
import { type Nginx, startNginx } from './nginx.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { type Replica, startReplica } from './replica.ts'

/** What the tests subscribe to. */
export const ORDERS = 'posthog://projects/7/tables/orders'

/** Three replicas behind nginx, with Redis, against a stand-in for PostHog. */
export interface Topology {
  readonly posthog: Recorder
  readonly redis: RedisServer
  readonly replicas: readonly [Replica, Replica, Replica]
  readonly nginx: Nginx
}

/** Answers each table with its own name, after a moment; a changed table changes the schema. */
const toScript = (): Script => {
  let rows = 1
  return ({ method, path, json }) => {
    const id = /warehouse_tables\/([^/]+)\/$/.exec(path)?.[1]
    if (method === 'PATCH') rows += 1
    if (id !== undefined)
      return (response) =>
        setTimeout(() => {
          response.writeHead(200, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ id, name: `table ${id}`, format: 'Parquet', columns: [] }))
        }, 10)
    if (JSON.stringify(json)?.includes('DatabaseSchemaQuery'))
      return { json: { tables: { orders: { type: 'data_warehouse', row_count: rows, fields: {} } }, joins: [] } }
    return { json: { count: 0, results: [], next: null } }
  }
}

/** Starts all of it; it ends with the test. */
export const useTopology = async (flags: readonly string[] = []): Promise<Topology> => {
  const posthog = await useRecorder(toScript())
  const redis = await startRedis()
  onTestFinished(() => redis.kill())
  const start = async (): Promise<Replica> => {
    const replica = await startReplica({ posthog: posthog.origin, redis: redis.url, flags })
    onTestFinished(async () => void (await replica.end('SIGKILL')))
    return replica
  }
  const replicas = await Promise.all([start(), start(), start()])
  const nginx = await startNginx(replicas.map(({ origin }) => origin))
  onTestFinished(() => nginx.close())
  return { posthog, redis, replicas, nginx }
}
