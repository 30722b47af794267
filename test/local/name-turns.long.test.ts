/** Names while calls overlap: two things never have one, and what is answered can be read, also after a restart. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Answer, type Client, hogql, hold, settle, startClient, until } from './http-client.ts'

const P = 'warehouse_tables'
const V = 'warehouse_saved_queries'

let directory: string
let client: Client

const start = () =>
  startClient({ directory: join(directory, 'state'), allowDirs: [directory], sessionActions: 'allow' })

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'name-turns-'))
  client = await start()
})
afterEach(async () => {
  await client.local.close()
  expect(client.lines).toEqual([])
  await rm(directory, { recursive: true })
})

const view = (name: string, sql: string) => client.call('POST', `${V}/`, { name, query: hogql(sql) })

const ran = async (id: string): Promise<string | undefined> => {
  const { body } = await until(
    () => client.call('GET', `${V}/${id}/run_history/`),
    ({ run_history }) => run_history[0] !== undefined && run_history[0].status !== 'Running',
  )
  return body.run_history[0]?.status
}

const run = async (id: string): Promise<string | undefined> => {
  expect((await client.call('POST', `${V}/${id}/run/`)).status).toBe(200)
  return ran(id)
}

const tableNames = async (): Promise<readonly string[]> =>
  (await client.call('GET', `${P}/`)).body.results.map(({ name }) => name).sort()

const fileTable = async (name: string, csv: string): Promise<Answer> => {
  const path = join(directory, `${name}.csv`)
  await writeFile(path, csv)
  const credential = { access_key: 'key', access_secret: 'secret' }
  return client.call('POST', `${P}/`, { name, format: 'CSVWithNames', url_pattern: `file://${path}`, credential })
}

const unknown = (name: string) => ({ detail: `Unknown table \`${name}\`.` })

describe('a file with the name of', () => {
  test('the table behind a view is refused, and the view goes on', async () => {
    const { body } = await view('sales.total', 'select 1 as n')
    expect(await run(body.id)).toBe('Completed')
    expect(await tableNames()).toEqual(['sales_total'])
    expect(await client.upload('sales_total', 'x.csv', 'n\n7\n')).toMatchObject({
      status: 400,
      body: {
        message:
          'The table sales_total is filled by the materialized view sales.total, so no file can take its place. Choose a different name.',
      },
    })
    expect(await client.rows('select n from sales.total')).toEqual([[1]])
    await client.local.close()
    client = await start()
    expect(await client.rows('select n from sales.total')).toEqual([[1]])
    expect((await client.call('POST', `${V}/${body.id}/revert_materialization/`)).status).toBe(200)
    expect((await client.upload('sales_total', 'x.csv', 'n\n7\n')).status).toBe(201)
    expect(await client.rows('select n from sales_total')).toEqual([[7]])
  })

  test('what a view will be kept under stays itself, and the view is kept under another', async () => {
    const { body } = await view('sales.total', 'select 1 as n')
    expect((await client.upload('sales_total', 'x.csv', 'n\n7\n')).status).toBe(201)
    expect(await run(body.id)).toBe('Completed')
    expect(await tableNames()).toEqual(['sales_total', `sales_total_${body.id.replaceAll('-', '')}`])
    expect((await client.upload('sales_total', 'x.csv', 'n\n8\n')).status).toBe(201)
    expect(await run(body.id)).toBe('Completed')
    expect(await client.rows('select n from sales.total')).toEqual([[1]])
    expect(await client.rows('select n from sales_total')).toEqual([[8]])
    expect(await tableNames()).toHaveLength(2)
    await client.local.close()
    client = await start()
    expect(await client.rows('select n from sales.total')).toEqual([[1]])
    expect(await client.rows('select n from sales_total')).toEqual([[8]])
  })

  test('a view that came while the file was read is refused', async () => {
    const { release } = await hold(client)
    const made = view('contested', 'select 1 as n')
    await settle(client)
    const uploaded = client.upload('contested', 'x.csv', 'n\n7\n')
    await settle(client)
    await release()
    const answers = await Promise.all([made, uploaded])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400])
    expect(await client.rows('select n from contested')).toEqual([[answers[0].status === 201 ? 1 : 7]])
    expect(await tableNames()).toEqual(answers[0].status === 201 ? [] : ['contested'])
  })
})

describe('a table that was deleted while', () => {
  test('its columns were read again stays deleted', async () => {
    const { body } = await fileTable('short_lived', 'n\n1\n')
    const { release } = await hold(client)
    const refreshed = client.call('POST', `${P}/${body.id}/refresh_schema/`)
    await settle(client)
    expect((await client.call('DELETE', `${P}/${body.id}/`)).status).toBe(204)
    await release()
    expect((await refreshed).status).toBe(404)
    expect(await client.rows('select n from short_lived')).toMatchObject(unknown('short_lived'))
  })

  test('a change of it was checked stays deleted', async () => {
    const { body } = await fileTable('short_lived', 'n\n1\n')
    const { release } = await hold(client)
    const changed = client.call('PATCH', `${P}/${body.id}/`, { options: { csv_allow_double_quotes: false } })
    await settle(client)
    expect((await client.call('DELETE', `${P}/${body.id}/`)).status).toBe(204)
    await release()
    expect((await changed).status).toBe(404)
    expect(await client.rows('select n from short_lived')).toMatchObject(unknown('short_lived'))
    expect(await tableNames()).toEqual([])
  })

  test('a query waited for it is unknown to that query, whatever kept its rows', async () => {
    const { body: uploaded } = await client.upload('of_a_file', 'x.csv', 'n\n1\n')
    const { body: made } = await view('of_a_view', 'select 1 as n')
    expect(await run(made.id)).toBe('Completed')
    const { release } = await hold(client)
    const asked = ['of_a_file', 'of_a_view'].map((name) => client.rows(`select n from ${name}`))
    await settle(client)
    expect((await client.call('DELETE', `${P}/${uploaded.id}/`)).status).toBe(204)
    expect((await client.call('DELETE', `${V}/${made.id}/`)).status).toBe(204)
    await release()
    expect(await Promise.all(asked)).toMatchObject([unknown('of_a_file'), unknown('of_a_view')])
  })
})

test('a view that was deleted while a change of it was checked stays deleted', async () => {
  const { body } = await view('short_lived', 'select 1 as n')
  const { release } = await hold(client)
  const change = { query: hogql('select 2 as n'), edited_history_id: body.latest_history_id }
  const changed = client.call('PATCH', `${V}/${body.id}/`, change)
  const materialized = client.call('POST', `${V}/${body.id}/materialize/`)
  await settle(client)
  expect((await client.call('DELETE', `${V}/${body.id}/`)).status).toBe(204)
  await release()
  expect([(await changed).status, (await materialized).status]).toEqual([404, 404])
  expect(await client.rows('select n from short_lived')).toMatchObject(unknown('short_lived'))
  const { body: log } = await client.call('GET', `${V}/${body.id}/run_history/`)
  expect(log.run_history).toBeUndefined()
})

describe('a file that is replaced', () => {
  test('while its columns are read again has the columns of the new one', async () => {
    const { body } = await client.upload('people', 'one.csv', 'id\n1\n')
    const { release } = await hold(client)
    const uploaded = client.upload('people', 'two.csv', 'name,city\nAda,Oslo\n')
    await settle(client)
    const refreshed = client.call('POST', `${P}/${body.id}/refresh_schema/`)
    await settle(client)
    await release()
    expect([(await uploaded).status, (await refreshed).status]).toEqual([201, 200])
    expect(await client.rows('select name, city from people')).toEqual([['Ada', 'Oslo']])
  })

  test('while a change of its table is checked keeps its place', async () => {
    const { body } = await client.upload('people', 'one.csv', 'id\n1\n')
    const { release } = await hold(client)
    const uploaded = client.upload('people', 'two.csv', 'name,city\nAda,Oslo\n')
    await settle(client)
    const changed = client.call('PATCH', `${P}/${body.id}/`, { options: { csv_allow_double_quotes: false } })
    await settle(client)
    await release()
    expect([(await uploaded).status, (await changed).status]).toEqual([201, 200])
    expect(await client.rows('select * from people')).toEqual([['Ada', 'Oslo']])
    await client.local.close()
    client = await start()
    expect(await client.rows('select * from people')).toEqual([['Ada', 'Oslo']])
  })
})
