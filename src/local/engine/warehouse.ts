import { randomBytes } from 'node:crypto'
import {
  type Analysis,
  type Engine,
  type EngineColumn,
  EngineError,
  type FileSource,
  type QueryAnswer,
  type Relation,
  type RowStore,
  type StoredFile,
} from './engine.ts'
import type { Growth } from './growth.ts'
import { compile, compileView } from './hogql/compile.ts'
import { overlayNames } from './hogql/names.ts'
import { quoteString } from './hogql/quote.ts'
import { unsupported } from './hogql/refusals.ts'
import { parse } from './hogql/selects.ts'
import type { Query } from './hogql/syntax.ts'
import type { Lane } from './lane.ts'
import { compileLimited } from './limits.ts'
import { databaseOf, type Relations, requireView } from './relations.ts'
import { LaneRowStore } from './row-store.ts'
import { listingOf, readerOf, settingsOf } from './sources.ts'
import type { Outcome, Work } from './ticket.ts'

type QueryOptions = Parameters<Engine['query']>[2]

// Filling a table may take longer than a caller's query; PostHog runs it in a job of its own.
const fillMs = 600_000

// The parts of one select are large as they are, and merging them would take their room a second time.
const unmerged = 'SETTINGS max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1'

/**
 * The engine over one lane to chDB. Names are resolved here, so a replaced worker has nothing to learn again; and twice:
 * when a text comes, so that a mistake is told at once, and when its turn comes, because what they stand for may have
 * been replaced or deleted while it waited.
 */
export class ChdbEngine implements Engine {
  readonly #lane: Lane
  readonly #growth: Growth
  readonly rows: RowStore
  readonly #relations: Relations
  readonly #timeoutMs: number

  constructor(lane: Lane, growth: Growth, relations: Relations, timeoutMs: number) {
    this.#lane = lane
    this.#growth = growth
    this.rows = new LaneRowStore(lane, growth)
    this.#relations = relations
    this.#timeoutMs = timeoutMs
  }

  async describe(source: FileSource, signal?: AbortSignal, patient = false): Promise<readonly EngineColumn[]> {
    const sql = `SELECT * FROM (SELECT * FROM ${readerOf(source)}${settingsOf(source)}) LIMIT 0`
    try {
      return toColumns(await this.#rows(() => sql, signal, patient))
    } catch (error) {
      throw aboutStorage(error)
    }
  }

  async list(at: FileSource['at'], most: number, signal?: AbortSignal): Promise<readonly StoredFile[]> {
    try {
      const { rows } = await this.#rows(() => listingOf(at, most), signal, true)
      return rows.map(([path, bytes]) => ({ path: String(path), bytes: Number(bytes ?? 0) }))
    } catch (error) {
      throw aboutStorage(error)
    }
  }

  async put(project: number, relation: Relation): Promise<void> {
    this.#relations.put(project, relation)
  }

  async remove(project: number, id: string): Promise<void> {
    this.#relations.remove(project, id)
  }

  async query(project: number, sql: string, options: QueryOptions = {}): Promise<QueryAnswer> {
    const query = await this.#parse(sql, options.values ?? {})
    const resolve = () => compileLimited(query, this.#relations.catalogue(project), options.defaultLimit)
    const { compiled, limit, offset } = resolve()
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    const { names, types, rows, bytes } = await this.#lane.run({
      sql: () => withDeadline(resolve().compiled.run, timeoutMs),
      kind: 'rows',
      maxRows: limit + 1,
      timeoutMs,
      signal: options.signal,
    })
    const shownNames = overlayNames(compiled.names, names)
    return {
      columns: shownNames.map((name, index) => ({ name, clickhouse: types[index] ?? '' })),
      rows: rows.slice(0, limit),
      hasMore: rows.length > limit,
      limit,
      offset,
      bytes,
      executed: compiled.shown,
    }
  }

