import type { Client } from '@modelcontextprotocol/client'
import type { LocalHandle } from '../src/local/start.ts'

/** Plain JSON, as tools take and give it. */
export type Json = Record<string, unknown>

/** What a scene of the tour can do; every call is shown with the start of its answer. */
export interface Guide {
  /** Calls a tool that has to succeed. */
  call(name: string, args?: Json): Promise<Json>
  /** Calls a tool that has to fail. */
  fails(name: string, args: Json): Promise<void>
  /** Asks quietly, again and again, until `done` holds for the answer. */
  until(name: string, args: Json, done: (answer: Json) => boolean): Promise<Json>
  /** Waits for the run of a view that is under way. Throws when it ends otherwise. */
  runEnds(id: unknown, status: 'Completed' | 'Failed'): Promise<void>
  /** Reads rows over PostHog's query endpoint, as its app does; the 54 operations administer, they do not read rows. */
  readRows(sql: string): Promise<void>
}

const LONGEST_ANSWER = 420
const POLL_MS = 100

/** Prints a line. */
export const say = (text = ''): void => console.log(text)

/** Prints the heading of what comes next. */
export const step = (title: string): void => say(`\n── ${title}`)

/** The elements of a list's answer. */
export const rowsOf = (answer: Json): readonly Json[] => (Array.isArray(answer.results) ? answer.results : [])

/** Arguments as they may be seen: the server masks passwords in what it answers, and this does in what it is asked. */
const shown = (args: Json): string =>
  JSON.stringify(args, (key, value: unknown) => (key === 'password' ? '***' : value)).replaceAll('\\n ', '')

const ask = async (
  client: Client,
  name: string,
  args: Json,
): Promise<{ text: string; isError: boolean; json: Json }> => {
  const { content, isError = false, structuredContent } = await client.callTool({ name, arguments: args })
  const text = content.map((block) => (block.type === 'text' ? block.text : block.type)).join('\n')
  // A tool of this server answers with an object, or with an error and none.
  return { text, isError, json: (structuredContent ?? {}) as Json }
}

const show = async (client: Client, name: string, args: Json, failing: boolean): Promise<Json> => {
  say(`> ${name} ${shown(args)}`)
  const { text, isError, json } = await ask(client, name, args)
  say(text.length > LONGEST_ANSWER ? `${text.slice(0, LONGEST_ANSWER)} … (${text.length} characters)` : text)
  if (isError !== failing) throw new Error(`${name} ${failing ? 'should have failed' : 'failed'}`)
  return json
}

const readRows = async (local: LocalHandle, sql: string): Promise<void> => {
  const answer = await fetch(`${local.origin}/api/projects/${local.projectId}/query/`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${local.key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ query: { kind: 'HogQLQuery', query: sql } }),
  })
  const { columns, results } = (await answer.json()) as { columns?: string[]; results?: unknown[][] }
  if (columns === undefined || results === undefined || results.length === 0) throw new Error('the view has no rows')
  const line = (cells: readonly unknown[]): string =>
    `  ${cells.map((cell) => String(cell).slice(0, 40).padEnd(12)).join('')}`.trimEnd()
  say(line(columns))
  for (const row of results) say(line(row))
}

/** The means of the tour, for a client that is connected to the warehouse. */
export const createGuide = (client: Client, local: LocalHandle): Guide => {
  const until: Guide['until'] = async (name, args, done) => {
    for (;;) {
      const { text, isError, json } = await ask(client, name, args)
      if (isError) throw new Error(text)
      if (done(json)) return json
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }
  return {
    call: (name, args = {}) => show(client, name, args, false),
    fails: async (name, args) => {
      await show(client, name, args, true)
    },
    until,
    runEnds: async (id, status) => {
      const history = await until(
        'warehouse_saved_queries_run_history',
        { id },
        (answer) => !['Running', undefined].includes(statusOf(answer)),
      )
      if (statusOf(history) !== status) throw new Error(`the run ended as ${statusOf(history)}, not ${status}`)
    },
    readRows: (sql) => readRows(local, sql),
  }
}

const statusOf = (history: Json): string | undefined => {
  const status = rowsOf(history)[0]?.status
  return typeof status === 'string' ? status : undefined
}
