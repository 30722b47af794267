/** What a table of very wide rows takes of the machine's memory. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { hasMariadb, startMariadb } from '../services/mariadb.ts'
import { hasPostgres, startPostgres } from '../services/postgres.ts'
import { startSources } from './sources-client.ts'

const run = promisify(execFile)

// The narrow ones come first, so that nothing can be learnt from them about the rest.
const NARROW = 5_000
const WIDE = 300
const ALL = NARROW + WIDE

/** Whether the system tells the most memory a process ever had. */
const tellsPeaks = (): boolean => {
  const isTold = existsSync('/proc/self/status')
  if (!isTold) process.stderr.write('skipped: this system has no /proc, which tells how much memory a process took\n')
  return isTold
}

/** The most memory a process ever had, in bytes. */
const peakOf = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

const check = async (sourceType: string, payload: object): Promise<void> => {
  const api = await startSources()
  const { stdout } = await run('pgrep', ['-P', String(api.local.pid)])
  const pids = [api.local.pid, Number(stdout)]
  const before = await Promise.all(pids.map(peakOf))
  const schemas = [{ name: 'wide', should_sync: true, sync_type: 'full_refresh' }]
  const body = { source_type: sourceType, prefix: 'a', payload: { ...payload, schemas } }
  const made = await api.call('POST', 'external_data_sources/', body)
  expect(await api.settled(made.body.id, 'wide')).toMatchObject({ status: 'Completed', table: { row_count: ALL } })
  const table = `${sourceType.toLowerCase()}.a.wide`
  expect(await api.rows(`select max(length(body)), sum(length(body)) from ${table}`)).toEqual([
    [1_048_576, NARROW * 32 + WIDE * 1_048_576],
  ])
  const after = await Promise.all(pids.map(peakOf))
  // Some copies of one batch of 8 MB, and none of them collected at once; the table has 300 MB.
  for (const [index, peak] of after.entries()) expect(peak - (before[index] ?? 0)).toBeLessThan(500_000_000)
  expect(after).toHaveLength(2)
  await api.local.close()
}

describe.skipIf(!tellsPeaks())('a table of rows of a megabyte', () => {
  it.skipIf(!hasPostgres())(
    'takes a few batches of memory from PostgreSQL',
    async () => {
      const db = await startPostgres()
      await db.sql(`CREATE TABLE wide (id int PRIMARY KEY, body text);
      INSERT INTO wide SELECT g, repeat(md5(g::text), CASE WHEN g <= ${NARROW} THEN 1 ELSE 32768 END)
        FROM generate_series(1, ${ALL}) g`)
      await check('Postgres', { ...db.login, schema: 'public' })
      await db.close()
    },
    120_000,
  )

  it.skipIf(!hasMariadb())(
    'takes a few batches of memory from MySQL',
    async () => {
      const db = await startMariadb()
      await db.sql('CREATE TABLE wide (id int PRIMARY KEY, body longtext)')
      await db.sql(`INSERT INTO wide SELECT seq, repeat(md5(seq), IF(seq <= ${NARROW}, 1, 32768)) FROM seq_1_to_${ALL}`)
      await check('MySQL', db.login)
      await db.close()
    },
    120_000,
  )
})
