import { type Client, hogql } from './http-client.ts'

const V = 'warehouse_saved_queries'

/** What a writer knows of its object: what was answered, and what was under way when the process was killed. */
interface Known<T> {
  sure: T
  /** The outcome of a call whose answer never came, if there is one. */
  maybe: T | undefined
}

/** Something that changes one object again and again, and can tell afterwards whether it is whole. */
export interface Writer {
  /** One call. Throws when the process is gone before it answers. */
  step(client: Client): Promise<void>
  /** Throws when the object is not what was acknowledged, or not whole. Settles what was open. */
  check(client: Client): Promise<void>
}

const check = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}

const withOutcome = async <T>(
  known: Known<T>,
  next: T,
  call: () => Promise<{ readonly status: number }>,
): Promise<number> => {
  known.maybe = next
  const { status } = await call()
  if (status < 300) known.sure = next
  known.maybe = undefined
  return status
}

/** Versions differ in their columns, so that a file of one read with the columns of another shows. */
const csvOf = (version: number): string => {
  const rows = 3 + (version % 5)
  const extra = version % 2 === 0
  const lines = Array.from({ length: rows }, (_, at) => (extra ? `${at},${version},x` : `${at},${version}`))
  return `${[extra ? 'id,version,extra' : 'id,version', ...lines].join('\n')}\n`
}

/** Uploads a table over and over from one file, and deletes it now and then; version 0 is no table. */
export const tableWriter = (name: string, random: () => number): Writer => {
  const known: Known<number> = { sure: 0, maybe: undefined }
  let last = 0
  const find = async (client: Client) => (await client.call('GET', `warehouse_tables/?search=${name}`)).body.results
  return {
    step: async (client) => {
      const [table] = await find(client)
      if (table !== undefined && random() < 0.2) {
        await withOutcome(known, 0, () => client.call('DELETE', `warehouse_tables/${table.id}/`))
        return
      }
      last += 1
      await withOutcome(known, last, () => client.upload(name, `${name}.csv`, csvOf(last)))
    },
    check: async (client) => {
      const tables = await find(client)
      check(tables.length <= 1, `${name} is there ${tables.length} times`)
      const rows = tables.length === 0 ? [] : await client.rows(`select * from ${name} order by id`)
      check(Array.isArray(rows), `${name} cannot be read: ${JSON.stringify(rows)}`)
      const found = [known.sure, known.maybe].find((version) => {
        if (version === undefined) return false
        const expected = version === 0 ? [] : csvOf(version).trim().split('\n').slice(1)
        const cells = expected.map((line) => line.split(',').map((cell) => (cell === 'x' ? cell : Number(cell))))
        return JSON.stringify(rows) === JSON.stringify(cells) && tables.length === (version === 0 ? 0 : 1)
      })
      check(found !== undefined, `${name} is not as acknowledged: ${JSON.stringify({ known, tables, rows })}`)
      known.sure = found ?? 0
      known.maybe = undefined
    },
  }
}

interface ViewKnown {
  readonly version: number
  readonly updates: number
}

const sqlOf = (version: number): string =>
  `select ${version} as ${version % 2 === 0 ? 'even' : 'odd'}, count() as n from events group by event`