  async analyse(project: number, sql: string, signal?: AbortSignal): Promise<Analysis> {
    const query = await this.#parse(sql)
    const resolve = () => compile(query, this.#relations.catalogue(project))
    const { reads, names: given } = resolve()
    const columns = toColumns(await this.#rows(() => `SELECT * FROM (${resolve().run}) LIMIT 0`, signal))
    const names = overlayNames(
      given,
      columns.map(({ name }) => name),
    )
    return { reads, columns: columns.map((column, index) => ({ ...column, name: names[index] ?? column.name })) }
  }

  async materialize(
    project: number,
    viewId: string,
    signal?: AbortSignal,
  ): Promise<{ readonly table: string; readonly rows: number }> {
    // The text is the one of now; the names in it are those of the statement's turn.
    const { sql } = requireView(this.#relations, project, viewId)
    const select = () => compileView(viewId, sql, this.#relations.catalogue(project))
    select()
    const table = `${databaseOf(project)}.m_${randomBytes(16).toString('hex')}`
    try {
      await this.#lane.run(toCommand(() => `CREATE DATABASE IF NOT EXISTS ${databaseOf(project)}`, signal))
      // In two steps: the engine fills a table of one step under another name, which a killed process would leave.
      await this.#lane.run(
        toCommand(
          () => `CREATE TABLE ${table} ENGINE = MergeTree ORDER BY tuple() ${unmerged} EMPTY AS ${select()}`,
          signal,
        ),
      )
      await this.#growth.fill(toCommand(() => `INSERT INTO ${table} ${select()}`, signal))
      requireView(this.#relations, project, viewId)
      return { table, rows: firstNumber(await this.#rows(() => `SELECT count() FROM ${table}`, signal)) }
    } catch (error) {
      await this.rows.drop(table).catch(() => undefined)
      throw error
    }
  }

  async sweepViews(kept: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const sql =
      "SELECT concat(database, '.', name) FROM system.tables WHERE match(database, '^p_\\\\d+$') AND match(name, '^(m_|_tmp_replace_)')"
    const found = (await this.#rows(() => sql)).rows.map(([name]) => String(name))
    for (const table of found) if (!kept.has(table)) await this.rows.drop(table)
    return new Set(found.filter((table) => kept.has(table)))
  }

  async count(project: number, name: string, signal?: AbortSignal): Promise<number> {
    const query: Query = {
      kind: 'select',
      ctes: [],
      distinct: false,
      joins: [],
      groupBy: [],
      windows: [],
      orderBy: [],
      items: [{ value: { kind: 'call', name: 'count', arguments: [], distinct: false } }],
      from: { kind: 'named', path: [name] },
    }
    const resolve = () => compile(query, this.#relations.catalogue(project)).run
    resolve()
    return firstNumber(await this.#rows(resolve, signal))
  }

  async drained(): Promise<void> {
    await this.#lane.run({ sql: () => 'SELECT 1', kind: 'rows', timeoutMs: this.#timeoutMs, patient: true })
  }

  close(): Promise<void> {
    return this.#lane.close()
  }

  /** Parses; what this grammar cannot read but ClickHouse can is a limit of ours and not a mistake of the caller. */
  async #parse(sql: string, values?: Readonly<Record<string, unknown>>): Promise<Query> {
    try {
      return parse(sql, values)
    } catch (error) {
      // A syntax error with a name is a rule of HogQL's own, such as a reserved alias.
      if (!(error instanceof EngineError) || error.reason !== 'syntax' || error.name_ !== undefined) throw error
      const asked = await this.#rows(() => `SELECT isNotNull(formatQueryOrNull(${quoteString(sql)}))`)
      if (firstNumber(asked) !== 1) throw error
      throw unsupported(`this SQL (${error.message})`)
    }
  }

  #rows(sql: Work['sql'], signal?: AbortSignal, patient = false): Promise<Outcome> {
    const timeoutMs = this.#timeoutMs
    return this.#lane.run({ sql: () => withDeadline(sql(), timeoutMs), kind: 'rows', timeoutMs, signal, patient })
  }
}

function toCommand(sql: Work['sql'], signal: AbortSignal | undefined): Work {
  return { sql, kind: 'command', timeoutMs: fillMs, signal }
}

/** The engine's own clock stops most slow queries without their process having to be replaced. */
function withDeadline(sql: string, timeoutMs: number): string {
  return `${sql} SETTINGS max_execution_time = ${timeoutMs / 1_000}`
}

/** While storage is only looked at, whatever the engine says is about the file. */
function aboutStorage(error: unknown): unknown {
  if (!(error instanceof EngineError) || !['execution', 'unknown_field'].includes(error.reason)) return error
  return new EngineError('storage', 'Could not get columns')
}

// chDB does not stream DESCRIBE; a select without rows says the same in its header.
function toColumns({ names, types }: Outcome): EngineColumn[] {
  return names.map((name, index) => ({ name, clickhouse: types[index] ?? '' }))
}

function firstNumber({ rows }: Outcome): number {
  return Number(rows[0]?.[0] ?? 0)
}
