import type { Client } from '@modelcontextprotocol/client'

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
  /** Reads a resource and shows its compact form. */
  read(uri: string): Promise<void>
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

const read = async (client: Client, uri: string): Promise<void> => {
  say(`> resources/read ${uri}`)
  const { contents } = await client.readResource({ uri })
  say(contents[0] !== undefined && 'text' in contents[0] ? contents[0].text : 'nothing')
}

/** The means of the tour, for a client that is connected to the warehouse. */
export const createGuide = (client: Client): Guide => {
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
    read: (uri) => read(client, uri),
  }
}

const statusOf = (history: Json): string | undefined => {
  const status = rowsOf(history)[0]?.status
  return typeof status === 'string' ? status : undefined
}
