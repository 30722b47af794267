import type { World } from '../world.ts'
import { type EngineReading, SourceError } from './connector.ts'

/** Lets the engine fetch what a source has, part by part, and answers the number of rows. Throws SourceError or the abort. */
export const pullRows = async (
  world: World,
  rows: string,
  { parts }: EngineReading,
  signal: AbortSignal,
): Promise<number> => {
  for (const { bytes, pull } of parts) {
    signal.throwIfAborted()
    const refusal = await world.disk.refusal(bytes)
    if (refusal !== undefined) throw new SourceError('other', refusal)
    await pull(rows)
  }
  signal.throwIfAborted()
  return world.engine.rows.count(rows)
}
