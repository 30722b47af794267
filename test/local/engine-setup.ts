import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type EngineOptions } from '../../src/local/engine/client.ts'
import { type Engine, EngineError, type FileFormat } from '../../src/local/engine/engine.ts'

/** The newest seeded event of every test engine. */
export const anchor = new Date('2026-03-31T22:00:00Z')

export interface Bench {
  readonly engine: Engine
  readonly directory: string
  /** Writes a file beside the engine's state and returns its path. */
  file(name: string, content: string | Buffer): Promise<string>
  /** Describes a file and makes it readable as a table. */
  table(
    project: number,
    id: string,
    name: string,
    path: string,
    format: FileFormat,
    types?: Record<string, string>,
  ): Promise<void>
  rows(sql: string, project?: number): Promise<readonly (readonly unknown[])[]>
  close(): Promise<void>
}

export async function openBench(options: Partial<EngineOptions> = {}): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'engine-test-'))
  const engine = await createEngine({ directory: join(directory, 'state'), anchor, ...options })
  return {
    engine,
    directory,
    async file(name, content) {
      const path = join(directory, name)
      await writeFile(path, content)
      return path
    },
    async table(project, id, name, path, format, types = {}) {
      const source = { format, at: { kind: 'file', path } } as const
      const columns = (await engine.describe(source)).map((column) => ({
        ...column,
        clickhouse: types[column.name] ?? column.clickhouse,
      }))
      await engine.put(project, { kind: 'table', id, name, source, columns })
    },
    async rows(sql, project = 1) {
      return (await engine.query(project, sql)).rows
    },
    async close() {
      await engine.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Waits for a call to fail and returns its EngineError. */
export async function failureOf(call: Promise<unknown>): Promise<EngineError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof EngineError) return error
  throw error
}

export const customersCsv = `id,name,mrr,joined
007,Ann,10.5,2024-01-01
008,"B ""q""",,2024-02-01
009,Cee,7,2024-03-01
`
