import type { CursorColumn } from './connector.ts'

interface Candidate {
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly indexed: boolean
}

// Fact sheet: external-data-sources 2.2, defaults for `schemas`.
const PREFERRED =
  'updated_at updatedat modified_at modifiedat last_modified updated modified created_at createdat created'.split(' ')

const BY_TYPE: readonly (readonly [RegExp, string])[] = [
  [/^(?:timestamp|datetime)/, 'timestamp'],
  [/^date$/, 'date'],
  [/^(?:smallint|integer|bigint|tinyint|mediumint|int)\b/, 'integer'],
]

const rank = (name: string): number => {
  const place = PREFERRED.indexOf(name.toLowerCase())
  return place === -1 ? PREFERRED.length : place
}

/** The columns that can be a cursor, the likeliest first; the first one is what upstream proposes. */
export const toCursors = (columns: readonly Candidate[]): readonly CursorColumn[] =>
  columns
    .flatMap(({ name, type, nullable, indexed }) => {
      const known = BY_TYPE.find(([pattern]) => pattern.test(type))?.[1]
      return known === undefined ? [] : [{ field: name, type: known, nullable, indexed }]
    })
    .sort((a, b) => rank(a.field) - rank(b.field))
