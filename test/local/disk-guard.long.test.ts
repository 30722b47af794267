/** The share of the disk the local warehouse may take. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DiskGuard } from '../../src/local/disk-guard.ts'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { sizeOf } from './folders.ts'
import { hogql, startClient, until } from './http-client.ts'
import { startSources } from './sources-client.ts'

const fullAt = (bytes: number): string =>
  `The local warehouse is full: its folder may take ${bytes} bytes. Delete tables or materialized views.`

const LIMIT = 20_000_000

const refuse = (sentence: string): Error => new Error(sentence)

const inFolder = async (run: (directory: string) => Promise<void>): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'disk-'))
  await run(directory)
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

test('counts what is there and what is being written, and looks before it refuses', () =>
  inFolder(async (directory) => {
    const guard = new DiskGuard(directory, 1_500)
    await writeFile(join(directory, 'file'), 'x'.repeat(1_000))
    await guard.hold(500, refuse, async () => {
      await expect(guard.hold(1, refuse, async () => undefined)).rejects.toThrow(fullAt(1_500))
      await guard.hold(0, refuse, async () => undefined)
    })
    // Nothing was written after all.
    expect(await guard.hold(500, refuse, async () => 'written')).toBe('written')
    await writeFile(join(directory, 'more'), 'x'.repeat(501))
    await expect(guard.require()).resolves.toBeUndefined()
    await expect(guard.hold(500, refuse, async () => undefined)).rejects.toThrow(fullAt(1_500))
    await expect(guard.require()).rejects.toMatchObject({ body: { detail: fullAt(1_500) } })
  }))

test('breaks off what fills the folder, and refuses what has filled it', () =>
  inFolder(async (directory) => {
    const guard = new DiskGuard(directory, 1_000)
    const file = join(directory, 'file')
    const broken = guard.watch(refuse, async (full) => {
      await writeFile(file, 'x'.repeat(1_001))
      await new Promise((resolve) => full.addEventListener('abort', resolve))
      throw new Error('cancelled')
    })
    await expect(broken).rejects.toThrow(fullAt(1_000))
    await rm(file)
    await expect(guard.watch(refuse, () => writeFile(file, 'x'.repeat(1_001)))).rejects.toThrow(fullAt(1_000))
    await rm(file)
    await expect(guard.watch(refuse, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own')
    expect(await guard.watch(refuse, async () => 'fits')).toBe('fits')
  }))

test('is not fooled by folders that come and go while it looks', () =>
  inFolder(async (directory) => {
    const guard = new DiskGuard(directory, 1_000)
    await writeFile(join(directory, 'file'), 'x'.repeat(1_001))
    let isOver = false
    const churn = async (name: string): Promise<void> => {
      while (!isOver) {
        for (let turn = 0; turn < 20; turn += 1) await mkdir(join(directory, name, String(turn)), { recursive: true })
        await rm(join(directory, name), { recursive: true })
      }
    }
    const churning = Promise.all(['a', 'b', 'c'].map(churn))
    let refused = 0
    for (let turn = 0; turn < 200; turn += 1) await guard.require().catch(() => (refused += 1))
    isOver = true
    await churning
    expect(refused).toBe(200)
  }))

test('a full warehouse refuses to grow and goes on answering', async () => {
  const client = await startClient({ maxBytes: 1 })
  const FULL = fullAt(1)
  expect(await client.upload('people', 'people.csv', 'id\n1\n')).toMatchObject({ status: 400, body: { message: FULL } })
  const made = await client.call('POST', 'warehouse_saved_queries/', { name: 'small', query: hogql('select 1 as one') })
  expect(made.status).toBe(201)
  const view = `warehouse_saved_queries/${made.body.id}`
  expect(await client.call('POST', `${view}/materialize/`)).toMatchObject({
    status: 400,
    body: { type: 'validation_error', code: 'invalid_input', detail: FULL, attr: null },
  })
  expect((await client.call('POST', `${view}/run/`)).status).toBe(200)
  const ran = await until(
    () => client.call('GET', `${view}/`),
    ({ status }) => status === 'Failed',
  )
  expect(ran.body).toMatchObject({ latest_error: FULL })
  const source = hogql('select 1 as one')
  expect(
    await client.call('POST', 'exports/', { export_format: 'text/csv', export_context: { source } }),
  ).toMatchObject({ status: 201, body: { has_content: false, exception: FULL } })
  expect(await client.rows('select one from small')).toEqual([[1]])
  await client.local.close()
})

test('a run that would fill the folder fails with the reason, and leaves nothing of it', () =>
  inFolder(async (directory) => {
    const client = await startClient({ directory, maxBytes: LIMIT })
    // Some 150 MB of hashes, which nothing makes smaller.
    const huge =
      hogql(`select cityHash64(concat(a.uuid, b.uuid, c.uuid)) as h, cityHash64(concat(c.uuid, a.uuid, b.uuid)) as g
      from events a cross join events b cross join events c limit 10000000`)
    const made = await client.call('POST', 'warehouse_saved_queries/', { name: 'huge', query: huge })
    const view = `warehouse_saved_queries/${made.body.id}`
    const ran = async () => {
      await client.call('POST', `${view}/run/`)
      return until(
        () => client.call('GET', `${view}/`),
        ({ status }) => status !== 'Running',
      )
    }
    expect((await ran()).body).toMatchObject({ status: 'Failed', latest_error: fullAt(LIMIT) })
    expect(await sizeOf(directory)).toBeLessThan(LIMIT / 10)
    const token = (await client.call('GET', `${view}/`)).body.latest_history_id
    const small = hogql('select event, count() as n from events group by event')
    await client.call('PATCH', `${view}/`, { query: small, edited_history_id: token })
    expect((await ran()).body).toMatchObject({ status: 'Completed', latest_error: null })
    expect(await client.rows('select count() from huge')).toEqual([[4]])
    await client.local.close()
  }))

describe.skipIf(!hasPostgres())('a sync that would fill the folder', () => {
  let db: Postgres
  beforeAll(async () => {
    db = await startPostgres()
  })
  afterAll(() => db?.close())

  test(
    'fails with the reason, whether with its own rows or with those it carries over',
    () =>
      inFolder(async (directory) => {
        // 5 MB of digits, which hardly get smaller.
        await db.sql(`CREATE TABLE notes (id int PRIMARY KEY, text text);
        INSERT INTO notes SELECT g, encode(sha256(g::text::bytea), 'base64') FROM generate_series(1, 100000) g`)
        const roomy = await startSources({ directory })
        const notes = {
          name: 'notes',
          should_sync: true,
          sync_type: 'incremental',
          incremental_field: 'id',
          incremental_field_type: 'integer',
        }
        const payload = { ...db.login, schema: 'public', schemas: [notes] }
        const made = await roomy.call('POST', 'external_data_sources/', {
          source_type: 'Postgres',
          prefix: 'a',
          payload,
        })
        const id = String(made.body.id)
        const first = await roomy.settled(id, 'notes')
        expect(first).toMatchObject({ status: 'Completed', table: { row_count: 100_000 } })
        // The engine has put the batches together and thrown the first copies away.
        await expect.poll(() => sizeOf(directory), { timeout: 20_000 }).toBeLessThan(7_000_000)
        await roomy.local.close()
        await db.sql("INSERT INTO notes VALUES (100001, 'one more')")
        const before = await sizeOf(directory)
        const limit = Math.ceil(before * 1.5)
        const api = await startSources({ directory, maxBytes: limit })
        let checked = 0
        for (const action of ['reload', 'resync']) {
          await api.call('POST', `external_data_schemas/${String(first.id)}/${action}/`)
          const failed = { status: 'Failed', latest_error: fullAt(limit), should_sync: true }
          expect(await api.settled(id, 'notes')).toMatchObject({ ...failed, table: { row_count: 100_000 } })
          expect(await sizeOf(directory)).toBeLessThan(before * 1.1)
          expect(await api.rows('select count(), max(id) from postgres.a.notes')).toEqual([[100_000, 100_000]])
          checked += 1
        }
        expect(checked).toBe(2)
        await api.local.close()
      }),
    60_000,
  )
})
