import type { Lost } from '../loss.ts'
import type { SchemaCache } from '../schema/schema-cache.ts'

/** What the schema of a project knows of an object. */
export interface InSchema {
  readonly tables: readonly string[]
  readonly rows: number | undefined
  readonly lastSync: string | undefined
  /** Names of the views whose SQL reads it; undefined where it is not in the schema. */
  readonly views: readonly string[] | undefined
}

/** Undefined where the schema cannot be read. */
export type SchemaLook = (project: number, object: NonNullable<Lost['inSchema']>) => Promise<InSchema | undefined>

/** A preview waits no longer for it. */
const LOOK_MS = 20_000

/**
 * Looks into the schema that the tools which describe tables use too; read anew, because a view that was made a minute
 * ago may read what is about to go.
 */
export const lookInSchema =
  (cache: Pick<SchemaCache, 'refresh'>): SchemaLook =>
  async (project, { id, name, source }) => {
    const snapshot = await cache.refresh(project, AbortSignal.timeout(LOOK_MS)).catch(() => undefined)
    if (snapshot === undefined) return undefined
    const isIt = (known: unknown, wanted: unknown): boolean => wanted !== undefined && known === wanted
    const entries = snapshot.entries.filter(
      (entry) => isIt(entry.id, id) || isIt(entry.name, name) || isIt(entry.origin?.source_id, source),
    )
    const rows = entries.flatMap((entry) => entry.rows ?? [])
    const syncs = entries.flatMap((entry) => entry.origin?.last_synced_at ?? entry.view?.last_run_at ?? [])
    return {
      tables: entries.map((entry) => entry.name),
      rows: rows.length === 0 ? undefined : rows.reduce((sum, each) => sum + each, 0),
      lastSync: syncs.sort().at(-1),
      views:
        entries.length === 0 && source === undefined
          ? undefined
          : [...new Set(entries.flatMap((entry) => entry.used_by))],
    }
  }
