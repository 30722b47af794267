import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { type Sources, startSources } from './sources-client.ts'

const ROWS = 300_000

// Two starts of the engine and the whole table each: on two busy cores that takes its time.
vi.setConfig({ testTimeout: 120_000 })

describe.skipIf(!hasPostgres())('a warehouse that is stopped in the middle of a sync', () => {
  let db: Postgres
  let directory: string
  let api: Sources | undefined

  beforeAll(async () => {
    db = await startPostgres()
    await db.sql(`
      CREATE TABLE big (id int PRIMARY KEY, word text, at timestamptz);
      INSERT INTO big SELECT g, repeat('x', 100), '2024-01-01'::timestamptz + make_interval(secs => g)
        FROM generate_series(1, ${ROWS}) g`)
    directory = await mkdtemp(join(tmpdir(), 'sources-restart-'))
  })

  afterAll(async () => {
    await api?.local.close()
    await db?.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  })

  const sessions = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'reader'"

  /** The engine's tables of synced rows, one file each. */
  const stored = async (): Promise<number> => {
    const names = await readdir(join(directory, 'engine', 'metadata', 'p_1'))
    return names.filter((name) => name.startsWith('s_')).length
  }

  it.each(['SIGKILL', 'SIGTERM'] as const)('serves the rows of before after %s, and goes on', async (signal) => {
    api = await startSources({ directory })
    const made = await api.call('POST', 'external_data_sources/', {
      source_type: 'Postgres',
      prefix: signal,
      payload: {
        ...db.login,
        schema: 'public',
        schemas: [
          {
            name: 'big',
            should_sync: true,
            sync_type: 'append',
            incremental_field: 'id',
            incremental_field_type: 'integer',
          },
        ],
      },
    })
    const id = String(made.body.id)
    const before = await api.settled(id, 'big')
    expect(before).toMatchObject({ status: 'Completed', table: { row_count: ROWS } })
    await api.call('POST', `external_data_schemas/${String(before.id)}/resync/`)
    // The second table is the one that is being filled.
    await expect.poll(stored, { timeout: 20_000, interval: 1 }).toBe(2)
    const { pid } = api.local
    process.kill(pid, signal)
    await api.local.close()
    await expect.poll(async () => (await db.sql(sessions))[0]?.n, { timeout: 20_000 }).toBe(0)

    api = await startSources({ directory })
    const after = await api.schema(id, 'big')
    expect(after).toMatchObject({
      status: 'Failed',
      should_sync: true,
      latest_error: 'The local warehouse was stopped while this sync was under way.',
      last_synced_at: before.last_synced_at,
      table: { row_count: ROWS },
    })
    const jobs = await api.call('GET', `external_data_sources/${id}/jobs/`)
    expect(jobs.body).toMatchObject([
      { status: 'Failed', latest_error: 'The local warehouse was stopped while this sync was under way.' },
      { status: 'Completed' },
    ])
    const table = `postgres.${signal.toLowerCase()}.big`
    expect(await api.rows(`SELECT count(), uniqExact(id) FROM ${table}`)).toEqual([[ROWS, ROWS]])
    // What the sync had written before it was cut short is gone from the disk.
    expect(await stored()).toBe(1)
    await api.call('POST', `external_data_schemas/${String(before.id)}/resync/`)
    await api.settled(id, 'big')
    expect(await api.rows(`SELECT count(), uniqExact(id) FROM ${table}`)).toEqual([[ROWS, ROWS]])
    await api.call('DELETE', `external_data_sources/${id}/`)
    await api.local.close()
  })
})
