/** Versions that take each other's place, over and over, while queries and runs go on: each reads a whole one. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hasPostgres, startPostgres } from '../services/postgres.ts'
import { askAdmin } from './admin-door.ts'
import { type Client, hogql, startClient, until } from './http-client.ts'
import { startSources } from './sources-client.ts'

const V = 'warehouse_saved_queries'
const ROUNDS = 12
const ROWS = 2_000

let directory: string
let client: Client

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'swaps-'))
})
afterEach(async () => {
  await client.local.close()
  expect(client.lines).toEqual([])
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

/** Does a thing until `isOver`, and at least once; gives how often. */
const goOn = async (isOver: () => boolean, act: () => Promise<void>): Promise<number> => {
  let count = 0
  do {
    await act()
    count += 1
  } while (!isOver())
  return count
}

/** Reads a table, whose rows all carry the version they were made in, twice in one query. */
const readWhole = async (name: string): Promise<void> => {
  const sql = `select count(), max(version) - min(version), (select max(version) from ${name}) - min(version) from ${name}`
  expect(await client.rows(sql)).toEqual([[ROWS, 0, 0]])
}

const make = async (name: string, sql: string): Promise<string> => {
  const { status, body } = await client.call('POST', `${V}/`, { name, query: hogql(sql) })
  expect(status).toBe(201)
  return body.id
}

const run = async (id: string): Promise<void> => {
  // Ten a minute are allowed.
  expect((await askAdmin(client, 'POST', 'clock', { advance_ms: 6_001 })).status).toBe(200)
  expect((await client.call('POST', `${V}/${id}/run/`)).status).toBe(200)
  const { body } = await until(
    () => client.call('GET', `${V}/${id}/`),
    ({ status }) => status !== 'Running',
  )
  expect(body).toMatchObject({ status: 'Completed', latest_error: null })
}

/** Runs `swap` ROUNDS times while `name`, and views of it, are read and run. */
const swapping = async (name: string, swap: (round: number) => Promise<void>): Promise<void> => {
  const reader = await make('reader', `select * from ${name}`)
  const outer = await make('outer_reader', 'select version from reader')
  let over = false
  const isOver = () => over
  const swaps = async (): Promise<number> => {
    try {
      for (let round = 1; round <= ROUNDS; round += 1) await swap(round)
    } finally {
      over = true
    }
    return ROUNDS
  }
  const counts = await Promise.all([
    swaps(),
    goOn(isOver, () => readWhole(name)),
    goOn(isOver, () => readWhole(name)),
    goOn(isOver, () => readWhole('outer_reader')),
    goOn(isOver, () => run(reader)),
    goOn(isOver, () => run(outer)),
  ])
  expect(Math.min(...counts)).toBeGreaterThan(1)
}

const csvOf = (version: number): string =>
  `id,version\n${Array.from({ length: ROWS }, (_, id) => `${id},${version}`).join('\n')}\n`

const LONG = { timeout: 120_000 }

test('uploads over a table', LONG, async () => {
  client = await startClient({ directory, admin: true })
  const upload = async (version: number): Promise<void> => {
    expect((await client.upload('swapped', 'swapped.csv', csvOf(version))).status).toBe(201)
  }
  await upload(0)
  await swapping('swapped', upload)
  // The files of the versions before are gone without a restart.
  await expect.poll(() => readdir(join(directory, 'uploads', 'team_1')), { timeout: 10_000 }).toHaveLength(1)
})

test('runs of a view', LONG, async () => {
  client = await startClient({ directory, admin: true })
  await client.upload('numbers', 'numbers.csv', csvOf(0))
  const id = await make('swapped', 'select id, version from numbers')
  await run(id)
  await swapping('swapped', () => run(id))
})

test.skipIf(!hasPostgres())('syncs of a table', LONG, async () => {
  const db = await startPostgres()
  try {
    await db.sql(`CREATE TABLE swapped (id int PRIMARY KEY, version int);
      INSERT INTO swapped SELECT g, 0 FROM generate_series(1, ${ROWS}) g`)
    const api = await startSources({ directory, admin: true })
    client = api as unknown as Client
    const schemas = [{ name: 'swapped', should_sync: true, sync_type: 'full_refresh' }]
    const payload = { ...db.login, schema: 'public', schemas }
    const { body } = await api.call('POST', 'external_data_sources/', { source_type: 'Postgres', prefix: 's', payload })
    const { id } = await api.settled(body.id, 'swapped')
    await swapping('postgres.s.swapped', async (version) => {
      await db.sql(`UPDATE swapped SET version = ${version}`)
      expect((await api.call('POST', `external_data_schemas/${String(id)}/reload/`)).status).toBe(200)
      expect(await api.settled(body.id, 'swapped')).toMatchObject({ status: 'Completed' })
    })
  } finally {
    await db.close()
  }
})
