import { randomBytes } from 'node:crypto'
import type { EngineColumn, FileRows, RowStore } from './engine.ts'
import { fileRowsOf } from './file-rows.ts'
import type { Growth } from './growth.ts'
import { quoteName } from './hogql/quote.ts'
import type { Lane } from './lane.ts'
import { databaseOf } from './relations.ts'
import type { Outcome, Work } from './ticket.ts'

// Filling a table is a job of its own, and takes what time it takes.
const statementMs = 600_000

const listOf = (names: readonly string[]): string => names.map(quoteName).join(', ')

const keyOf = (names: readonly string[]): string => `tuple(${listOf(names)})`

// Merging writes rows a second time and keeps the first for minutes. Small parts are merged, and soon gone; the rest stay.
const mergeSettings = `SETTINGS old_parts_lifetime = 1, cleanup_delay_period = 1, max_cleanup_delay_period = 1,
  cleanup_delay_period_random_add = 0, cleanup_thread_preferred_points_per_iteration = 0,
  max_bytes_to_merge_at_max_space_in_pool = 67108864, max_bytes_to_merge_at_min_space_in_pool = 67108864`

const firstNumber = ({ rows }: Outcome): number => Number(rows[0]?.[0] ?? 0)

const toCommand = (sql: string, signal?: AbortSignal): Work => ({
  sql: () => sql,
  kind: 'command',
  timeoutMs: statementMs,
  patient: true,
  signal,
})

/** What the folder's room is asked for a batch: its text, which the engine keeps in less. */
const sizeOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length, 0)

/**
 * Rows that a sync brings, over the engine's lane. Its statements wait for their turn however long that takes and are
 * never broken off, unless the folder is full: a broken one would cost everybody the engine's process. Only reading files
 * is as long as their storage makes it, so that can be ended.
 */
export class LaneRowStore implements RowStore {
  readonly #lane: Lane
  readonly #growth: Growth

  constructor(lane: Lane, growth: Growth) {
    this.#lane = lane
    this.#growth = growth
  }

  async create(project: number, columns: readonly EngineColumn[]): Promise<string> {
    const table = `${databaseOf(project)}.s_${randomBytes(16).toString('hex')}`
    const typed = columns.map(({ name, clickhouse }) => `${quoteName(name)} ${clickhouse}`).join(', ')
    await this.#command(`CREATE DATABASE IF NOT EXISTS ${databaseOf(project)}`)
    await this.#command(`CREATE TABLE ${table} (${typed}) ENGINE = MergeTree ORDER BY tuple() ${mergeSettings}`)
    return table
  }

  async insert(table: string, columns: readonly string[], lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    const sql = `INSERT INTO ${table} (${listOf(columns)}) FORMAT JSONCompactEachRow\n${lines.join('\n')}`
    await this.#growth.insert(toCommand(sql), sizeOf(lines))
  }

  async load(table: string, rows: FileRows, signal?: AbortSignal): Promise<void> {
    await this.#growth.fill(toCommand(`INSERT INTO ${table} (${listOf(rows.wanted)}) ${fileRowsOf(rows)}`, signal))
  }

  async carry(from: string, to: string, columns: readonly string[], unlessKey: readonly string[] = []): Promise<void> {
    const key = keyOf(unlessKey)
    const where = unlessKey.length === 0 ? '' : ` WHERE ${key} NOT IN (SELECT ${key} FROM ${to})`
    const sql = `INSERT INTO ${to} (${listOf(columns)}) SELECT ${listOf(columns)} FROM ${from}${where}`
    await this.#growth.fill(toCommand(sql))
  }

  async hasDuplicates(table: string, key: readonly string[]): Promise<boolean> {
    return firstNumber(await this.#rows(`SELECT count() > uniqExact(${keyOf(key)}) FROM ${table}`)) === 1
  }

  async count(table: string): Promise<number> {
    return firstNumber(await this.#rows(`SELECT count() FROM ${table}`))
  }

  async drop(table: string): Promise<void> {
    await this.#command(`DROP TABLE IF EXISTS ${table} SYNC`)
  }

  async sweep(kept: ReadonlySet<string>): Promise<void> {
    const sql =
      "SELECT concat(database, '.', name) FROM system.tables WHERE match(database, '^p_\\\\d+$') AND match(name, '^s_')"
    const found = (await this.#rows(sql)).rows.map(([name]) => String(name))
    for (const table of found) if (!kept.has(table)) await this.drop(table)
  }

  #rows(sql: string): Promise<Outcome> {
    return this.#lane.run({ sql: () => sql, kind: 'rows', timeoutMs: statementMs, patient: true })
  }

  async #command(sql: string): Promise<void> {
    await this.#lane.run(toCommand(sql))
  }
}
