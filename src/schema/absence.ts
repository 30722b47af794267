import { toLine } from '../text/line.ts'
import { nearest } from './nearest.ts'
import type { SchemaCache } from './schema-cache.ts'
import type { Snapshot } from './snapshot.ts'

/** Names like a wrong one, of tables, views and sources. */
export const nearestNames = ({ byName, sourceByName }: Snapshot, name: string): readonly string[] =>
  nearest(name, [...byName.keys(), ...sourceByName.keys()])

/** What is known of a name that is not there: that it was, or that it may be hidden. Sentences, or none. */
export const toAbsence = (cache: SchemaCache, { project, missing, knowsSources }: Snapshot, name: string): string => {
  const seen = cache.goneSince(project, name)
  return [
    seen === undefined ? '' : `It was there at ${new Date(seen).toISOString()}, and was dropped or renamed since.`,
    knowsSources ? '' : `Whether it is a source is not known: ${toLine(missing.join('; '), 300)}.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}
