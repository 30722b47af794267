import { type LocalHandle, type LocalOptions, startLocal } from '../../src/local/start.ts'

/** The fields tests read on their way; what a test is about it compares as a whole. */
export interface Body {
  readonly id: string
  readonly name: string
  readonly status: string | null
  readonly latest_history_id: string
  readonly url_pattern: string
  readonly results: readonly Body[]
  readonly run_history: readonly { readonly status: string; readonly timestamp: string }[]
  readonly query_status: { readonly id: string }
}

/** A reply, its body parsed when there is one. */
export interface Answer {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

/** One warehouse in its own processes, and a way to talk to it. */
export interface Client {
  readonly local: LocalHandle
  readonly lines: string[]
  call(method: string, path: string, body?: unknown, key?: string): Promise<Answer>
  /** Uploads text or bytes as a table. */
  upload(
    name: string | undefined,
    filename: string,
    content: string | Uint8Array<ArrayBuffer>,
    format?: string,
  ): Promise<Answer>
  /** Runs SQL through the query endpoint. */
  rows(sql: string): Promise<unknown>
}

export const startClient = async (options: LocalOptions = {}): Promise<Client> => {
  const lines: string[] = []
  const local = await startLocal({ ...options, log: (line) => lines.push(line) })
  const call: Client['call'] = async (method, path, body, key = local.key) => {
    const headers: Record<string, string> = { authorization: `Bearer ${key}` }
    if (body !== undefined && !(body instanceof FormData)) headers['content-type'] = 'application/json'
    const response = await fetch(
      path.startsWith('/') ? `${local.origin}${path}` : `${local.origin}/api/projects/1/${path}`,
      {
        method,
        headers,
        ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
      },
    )
    const text = await response.text()
    // Whatever came is compared with literals; the cast only spares narrowing every field on the way there.
    const parsed = (text === '' ? null : JSON.parse(text)) as Body
    return { status: response.status, body: parsed, headers: response.headers }
  }
  return {
    local,
    lines,
    call,
    upload: (name, filename, content, format) => {
      const form = new FormData()
      if (name !== undefined) form.set('name', name)
      if (format !== undefined) form.set('format', format)
      form.set('file', new File([content], filename))
      return call('POST', 'warehouse_tables/file/', form)
    },
    rows: async (sql) => {
      const answer = await call('POST', 'query/', { query: { kind: 'HogQLQuery', query: sql } })
      return answer.status === 200 ? answer.body.results : answer.body
    },
  }
}

/** Asks until `done` holds. The API has no event for the end of a run; its clients poll too. */
export const until = async (ask: () => Promise<Answer>, done: (body: Body) => boolean): Promise<Answer> => {
  for (let turn = 0; turn < 400; turn += 1) {
    const answer = await ask()
    if (done(answer.body)) return answer
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('it never happened')
}

/** The query object of a view. */
export const hogql = (query: string) => ({ kind: 'HogQLQuery', query })

// Some 10^12 rows: never waited for.
const ENDLESS =
  'select count() as n from events a cross join events b cross join events c cross join events d cross join events e where a.uuid < b.uuid and c.uuid < d.uuid'

/** Keeps the engine busy, so that what comes now waits for its turn, until `release` is called. */
export const hold = async (client: Client): Promise<{ release(): Promise<void> }> => {
  const { body } = await client.call('POST', 'query/', { query: hogql(ENDLESS), refresh: 'force_async' })
  return {
    release: async () => {
      await client.call('DELETE', `query/${body.query_status.id}/`)
    },
  }
}

/** Later requests are read later: once the API has answered these, it has the earlier ones in hand. */
export const settle = async (client: Client): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await fetch(`${client.local.origin}/_health`)
}
