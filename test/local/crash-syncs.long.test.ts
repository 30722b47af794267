/** Kills in the middle of syncs: a table has the rows of one whole sync, and of no older one than was told. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { hasPostgres, startPostgres } from '../services/postgres.ts'
import { startSources } from './sources-client.ts'

const KILLS = Math.ceil(Number(process.env.CRASH_KILLS ?? 25) / 4)
const ROWS = 60_000

test.skipIf(!hasPostgres())(
  `a synced table is whole after ${KILLS} kills`,
  { timeout: 120_000 + KILLS * 15_000 },
  async () => {
    const db = await startPostgres()
    const directory = await mkdtemp(join(tmpdir(), 'crash-syncs-'))
    await db.sql(`
    CREATE TABLE counted (id int PRIMARY KEY, version int);
    INSERT INTO counted SELECT g, 0 FROM generate_series(1, ${ROWS}) g`)
    let api = await startSources({ directory })
    onTestFinished(async () => {
      await api.local.close()
      await db.close()
      await rm(directory, { recursive: true, force: true, maxRetries: 5 })
    })
    const made = await api.call('POST', 'external_data_sources/', {
      source_type: 'Postgres',
      prefix: 'crash',
      payload: {
        ...db.login,
        schema: 'public',
        schemas: [{ name: 'counted', should_sync: true, sync_type: 'full_refresh' }],
      },
    })
    expect(made.status).toBe(201)
    const id = String(made.body.id)
    const first = await api.settled(id, 'counted')
    expect(first).toMatchObject({ status: 'Completed' })
    const reload = `external_data_schemas/${String(first.id)}/reload/`
    const served = async (): Promise<number> => {
      const rows = await api.rows('select count(), min(version), max(version) from postgres.crash.counted')
      // Whatever came is compared at once.
      const [count, low, high] = (rows as readonly (readonly number[])[])[0] ?? []
      expect([count, high]).toEqual([ROWS, low])
      return Number(low)
    }
    let told = await served()
    for (let version = 1; version <= KILLS; version += 1) {
      await db.sql(`UPDATE counted SET version = ${version}`)
      expect((await api.call('POST', reload)).status).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 700))
      const before = String((await api.schema(id, 'counted')).status)
      if (before === 'Completed') told = version
      process.kill(api.local.pid, 'SIGKILL')
      await api.local.close()
      api = await startSources({ directory })
      const now = await served()
      expect(now).toBeGreaterThanOrEqual(told)
      expect(now).toBeLessThanOrEqual(version)
      told = now
      const status = String((await api.schema(id, 'counted')).status)
      expect(status === 'Completed' ? now : status).toBe(status === 'Completed' ? version : 'Failed')
    }
    // The last word: it still syncs.
    await api.call('POST', reload)
    expect(await api.settled(id, 'counted')).toMatchObject({ status: 'Completed' })
    expect(await served()).toBe(KILLS)
  },
)
