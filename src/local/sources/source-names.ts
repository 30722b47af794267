import { invalid, saying } from '../errors.ts'
import type { World } from '../world.ts'
import type { SourceRecord } from './source-state.ts'

/** The live sources of a project, oldest first. */
export const sourcesOf = (world: World, project: number): readonly SourceRecord[] =>
  world.store.state.sources.filter((source) => source.project === project && !source.deleted)

const bare = (prefix: string | null): string => (prefix ?? '').replace(/^_+|_+$/g, '')

/** Checks the identifier rule of synced sources (fact sheet: external-data-sources 2.2, #8). Throws 400. */
export const checkPrefix = (prefix: string | null): void => {
  if (prefix === null) return
  const stripped = bare(prefix)
  if (stripped === '') throw invalid('Prefix cannot consist of only underscores')
  if (/^[A-Za-z][A-Za-z0-9_]*$/.test(stripped)) return
  throw invalid('Prefix must contain only letters, numbers, and underscores, and start with a letter or underscore')
}

/** Two sources of one type must not share their tables' names (fact sheet: external-data-sources 2.2, #9, #10). */
export const checkFree = (world: World, project: number, sourceType: string, prefix: string | null): void => {
  const others = sourcesOf(world, project).filter((source) => source.sourceType === sourceType)
  if (prefix === null) {
    if (!others.some((source) => source.prefix === null)) return
    throw saying(
      "You already have a source of this type. Add a table prefix so this connection's tables don't clash with your existing source.",
    )
  }
  if (!others.some((source) => source.prefix !== null && bare(source.prefix) === bare(prefix))) return
  throw saying(
    `Another source of this type already uses the prefix '${prefix}'. Choose a different prefix so this connection's tables don't clash.`,
  )
}

// What a name in SQL can hold without quotes, in any script; the rest becomes an underscore.
const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}_]+/gu, '_')

/** The names a source's table has in the warehouse (fact sheet: external-data-sources 6.4, table naming). */
export const toTableNames = (
  source: SourceRecord,
  name: string,
): { readonly stored: string; readonly dotted: string } => {
  const prefix = bare(source.prefix).toLowerCase()
  const before = prefix === '' ? [] : [prefix]
  const type = source.sourceType.toLowerCase()
  return {
    stored: [...before, type, plain(name)].join('_'),
    dotted: [type, ...before, ...name.split('.').map(plain)].join('.'),
  }
}