/** Makes a view, edits it, materializes it, runs it and deletes it. */
export const viewWriter = (name: string, random: () => number): Writer => {
  const known: Known<ViewKnown | undefined> = { sure: undefined, maybe: undefined }
  let isOpen = false
  let last = 0
  const find = async (client: Client) => (await client.call('GET', `${V}/?search=${name}`)).body.results[0]
  const attempt = async (next: ViewKnown | undefined, call: () => Promise<{ readonly status: number }>) => {
    isOpen = true
    await withOutcome(known, next, call)
    isOpen = false
  }
  const edit = async (client: Client, id: string): Promise<void> => {
    const { body } = await client.call('GET', `${V}/${id}/`)
    last += 1
    const next = { version: last, updates: (known.sure?.updates ?? 0) + 1 }
    const query = hogql(sqlOf(last))
    const change = { query, edited_history_id: body.latest_history_id }
    await attempt(next, () => client.call('PATCH', `${V}/${id}/`, change))
  }
  const step = async (client: Client): Promise<void> => {
    const view = await find(client)
    if (view === undefined) {
      last += 1
      const made = { name, query: hogql(sqlOf(last)) }
      await attempt({ version: last, updates: 0 }, () => client.call('POST', `${V}/`, made))
      return
    }
    const dice = random()
    if (dice < 0.45) await edit(client, view.id)
    else if (dice < 0.6) await client.call('POST', `${V}/${view.id}/materialize/`)
    else if (dice < 0.85) await client.call('POST', `${V}/${view.id}/run/`)
    else if (dice < 0.93) await client.call('POST', `${V}/${view.id}/revert_materialization/`)
    else await attempt(undefined, () => client.call('DELETE', `${V}/${view.id}/`))
  }
  const matches = (found: ViewKnown | undefined, expected: ViewKnown | undefined): boolean =>
    JSON.stringify(found) === JSON.stringify(expected)
  return {
    step,
    check: async (client) => {
      const row = await find(client)
      const found = row === undefined ? undefined : await readView(client, row.id)
      const fits = matches(found, known.sure) || (isOpen && matches(found, known.maybe))
      check(fits, `${name} is not as acknowledged: ${JSON.stringify({ known, isOpen, found })}`)
      known.sure = found
      known.maybe = undefined
      isOpen = false
      if (row !== undefined) await checkRows(client, name, row.id, found?.version ?? 0)
    },
  }
}

/** The version of a view's SQL, and how often its log says it was updated; it must say once that it was created. */
const readView = async (client: Client, id: string): Promise<ViewKnown> => {
  const view = (await client.call('GET', `${V}/${id}/`)).body as unknown as { query: { query: string } }
  const log = (await client.call('GET', `${V}/${id}/activity/?limit=1000`)).body.results
  const said = log.map((entry) => (entry as unknown as { activity: string }).activity)
  check(said.filter((activity) => activity === 'created').length === 1, `the log of ${id} is ${said.join(', ')}`)
  return {
    version: Number(/select (\d+)/.exec(view.query.query)?.[1]),
    updates: said.filter((activity) => activity === 'updated').length,
  }
}

interface Described {
  readonly name: string
  readonly created_via: string
  readonly columns: readonly { readonly name: string }[]
}

/** A view serves the rows of one whole run or of its SQL, under the columns its backing table tells of. */
const checkRows = async (client: Client, name: string, id: string, version: number): Promise<void> => {
  const { body } = await client.call('POST', 'query/', { query: hogql(`select * from ${name}`) })
  const answer = body as unknown as { results?: readonly (readonly number[])[]; columns?: readonly string[] }
  const { results, columns = [] } = answer
  check(results?.length === 4, `${name} serves ${JSON.stringify(body)}`)
  const versions = new Set(results?.map(([first]) => first))
  check(versions.size === 1, `${name} mixes runs: ${JSON.stringify(results)}`)
  const served = [...versions][0] ?? 0
  check(served <= version, `${name} serves version ${served} and says ${version}`)
  check(columns[0] === (served % 2 === 0 ? 'even' : 'odd'), `${name} serves ${served} as ${columns[0]}`)
  const listed = (await client.call('GET', `warehouse_tables/?search=${name}`)).body
  const tables = (listed as unknown as { results: readonly Described[] }).results
  const told = tables.filter(({ created_via }) => created_via === 'materialized_view')
  check(told.length <= 1, `${name} has ${told.length} backing tables`)
  if (told[0] === undefined) check(served === version, `${name} is plain and serves ${served} instead of ${version}`)
  else {
    const names = told[0].columns.map((column) => column.name)
    check(JSON.stringify(names) === JSON.stringify(columns), `${name} has ${names.join()} and serves ${columns.join()}`)
  }
  const history = (await client.call('GET', `${V}/${id}/run_history/`)).body.run_history
  check(!history.some(({ status }) => status === 'Running'), `a run of ${name} never ends`)
}
