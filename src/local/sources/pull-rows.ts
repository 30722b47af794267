import type { World } from '../world.ts'
import { type EngineReading, SourceError } from './connector.ts'

/** Lets the engine fetch what a source has, part by part, and answers the number of rows. Throws SourceError or the abort. */
export const pullRows = async (
  world: World,
  rows: string,
  { parts }: EngineReading,
  signal: AbortSignal,
): Promise<number> => {
  const refuse = (sentence: string): SourceError => new SourceError('other', sentence)
  for (const { bytes, pull } of parts) {
    signal.throwIfAborted()
    await world.disk.hold(bytes, refuse, () => pull(rows))
  }
  signal.throwIfAborted()
  return world.engine.rows.count(rows)
}
