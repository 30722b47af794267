import { nearest } from './nearest.ts'
import type { SchemaCache } from './schema-cache.ts'
import type { Snapshot } from './snapshot.ts'

/** Longer names than PostHog takes are not worth repeating. */
const LONGEST_OFFERED = 1_000

/** Names like a wrong one, of tables, views and sources. */
export const nearestNames = ({ byName, sourceByName }: Snapshot, name: string): readonly string[] =>
  nearest(
    name,
    [...byName.keys(), ...sourceByName.keys()].filter((known) => known.length <= LONGEST_OFFERED),
  )

/** What is known of a name that is not there: that it was, or that it may be hidden. Sentences, or none. */
export const toAbsence = (cache: SchemaCache, { project, missing, knowsSources }: Snapshot, name: string): string => {
  const seen = cache.goneSince(project, name)
  return [
    seen === undefined ? '' : `It was there at ${new Date(seen).toISOString()}, and was dropped or renamed since.`,
    knowsSources ? '' : `Whether it is a source is not known: ${missing.join('; ')}.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}
