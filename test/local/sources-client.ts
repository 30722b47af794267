import type { LocalOptions } from '../../src/local/start.ts'
import { startClient } from './http-client.ts'

/** A JSON value of a reply, read by path; what a test is about it compares as a whole. */
export interface Json {
  readonly [key: string]: Json
  readonly [index: number]: Json
}

/** One warehouse and what tests of sources say to it. */
export const startSources = async (options: LocalOptions = {}) => {
  const client = await startClient(options)
  // Bodies are compared with literals; the cast only spares narrowing on the way.
  const call = client.call as unknown as (
    method: string,
    path: string,
    body?: unknown,
    key?: string,
  ) => Promise<{ readonly status: number; readonly body: Json; readonly headers: Headers }>
  const source = async (id: unknown) => (await call('GET', `external_data_sources/${String(id)}/`)).body
  const schema = async (id: unknown, name: string): Promise<Json> => {
    const all: unknown = (await source(id)).schemas
    // The schemas of a source are a list.
    const found = (all as readonly Json[]).find((one) => String(one.name) === name)
    if (found === undefined) throw new Error(`no table ${name}`)
    return found
  }
  /** Polls, as clients do, until a table's run has ended, well or badly. */
  const settled = async (id: unknown, name: string): Promise<Json> => {
    for (let turn = 0; turn < 2_400; turn += 1) {
      const row = await schema(id, name)
      if (String(row.status) !== 'Running' && String(row.status) !== 'null') return row
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`the sync of ${name} never ended`)
  }
  return { ...client, call, source, schema, settled }
}

export type Sources = Awaited<ReturnType<typeof startSources>>
